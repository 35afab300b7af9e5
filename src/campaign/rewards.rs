//! The catalogue of rewards as a document gives it.

use super::decode::Cx;
use super::document::{choices, document};
use super::names::{Kind, Names};
use super::problem::code;
use super::table::Entry;
use super::units::{Int, Text};
use crate::engine::handle::Reward;
use crate::engine::money::Money;
use crate::engine::time::Span;
use crate::json::tree::Node;

document! {
    /// Something a participant can be given.
    pub struct RewardRules {
        /// What it is.
        pub kind: RewardKind,
        /// How a participant sees it.
        pub title: Text<60>,
        /// The money paid out by one grant; only cash has it.
        pub amount: Option<Money>,
        /// What one grant is worth to the participant, as the price of the coffee; for display and for reckoning.
        pub worth: Option<Money>,
        /// How many there are in all.
        pub stock: Option<Int<1, 1_000_000_000>>,
        /// How much money may be paid out in all; only cash has it.
        pub budget: Option<Money>,
        /// How long a grant waits before it may be fulfilled, as until the refund window has closed.
        pub hold: Option<Span>,
        /// How long the participant can use it, from when it was handed over or activated; for points, from when
        /// they were added.
        pub valid: Option<Span>,
        /// Within what time the participant has to claim a grant, which is lost otherwise.
        pub claim_within: Option<Span>,
        /// When it begins to be valid.
        pub activate: Activate = Activate::AtOnce,
        /// Within what time after it was handed over it has to be activated.
        pub activate_within: Option<Span>,
        /// How many one participant can have.
        pub per_participant: Option<Int<1, 1_000_000>>,
        /// The reward given instead when this one is out.
        pub fallback: Option<Reward>,
        /// How many points one grant adds to the participant's account here; without it a backend keeps the points.
        pub points: Option<Int<1, 1_000_000>>,
        /// What happens to a reward that was handed over when it has to be taken back.
        pub clawback: Clawback = Clawback::Owe,
    }
    check check_reward;
}

impl RewardRules {
    /// What one grant costs, as far as the document says: cash its amount, all else its worth.
    #[must_use]
    pub fn each(&self) -> Option<Money> {
        match self.kind {
            RewardKind::Cash => self.amount,
            _ => self.worth,
        }
    }

    /// What all of them cost: stock times what one costs, and not more than the budget; none where nothing bounds it, or what
    /// one costs is not said.
    #[must_use]
    pub fn most(&self) -> Option<Money> {
        let of_stock = self.stock.zip(self.each());
        let of_stock = of_stock.map(|(stock, each)| Money(each.0.saturating_mul(i64::from(stock.get()))));
        match (of_stock, self.budget) {
            (Some(of_stock), Some(budget)) => Some(of_stock.min(budget)),
            (of_stock, budget) => of_stock.or(budget),
        }
    }
}

choices! {
    /// What a reward is.
    pub enum RewardKind {
        /// A coupon of the shop.
        Coupon = "coupon",
        /// Money.
        Cash = "cash",
        /// Points of a membership.
        Points = "points",
        /// A thing that is sent or handed over.
        Goods = "goods",
        /// A pass, as for an event or a course.
        Pass = "pass",
        /// Content that is unlocked.
        Content = "content",
        /// A chance in a lottery.
        Chance = "chance",
    }
}

choices! {
    /// What happens to a reward that was handed over when it has to be taken back.
    pub enum Clawback {
        /// The participant owes it; an account of points may fall below zero.
        Owe = "owe",
        /// The participant keeps it; an account of points stops at zero.
        Keep = "keep",
    }
}

choices! {
    /// When a reward begins to be valid.
    pub enum Activate {
        /// When it is handed over.
        AtOnce = "at-once",
        /// When its owner activates it.
        ByHand = "by-hand",
    }
}

impl RewardRules {
    /// Whether it is something that is used, as at a till.
    #[must_use]
    pub fn is_used(&self) -> bool {
        use RewardKind::{Content, Coupon, Goods, Pass};
        matches!(self.kind, Coupon | Goods | Pass | Content)
    }

    /// How long after being handed over its owner has to activate it, or can use it.
    #[must_use]
    pub fn first_span(&self) -> Option<Span> {
        match self.activate {
            Activate::AtOnce => self.valid.filter(|_| self.is_used()),
            Activate::ByHand => self.activate_within,
        }
    }

    /// Whether the engine keeps an account of it for each participant.
    #[must_use]
    pub fn keeps_account(&self) -> bool {
        self.kind == RewardKind::Chance || (self.kind == RewardKind::Points && self.points.is_some())
    }

    /// How many points or chances one grant adds to the participant's account.
    #[must_use]
    pub fn credits(&self) -> Option<u32> {
        match self.kind {
            RewardKind::Points => self.points.map(Int::get),
            RewardKind::Chance => Some(self.points.map_or(1, Int::get)),
            _ => None,
        }
    }
}

impl Entry for RewardRules {
    const KIND: Kind = Kind::Reward;

