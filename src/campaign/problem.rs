//! What is wrong with a campaign document, in words its author can act on.

use serde::Serialize;

/// One thing that is wrong, or questionable, in a campaign document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A stable code out of [`CODES`].
    pub code: &'static str,
    /// Whether the document is refused for it.
    pub severity: Severity,
    /// The RFC 6901 pointer of the value.
    pub pointer: String,
    /// The line in the text, from 1.
    pub line: u32,
    /// The column in the text, from 1, in Unicode characters.
    pub column: u32,
    /// What is wrong, in English.
    pub message: String,
    /// What is wrong, in Chinese.
    pub message_zh: String,
    /// What to write instead, if that is known.
    pub suggestion: Option<String>,
}

impl Problem {
    /// A revision that carries another id than the campaign it is meant for.
    #[must_use]
    pub fn other_campaign(id: &str) -> Self {
        Self {
            code: code::OTHER_CAMPAIGN,
            severity: Severity::Error,
            pointer: String::from("/id"),
            line: 1,
            column: 1,
            message: format!("This is another campaign: a revision of \"{id}\" keeps its `id`."),
            message_zh: format!("这是另一个活动：“{id}”的修订版必须保留原来的 `id`。"),
            suggestion: Some(id.to_owned()),
        }
    }

    /// A revision in another currency than the campaign began in: amounts that were promised would change their worth.
    #[must_use]
    pub fn other_currency(from: &str, to: &str) -> Self {
        Self {
            code: code::OTHER_CURRENCY,
            severity: Severity::Error,
            pointer: String::from("/currency"),
            line: 1,
            column: 1,
            message: format!(
                "The campaign runs in {from}: what was promised cannot become {to} by a revision."
            ),
            message_zh: format!("活动以 {from} 计价，修订版不能改为 {to}：已承诺的金额会随之改变。"),
            suggestion: Some(from.to_owned()),
        }
    }
}

impl Problem {
    /// A snapshot that cannot be continued from.
    #[must_use]
    pub fn snapshot(code: &'static str, message: &str) -> Self {
        Self {
            code,
            severity: Severity::Error,
            pointer: String::new(),
            line: 0,
            column: 0,
            message: format!("Cannot continue: {message}."),
            message_zh: String::from("无法继续：快照已损坏、版本不符或属于其他活动。"),
            suggestion: None,
        }
    }
}

/// The sentences of every problem where the package is built without the reasons, as it is for pages.
pub(crate) fn elsewhere() -> (String, String) {
    (
        String::from("This is not valid; `npx kfactor validate FILE` says why, and what to write instead."),
        String::from("此处无效；运行 `npx kfactor validate 文件` 可查看原因和改法。"),
    )
}

/// Whether a problem refuses the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document is refused.
    Error,
    /// The document is taken; `accept` silences a warning by its code.
    Warning,
}

