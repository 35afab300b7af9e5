//! Limits: how often something may be done, or how much money may move, in a calendar period.
//!
//! A limit says whom it counts for (`per`), in which calendar period of the campaign's timezone (`every`), what
//! counts (`of`) and how much of it (`most`, or `amount` for money). In a play it counts within that play, in the
//! campaign across all plays.
//!
//! * Without `of`, a limit per `helper` counts help and join, one per `initiator` open, one per `reward` grant,
//!   and every other the acts of taking part: open, help, join, check-in, submit, draw, claim, redeem. Opening a
//!   loop that is opened by the first act in it counts only where `of` names it.
//! * `visit` is a first arrival, `redeem` is spending points, `grant` is a reward granted, whatever becomes of it.
//! * `amount` counts the money of `grant` and `pay`.
//! * A full limit refuses what would exceed it with `LIMIT_REACHED`; a reward that would exceed one is withheld.
//!
//! Example: `{ "per": "initiator", "every": "day", "amount": "50.00", "of": "grant" }` in a play: the loops of one
//! initiator lead to grants of at most 50.00 between two local midnights. With 46.00 granted, a grant of 5.00 is
//! withheld, and one of 4.00 is not.

use super::decode::{Cx, Decode};
use super::document::{choices, document};
use super::problem::code;
use super::units::Int;
use crate::engine::command::Act;
use crate::engine::handle::{Play, Reward};
use crate::engine::money::Money;
use crate::engine::time::Period;
use crate::json::tree::{Data, Node};

document! {
    /// How often something may be done, or how much money may move, in a calendar period. In a play it counts
    /// within that play, in the campaign across all plays.
    pub struct Limit {
        /// Whom or what it counts for.
        pub per: Per,
        /// The calendar period, in the campaign's timezone.
        pub every: Period,
        /// How many in one period; give either this or `amount`.
        pub most: Option<Int<1, 1_000_000>>,
        /// How much money in one period; for `grant` and `pay`.
        pub amount: Option<Money>,
        /// What counts: one action or a list of them.
        pub of: Option<Actions>,
        /// The reward whose grants count; all of them without it.
        pub reward: Option<Reward>,
    }
    check check_limit;
}

choices! {
    /// Whom or what a limit counts for.
    pub enum Per {
        /// A participant who acts in someone else's loop; help and join unless `of` says otherwise.
        Helper = "helper",
        /// The participant whose loop it is; opening loops unless `of` says otherwise.
        Initiator = "initiator",
        /// The participant who acts, or is granted a reward.
        Participant = "participant",
        /// The device, when the command names one.
        Device = "device",
        /// The network, when the command names one.
        Network = "network",
        /// The loop.
        Loop = "loop",
        /// Where the participant met the campaign.
        Touchpoint = "touchpoint",
        /// The reward that is granted.
        Reward = "reward",
        /// The play.
        Play = "play",
        /// The whole campaign.
        Campaign = "campaign",
    }
}

choices! {
    /// Something a limit can count.
    pub enum Action {
        /// A loop is opened.
        Open = "open",
        /// A loop is helped, or its price cut.
        Help = "help",
        /// A loop or a room is joined.
        Join = "join",
        /// A check-in.
        CheckIn = "check-in",
        /// Something is handed in.
        Submit = "submit",
        /// A draw.
        Draw = "draw",
        /// A share or a step is claimed.
        Claim = "claim",
        /// Points are spent.
        Redeem = "redeem",
        /// A participant arrives for the first time.
        Visit = "visit",
        /// A share handle is handed out.
        Share = "share",
        /// A payment counts.
        Pay = "pay",
        /// A reward is granted.
        Grant = "grant",
    }
}

impl Action {
    /// Every action, in the order of their numbers.
    pub const ALL: [Action; 12] = [
        Action::Open,
        Action::Help,
        Action::Join,
        Action::CheckIn,
        Action::Submit,
        Action::Draw,
        Action::Claim,
        Action::Redeem,
        Action::Visit,
        Action::Share,
        Action::Pay,
        Action::Grant,
    ];

    /// The action as which an act in a loop counts.
    #[must_use]
    pub fn of(act: Act) -> Action {
        match act {
            Act::Open => Action::Open,
            Act::Help => Action::Help,
            Act::CheckIn => Action::CheckIn,
            Act::Submit => Action::Submit,
            Act::Draw => Action::Draw,
            Act::Claim => Action::Claim,
            Act::Redeem => Action::Redeem,
            _ => Action::Join,
        }
    }
}

/// A set of actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Actions(u16);

impl Actions {
    /// The acts of taking part.
    pub const TAKING_PART: Actions = Actions(0xff);

    /// A set of one.
    #[must_use]
    pub fn one(action: Action) -> Actions {
        Actions(bit(action))
    }

    /// Whether an action is in it.
    #[must_use]
    pub fn has(self, action: Action) -> bool {
        self.0 & bit(action) != 0
    }

    /// Both sets.
    #[must_use]
    pub fn and(self, other: Actions) -> Actions {
        Actions(self.0 | other.0)
    }

    /// Whether every action of it is in another set.
    #[must_use]
    pub fn within(self, other: Actions) -> bool {
        self.0 & !other.0 == 0
    }
}

/// The bit of an action: its place in [`Action::ALL`].
const fn bit(action: Action) -> u16 {
    match action {
        Action::Open => 1,
        Action::Help => 1 << 1,
        Action::Join => 1 << 2,
        Action::CheckIn => 1 << 3,
        Action::Submit => 1 << 4,
        Action::Draw => 1 << 5,
        Action::Claim => 1 << 6,
        Action::Redeem => 1 << 7,
        Action::Visit => 1 << 8,
        Action::Share => 1 << 9,
        Action::Pay => 1 << 10,
        Action::Grant => 1 << 11,
    }
}