    fn check_all(entries: &[Option<Self>], node: &Node<'_>, cx: &mut Cx) {
        let next = |reward: Reward| entries.get(reward.index())?.as_ref()?.fallback;
        let names = cx.scope.names().clone();
        for (position, rules) in entries.iter().enumerate() {
            let Some(fallback) = rules.as_ref().and_then(|rules| rules.fallback) else { continue };
            let start = Reward::at(position);
            if falls_back_to(start, fallback, entries.len(), next) {
                report_cycle(start, fallback, &names, node, cx);
            }
        }
    }
}

/// Whether the chain that begins with `fallback` comes back to `start`; no chain is longer than `most`.
fn falls_back_to(
    start: Reward,
    fallback: Reward,
    most: usize,
    next: impl Fn(Reward) -> Option<Reward>,
) -> bool {
    let mut at = Some(fallback);
    for _ in 0..most {
        match at {
            Some(reward) if reward == start => return true,
            Some(reward) => at = next(reward),
            None => return false,
        }
    }
    false
}

fn report_cycle(start: Reward, fallback: Reward, names: &Names, node: &Node<'_>, cx: &mut Cx) {
    let name = names.reward_name(start);
    let other = names.reward_name(fallback);
    let offset =
        node.get(name).and_then(|reward| reward.get("fallback")).map_or(node.start, |node| node.start);
    cx.within(name, |cx| {
        cx.within("fallback", |cx| {
            cx.error(code::FALLBACK_CYCLE, offset, |_| {
                (
                    format!(
                        "When \"{name}\" is out it falls back to \"{other}\", which leads back to \"{name}\"."
                    ),
                    format!("“{name}”发完后改发“{other}”，而后者又会回到“{name}”，形成循环。"),
                )
            });
        });
    });
}

/// Reports a cash reward whose amount nothing says.
pub(super) fn report_amount(at: usize, cx: &mut Cx) {
    cx.within("amount", |cx| {
        cx.error(code::CASH_AMOUNT, at, |_| {
            (
                String::from("A cash reward needs an `amount` above zero."),
                String::from("现金奖励需要大于零的 `amount`（金额）。"),
            )
        });
    });
}

fn check_reward(rules: &RewardRules, node: &Node<'_>, cx: &mut Cx) {
    let offset = |key: &str| node.get(key).map_or(node.start, |node| node.start);
    if rules.points.is_some() && !matches!(rules.kind, RewardKind::Points | RewardKind::Chance) {
        let at = offset("points");
        cx.within("points", |cx| {
            cx.error(code::POINTS_ONLY, at, |_| {
                (
                    String::from("Only a reward of the kind `points` or `chance` has `points`."),
                    String::from("只有积分（points）或抽奖机会（chance）奖励才有 `points`。"),
                )
            });
        });
    }
    if rules.activate == Activate::ByHand && !rules.is_used() {
        let at = offset("activate");
        cx.within("activate", |cx| {
            cx.error(code::USE_ONLY, at, |_| {
                (
                    String::from("Only a coupon, a pass, goods or content is activated."),
                    String::from("只有优惠券、权益卡、实物或内容奖励才能激活。"),
                )
            });
        });
    }
    if rules.activate_within.is_some() && rules.activate == Activate::AtOnce {
        let at = offset("activateWithin");
        cx.within("activateWithin", |cx| {
            cx.error(code::ACTIVATE_SHAPE, at, |_| {
                (
                    String::from("This reward is active at once: a time for activating it needs `\"activate\": \"by-hand\"`."),
                    String::from("该奖励发放后立即生效：要限定激活时间，请填写 `\"activate\": \"by-hand\"`。"),
                )
            });
        });
    }
    if rules.kind != RewardKind::Cash {
        for (key, given) in [("amount", rules.amount), ("budget", rules.budget)] {
            if given.is_some() {
                let at = offset(key);
                cx.within(key, |cx| {
                    cx.error(code::CASH_ONLY, at, |_| {
                        (
                            format!("Only a cash reward has `{key}`; what others are worth is `worth`."),
                            format!("只有现金奖励（cash）才有 `{key}`；其他奖励的价值请写在 `worth`。"),
                        )
                    });
                });
            }
        }
        return;
    }
    let amount = rules.amount.unwrap_or_default();
    if rules.amount.is_some() && amount <= Money(0) {
        report_amount(offset("amount"), cx);
    }
    if let Some(budget) = rules.budget
        && budget < amount
    {
        let (at, digits) = (offset("budget"), cx.digits);
        let (budget, amount) = (budget.display(digits), amount.display(digits));
        cx.within("budget", |cx| {
            cx.error(code::BUDGET_SMALL, at, |_| {
                (
                    format!("The budget of {budget} does not pay for a single grant of {amount}."),
                    format!("预算 {budget} 不够发放一份 {amount} 的奖励。"),
                )
            });
        });
    }
    if rules.budget.is_none() && rules.stock.is_none() {
        let each = amount.display(cx.digits);
        cx.warning(code::MONEY_UNBOUNDED, node.start, |_| {
            (
                format!(
                    "Nothing bounds how much this pays out: add a `budget` or a `stock` ({each} for each grant)."
                ),
                format!("每份 {each} 的现金没有总量上限：请加上 `budget`（预算）或 `stock`（份数）。"),
            )
        });
    }
}