/// Every code a [`Problem`] can carry, with its meaning.
pub const CODES: &[(&str, &str)] = code::ALL;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)*) => {
        /// The codes, one constant each.
        pub mod code {
            $($(#[doc = $doc])+ pub const $name: &str = $code;)*
            pub(crate) const NAMES: &[&str] = &[$($code),*];
            pub(super) const ALL: &[(&str, &str)] = &[$(($code, concat!($($doc),+))),*];
        }
    };
}

codes! {
    /// The text is not JSON.
    JSON_SYNTAX = "JSON_SYNTAX";
    /// The text is not UTF-8.
    JSON_UTF8 = "JSON_UTF8";
    /// Arrays and objects are nested more than 32 deep.
    JSON_DEPTH = "JSON_DEPTH";
    /// One object has the same key twice.
    JSON_DUPLICATE_KEY = "JSON_DUPLICATE_KEY";
    /// The document is larger than 256 KiB.
    CAMPAIGN_TOO_LARGE = "CAMPAIGN_TOO_LARGE";
    /// A revision with another id than its campaign.
    OTHER_CAMPAIGN = "OTHER_CAMPAIGN";
    /// A revision in another currency than its campaign.
    OTHER_CURRENCY = "OTHER_CURRENCY";
    /// A key that means nothing here.
    KEY_UNKNOWN = "KEY_UNKNOWN";
    /// A key that must be there is not.
    KEY_MISSING = "KEY_MISSING";
    /// A value of the wrong kind, as text where a number belongs.
    TYPE_WRONG = "TYPE_WRONG";
    /// A number outside its bounds.
    NUMBER_RANGE = "NUMBER_RANGE";
    /// Text that is empty or too long.
    TEXT_LENGTH = "TEXT_LENGTH";
    /// A list that must not be empty is.
    LIST_EMPTY = "LIST_EMPTY";
    /// A list with too few or too many entries.
    LIST_LENGTH = "LIST_LENGTH";
    /// A value that is none of the words allowed here.
    VALUE_UNKNOWN = "VALUE_UNKNOWN";
    /// An amount of money that is not written like `"49.90"`.
    MONEY_SHAPE = "MONEY_SHAPE";
    /// A currency that is not three capital letters, or that ISO 4217 calls by others.
    CURRENCY_SHAPE = "CURRENCY_SHAPE";
    /// A span of time that is not written like `"24h"`.
    DURATION_SHAPE = "DURATION_SHAPE";
    /// A time that is not written like `"2026-12-01T10:00"`, or a date that does not exist.
    TIME_SHAPE = "TIME_SHAPE";
    /// A timezone that is neither an offset like `"+08:00"` nor one of the known names.
    TIMEZONE_SHAPE = "TIMEZONE_SHAPE";
    /// Hours of the day that are not written like `"09:00-21:00"`.
    HOURS_SHAPE = "HOURS_SHAPE";
    /// A percentage that is not written like `"12.5%"`.
    PERCENT_SHAPE = "PERCENT_SHAPE";
    /// A page's address that is not `https://…`.
    URL_SHAPE = "URL_SHAPE";
    /// A name with other characters than a–z, 0–9 and `-`, not starting with a letter, or too long.
    NAME_SHAPE = "NAME_SHAPE";
    /// A reference to a reward, play or touchpoint that the document does not have.
    NAME_UNKNOWN = "NAME_UNKNOWN";
    /// A play without a known mechanic.
    MECHANIC_UNKNOWN = "MECHANIC_UNKNOWN";
    /// A campaign that ends before it begins.
    RUNS_ORDER = "RUNS_ORDER";
    /// A cash reward without an amount, or with an amount of zero.
    CASH_AMOUNT = "CASH_AMOUNT";
    /// A key that only a cash reward can have.
    CASH_ONLY = "CASH_ONLY";
    /// A key that only a reward of points or chances can have.
    POINTS_ONLY = "POINTS_ONLY";
    /// A budget smaller than one grant of the reward.
    BUDGET_SMALL = "BUDGET_SMALL";
    /// Rewards that fall back to each other in a circle.
    FALLBACK_CYCLE = "FALLBACK_CYCLE";
    /// Two touchpoints whose numbers in tokens are the same.
    NUMBER_COLLISION = "NUMBER_COLLISION";
    /// A step of a ladder with both or neither of `every` and `at`.
    TIER_SHAPE = "TIER_SHAPE";
    /// A limit whose keys do not fit each other, as an amount of something that has none.
    LIMIT_SHAPE = "LIMIT_SHAPE";
    /// Warning: a limit that nothing can ever reach, or that keeps a reward out of reach.
    REACH_LIMIT = "REACH-LIMIT";
    /// Two entries of a list with the same name.
    NAME_TWICE = "NAME_TWICE";
    /// Levels that do not go from the lowest to the highest.
    LEVEL_ORDER = "LEVEL_ORDER";
    /// A leaderboard with both or neither of `play` and `points`.
    BOARD_OF = "BOARD_OF";
    /// A number of days in a row that nobody reaches, because the streak begins again before.
    REACH_STREAK = "REACH_STREAK";
    /// Ranks from one to a lower one, or that overlap with those of another prize without lying within them.
    REACH_RANK = "REACH_RANK";
    /// A key that only a reward that is used, as a coupon or a pass, can have.
    USE_ONLY = "USE_ONLY";
    /// A time for activating a reward that is active at once.
    ACTIVATE_SHAPE = "ACTIVATE_SHAPE";
    /// A lottery whose prizes have more tickets than there are.
    REACH_TICKETS = "REACH_TICKETS";
    /// A lottery in which nobody has a draw.
    REACH_CHANCE = "REACH_CHANCE";
    /// A lottery that opens its draws both at a time and after a while.
    REACH_OPENING = "REACH_OPENING";
    /// A prize that nobody can win.
    REACH_PRIZE = "REACH_PRIZE";
    /// A reward that is a prize of one raffle twice.
    REACH_PRIZE_TWICE = "REACH_PRIZE_TWICE";
    /// A red packet that does not say how much or how many, or says it twice.
    REACH_SPLIT_OF = "REACH_SPLIT_OF";
    /// A red packet with less money than its smallest shares need.
    REACH_SPLIT = "REACH_SPLIT";
    /// A reward of a kind that the mechanic has no use for.
    REACH_KIND = "REACH_KIND";
    /// Warning: a red packet with more shares than people who can take them.
    REACH_SHARES = "REACH-SHARES";
    /// Commission on more than two levels.
    LAW_LEVELS = "LAW_LEVELS";
    /// A level of commission with neither `percent` nor `fixed`.
    LEVEL_RATE = "LEVEL_RATE";
    /// Keys of binding customers that do not go together.
    BIND_SHAPE = "BIND_SHAPE";
    /// A reward whose amount the play decides, and that is not cash.
    PORTION_CASH = "PORTION_CASH";
    /// Two rooms of one play with the same name.
    ROOM_TWICE = "ROOM_TWICE";
    /// Steps of a ladder that do not rise.
    TIER_ORDER = "TIER_ORDER";
    /// Warning: both levels of commission together are more than what they are reckoned on.
    MONEY_COMMISSION = "MONEY-COMMISSION";
    /// Warning: a step for more people than all rooms hold.
    REACH_ROOMS = "REACH-ROOMS";
    /// Warning: a step of the ladder that the caps of the inviter keep out of reach.
    REACH_CAP = "REACH-CAP";
    /// Cuts of no size, of two kinds at once, or between amounts that are the wrong way round.
    CUT_SHAPE = "CUT_SHAPE";
    /// A lowest price that is not below the price.
    FLOOR_HIGH = "FLOOR_HIGH";
    /// Cuts that do not reach the lowest price, or more of them than it has room for.
    REACH_FLOOR = "REACH_FLOOR";
    /// Something to unlock for which nobody pays or helps, or where only one of price and payers is there.
    UNLOCK_SHAPE = "UNLOCK_SHAPE";
    /// Warning: cuts that are never needed.
    REACH_CUTS = "REACH-CUTS";
    /// Warning: pictures that are rewarded though nobody has looked at them.
    GUARD_UNREVIEWED = "GUARD-UNREVIEWED";
    /// A colour that is not written like `"#e8552d"`.
    COLOUR_SHAPE = "COLOUR_SHAPE";
    /// A key or a box that the kind of a poster's layer has no use for, or lacks.
    POSTER_LAYER = "POSTER_LAYER";
    /// A code on a poster that common scanners do not read, or that is not all on the poster.
    POSTER_CODE = "POSTER_CODE";
    /// Warning: a code on a poster that some scanners have trouble with.
    POSTER_SCAN = "POSTER-SCAN";
    /// Warning: a poster, or a variant of one, that leads nowhere: it has no code.
    POSTER_NO_CODE = "POSTER-NO-CODE";
    /// A variable in the words of a poster that is not closed.
    POSTER_VARIABLE = "POSTER_VARIABLE";
    /// A keyword that is blank or does nothing, or whose keys do not go together.
    TRIGGER_SHAPE = "TRIGGER_SHAPE";
    /// A task of no kind or of two, with a key of another kind, or that cannot be told from another task.
    TASK_SHAPE = "TASK_SHAPE";
    /// A tier or a task that cannot be reached.
    REACH_IMPOSSIBLE = "REACH_IMPOSSIBLE";
    /// Warning: cash with neither a budget nor a stock, so nothing bounds its payout.
    MONEY_UNBOUNDED = "MONEY-UNBOUNDED";
    /// Warning: what a larger group is promised back is more than the reward for it has.
    MONEY_REBATE = "MONEY-REBATE";
    /// Warning: buying alone is no dearer than buying together.
    MONEY_PRICE = "MONEY-PRICE";
    /// Warning: made-up people earn more than the campaign assumes one to cost.
    ABUSE_COST = "ABUSE-COST";
    /// Warning: a board on which made-up people decide who is first.
    ABUSE_RACE = "ABUSE-RACE";
    /// Warning: a reward for an order is paid out while the order can still be refunded.
    MONEY_REFUND = "MONEY-REFUND";
    /// Warning: a prize of a draw above the legal cap.
    LAW_PRIZE = "LAW-PRIZE";
    /// Warning: becoming a distributor takes a purchase.
    LAW_ENTRY = "LAW-ENTRY";
    /// Warning: a span that another one makes pointless, as a loop that outlives its campaign.
    REACH_WINDOW = "REACH-WINDOW";
    /// Warning: a play that earns nobody anything.
    REACH_NOTHING = "REACH-NOTHING";
    /// Warning: a board of something that never moves it.
    REACH_SCORE = "REACH-SCORE";
    /// Warning: a play for, or not for, participants with a tag that nothing here gives.
    REACH_TAG = "REACH-TAG";
    /// Warning: a rate of commission that another one stands in place of.
    REACH_RATE = "REACH-RATE";
    /// Warning: a campaign of a length or a time that nobody means.
    REACH_RUNS = "REACH-RUNS";
    /// Warning: a keyword that an earlier one leaves no message for.
    REACH_TRIGGER = "REACH-TRIGGER";
    /// A live code that has only spare targets, or a target that is full from the beginning.
    LIVE_CODE_SHAPE = "LIVE_CODE_SHAPE";
    /// A tag that nothing gives, or two things at once.
    TAG_SHAPE = "TAG_SHAPE";
    /// A segment that says nothing or refers to itself, or a term of no kind or of two.
    SEGMENT_SHAPE = "SEGMENT_SHAPE";
    /// `inviters` whose keys do not go together, or an event of registration that is missing.
    INVITERS_SHAPE = "INVITERS_SHAPE";
    /// A form of reports that a document cannot ask for, or Segment's without its key.
    REPORT_FORM = "REPORT_FORM";
    /// Warning: a weight that the strategy does not look at.
    REACH_WEIGHT = "REACH-WEIGHT";
    /// Warning: a live code whose targets can all be full or closed, without a page for that.
    REACH_FALLBACK = "REACH-FALLBACK";
    /// Warning: a target of a live code that is never open.
    REACH_HOURS = "REACH-HOURS";
    /// Warning: a group live code that leads people back to a full group.
    REACH_STICKY = "REACH-STICKY";
    /// Warning: a target larger, or more targets, than the platform allows.
    QUOTA_TARGET = "QUOTA-TARGET";
    /// Warning: a reward that no play gives.
    SHAPE_UNUSED = "SHAPE-UNUSED";
    /// Warning: `accept` names a warning that this document does not raise.
    SHAPE_ACCEPT = "SHAPE-ACCEPT";
    /// Warning: rewarded help or invitation on H5 pages, whose links WeChat blocks.
    PLATFORM_SHARE = "PLATFORM-SHARE";
}