impl Decode for Actions {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if !matches!(node.data, Data::List(_)) {
            return Action::decode(node, cx).map(Actions::one);
        }
        let list = super::units::List::<Action, 1, 12>::decode(node, cx)?;
        Some(list.iter().fold(Actions::default(), |all, action| all.and(Actions::one(*action))))
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        let one = Action::shape();
        schemars::json_schema!({
            "anyOf": [one, { "type": "array", "items": one, "minItems": 1, "maxItems": 12 }]
        })
    }
}

impl Limit {
    /// What counts.
    #[must_use]
    pub fn actions(&self) -> Actions {
        self.of.unwrap_or(match self.per {
            Per::Helper => Actions::one(Action::Help).and(Actions::one(Action::Join)),
            Per::Initiator => Actions::one(Action::Open),
            Per::Reward => Actions::one(Action::Grant),
            _ => Actions::TAKING_PART,
        })
    }

    /// Whether opening a loop by the first act in it counts as well.
    #[must_use]
    pub fn counts_founding(&self) -> bool {
        self.of.is_some() || self.per == Per::Initiator
    }

    /// The content of the limit as a number: what its counters are kept under, within the play that [`scoped`] adds. How
    /// much is allowed is no part of it, so that a revision that raises a limit goes on counting.
    #[must_use]
    pub fn content(&self) -> u64 {
        let per = match self.per {
            Per::Helper => 0u64,
            Per::Initiator => 1,
            Per::Participant => 2,
            Per::Device => 3,
            Per::Network => 4,
            Per::Loop => 5,
            Per::Touchpoint => 6,
            Per::Reward => 7,
            Per::Play => 8,
            Per::Campaign => 9,
        };
        let rest = u64::from(self.counts_founding()) << 1 | u64::from(self.amount.is_some());
        let reward = self.reward.map_or(0, |reward| u64::from(reward.0) + 1);
        content(None, self.every, per) | rest << 24 | u64::from(self.actions().0) << 26 | reward << 38
    }
}

/// The number for something counted in a period, within a play or across all; `what` is below 16.
#[must_use]
pub fn content(scope: Option<Play>, every: Period, what: u64) -> u64 {
    let every = match every {
        Period::Hour => 0,
        Period::Day => 1,
        Period::Week => 2,
        Period::Month => 3,
        Period::Campaign => 4,
    };
    scoped(every << 17 | what << 20, scope)
}

/// The number for content that counts within a play, or across all.
#[must_use]
#[inline]
pub fn scoped(content: u64, scope: Option<Play>) -> u64 {
    content | scope.map_or(0, |play| u64::from(play.0) + 1)
}

macro_rules! labels {
    ($per:ident, $every:ident, $($name:ident = $word:literal),*) => {
        match ($per, $every) {
            $((Per::$name, Period::Hour) => concat!($word, "/hour"),
            (Per::$name, Period::Day) => concat!($word, "/day"),
            (Per::$name, Period::Week) => concat!($word, "/week"),
            (Per::$name, Period::Month) => concat!($word, "/month"),
            (Per::$name, Period::Campaign) => concat!($word, "/campaign"),)*
        }
    };
}

/// The name of a limit in refusals.
#[must_use]
pub fn label(per: Per, every: Period) -> &'static str {
    labels!(
        per,
        every,
        Helper = "helper",
        Initiator = "initiator",
        Participant = "participant",
        Device = "device",
        Network = "network",
        Loop = "loop",
        Touchpoint = "touchpoint",
        Reward = "reward",
        Play = "play",
        Campaign = "campaign"
    )
}

fn check_limit(limit: &Limit, node: &Node<'_>, cx: &mut Cx) {
    let (grant, pay) = (Actions::one(Action::Grant), Actions::one(Action::Pay));
    let actions = limit.actions();
    let wrong = if limit.most.is_some() == limit.amount.is_some() {
        Some(("A limit has either `most` or `amount`.", "每条上限必须且只能填写 `most` 或 `amount` 之一。"))
    } else if limit.amount.is_some() && !actions.within(grant.and(pay)) {
        Some((
            "Only grants and payments have an amount: set `of` to \"grant\" or \"pay\".",
            "只有发放奖励和支付有金额：请把 `of` 设为 \"grant\" 或 \"pay\"。",
        ))
    } else if (limit.reward.is_some() || limit.per == Per::Reward) && actions != grant {
        Some((
            "Only grants are about a reward: set `of` to \"grant\".",
            "只有发放奖励与具体奖励有关：请把 `of` 设为 \"grant\"。",
        ))
    } else {
        let nothing = match limit.per {
            Per::Helper => Actions::one(Action::Open).and(Actions::one(Action::Visit)),
            Per::Loop => Actions::one(Action::Open).and(Actions::one(Action::Visit)),
            Per::Initiator | Per::Play => Actions::one(Action::Visit),
            _ => Actions::default(),
        };
        let of = limit.of.unwrap_or_default();
        (of != Actions::default() && of.within(nothing)).then_some((
            "This counts nothing: what `of` names never belongs to what `per` names.",
            "这条上限不会计数：`of` 中的行为与 `per` 的对象无关。",
        ))
    };
    if let Some((en, zh)) = wrong {
        cx.error(code::LIMIT_SHAPE, node.start, |_| (String::from(en), String::from(zh)));
    }
}
