//! The campaign document: one JSON file that a marketer writes, read into typed rules.
//!
//! [`Campaign::parse`] reports every problem at once, each with its place, a sentence in English and in
//! Chinese, and what to write instead where that is known.

mod check;
#[cfg(feature = "complete")]
pub mod costs;
pub mod counting;
pub mod decode;
pub(crate) mod document;
pub mod guard;
pub mod limits;
pub mod names;
pub mod play;
pub mod problem;
pub mod rewards;
#[cfg(feature = "schema")]
pub mod schema;
mod suggest;
pub(crate) mod syntax;
pub mod table;
pub mod touchpoints;
pub mod triggers;
pub mod units;

#[cfg(feature = "complete")]
pub use costs::costs;
pub use names::Names;
pub use problem::{Problem, Severity};

use crate::attribution::campaign_number;
use crate::attribution::inviters::Inviters;
use crate::audience::segments::Segments;
use crate::audience::tags::TagRule;
use crate::engine::handle::{Event, LiveCode, Play, Target, Touchpoint};
use crate::engine::time::{Period, Time, UtcOffset, date};
use crate::gather::Gather;
use crate::json::tree::{Data, Node, Parsed as Tree, parse};
use crate::livecode::{LiveCodeRules, TargetRules};
use crate::poster::Posters;
use crate::report::sink::SinkRules;
use crate::sorted::Sorted;
use counting::Counting;
use decode::{Blank, COMPLETE, Cx, Decode, Document, wanted};
use document::{choices, document};
use guard::Guard;
use limits::{Actions, Limit};
use names::{Name, Scope};
use play::PlayRules;
use problem::code;
use rewards::RewardRules;
use table::Table;
use touchpoints::TouchpointRules;
use triggers::Trigger;
use units::{Currency, Int, List, Text, Url};

/// The largest document that is read, in bytes.
pub const LARGEST: usize = 256 * 1024;

/// A campaign that can run: what its document says, entries by handle.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// The campaign's id.
    pub id: Name,
    /// How a participant sees it.
    pub title: Text<80>,
    /// The currency of every amount.
    pub currency: Currency,
    /// The timezone of local times and of calendar periods.
    pub timezone: UtcOffset,
    /// When it runs.
    pub runs: Runs,
    /// Where participants meet it; empty when the document does not say.
    pub surfaces: Vec<Surface>,
    /// Rewards by handle.
    pub rewards: Rewards,
    /// Plays by handle.
    pub plays: Plays,
    /// Touchpoints by handle.
    pub touchpoints: Touchpoints,
    /// Live codes by handle.
    pub live_codes: LiveCodes,
    /// Limits that count across all plays.
    pub counting: Counting,
    /// What messages with a keyword do.
    pub triggers: Vec<Trigger>,
    /// What gives participants tags.
    pub tags: Vec<TagRule>,
    /// Which touches are recorded.
    pub touches: Touches,
    /// Groups of people by name.
    pub segments: Segments,
    /// The events of which segments ask when they happened, each with how many of the latest have to be known.
    pub dated: Vec<(Event, usize)>,
    /// Whether a segment asks when orders were.
    pub dates_orders: bool,
    /// Whose customer somebody is; without it the first who brought them.
    pub inviters: Option<Inviters>,
    /// Rules against abuse.
    pub guard: Guard,
    /// Whether there are any.
    pub guarded: bool,
    /// The actions that any of its limits or rules against abuse counts.
    pub counted: Actions,
    /// Whether a guard has to know when participants were first seen.
    pub dates: bool,
    /// How many of the latest contributions to an inviter the guards have to know.
    pub recalls: usize,
    /// The page that short links lead to.
    pub page: Option<Url>,
    /// Posters by name.
    pub posters: Posters,
    /// The plays whose mechanics look at the facts of every command.
    pub watchers: Vec<Play>,
    /// The cycles of plays whose loops for all follow each other, in their order.
    cycles: Sorted<Play, Vec<Cycle>>,
    /// The events whose first moment is kept for each participant, because a time runs after it.
    pub timed: Vec<Event>,
    /// The targets of each live code, by its handle, in the order of its rules.
    targets: Vec<Vec<Target>>,
    number: u32,
    numbered: Sorted<u32, Touchpoint>,
}

/// A live code of a campaign, its targets by handle.
#[derive(Clone, Copy, Debug)]
pub struct LiveCodeOf<'r> {
    /// Its rules.
    pub rules: &'r LiveCodeRules,
    /// Its targets, in the order of its rules.
    pub targets: &'r [Target],
}

/// A calendar period of a play, cut to the campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// The id of its loop.
    pub id: String,
    /// When it ends.
    pub until: Time,
}

/// A document that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The campaign.
    pub campaign: Campaign,
    /// The names of this and the earlier revisions.
    pub names: Names,
    /// What is questionable and not silenced by `accept`.
    pub warnings: Vec<Problem>,
}

/// The entries under `rewards`.
pub type Rewards = Table<RewardRules, 0, 500>;
/// The entries under `plays`.
pub type Plays = Table<PlayRules, 1, 100>;
/// The entries under `touchpoints`.
pub type Touchpoints = Table<TouchpointRules, 0, 10_000>;
/// The entries under `liveCodes`.
pub type LiveCodes = Table<LiveCodeRules, 0, 600>;

document! {
    /// A campaign: what is played, what is given, when and where.
    pub struct Root {
        /// The campaign's id, the same in every revision.
        pub id: Name,
        /// How a participant sees the campaign.
        pub title: Text<80>,
        /// The ISO 4217 code of the currency of every amount.
        pub currency: Currency = Currency::CNY,
        /// The timezone of local times and of days, weeks and months, as "+08:00" or "Asia/Shanghai".
        pub timezone: UtcOffset = UtcOffset(480),
        /// The number in tokens, where the one made from the id must not be used.
        pub number: Option<Int<0, 1_048_575>>,
        /// From when and until when the campaign runs.
        pub runs: Runs,
        /// Where participants meet the campaign.
        pub surfaces: Option<List<Surface, 1, 4>>,
        /// What can be given, by name.
        pub rewards: Rewards = Rewards::default(),
        /// What is played, by name.
        pub plays: Plays,
        /// Where people come from, by name.
        pub touchpoints: Touchpoints = Touchpoints::default(),
        /// Printed codes that lead each scan to a staff account or a chat group, by name.
        pub live_codes: LiveCodes = LiveCodes::default(),
        /// How often something may be done, or how much money may move, across all plays.
        pub limits: Vec<Limit> = Vec::new(),
        /// What messages with a keyword do; the first that fits wins.
        pub triggers: Vec<Trigger> = Vec::new(),
        /// Rules against abuse.
        pub guard: Option<Guard>,
        /// Warnings that are meant to be, by code, each with the reason.
        pub accept: Accept = Accept::default(),
        /// The page that short links lead to.
        pub page: Option<Url>,
        /// Posters that are shared or hung up, by name. Each, and each of its variants, is a touchpoint:
        /// `poster-main`, `poster-main-b`.
        pub posters: Posters = Posters::default(),
        /// What gives participants tags.
        pub tags: Vec<TagRule> = Vec::new(),
        /// Which of a participant's touches are recorded, for credit.
        pub touches: Touches = Touches::First,
        /// Where pages report what happens. Backends have sinks of their own.
        pub report: Vec<SinkRules> = Vec::new(),
        /// Whose customer somebody is.
        pub inviters: Option<Inviters>,
        /// Groups of people, by name; plays ask for them as they do for tags.
        pub segments: Segments = Segments::default(),
    }
}

impl Blank for Runs {
    fn blank() -> Self {
        Runs { from: Time::blank(), until: Time::blank() }
    }
}

document! {
    /// From when and until when the campaign runs.
    pub struct Runs {
        /// The first moment.
        pub from: Time,
        /// The first moment after the end. A date alone is its midnight: `"2026-12-07"` ends with the 6th, and
        /// `"2026-12-08"` lets the 7th be played to its end. What was begun in time goes on by its own clock: a group
        /// that is open can still fill, and a friend who has joined can still qualify `within` the play's time.
        pub until: Time,
    }
    check check_runs;
}

choices! {
    /// Which touches are recorded.
    pub enum Touches {
        /// The first one, which stays.
        First = "first",
        /// Every one.
        All = "all",
    }
}

choices! {
    /// Where participants meet a campaign.
    pub enum Surface {
        /// A WeChat mini-program.
        MiniProgram = "mini-program",
        /// Pages in a browser.
        H5 = "h5",
        /// A native app.
        App = "app",
        /// A shop or an event.
        Offline = "offline",
    }
}

/// Findings that are meant to be: code and reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accept(Vec<(&'static str, Text<200>)>);

impl Decode for Accept {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if !cx.is_object(node) {
            return None;
        }
        let mut accepted = Vec::new();
        for member in node.members() {
            let known = finding_codes().find(|code| *code == member.key);
            let reason = cx.within(&member.key, |cx| {
                if known.is_none() {
                    cx.error(code::VALUE_UNKNOWN, member.key_start, |_| {
                        let text = decode::clip(&member.key);
                        (
                            format!("\"{text}\" is not the code of a warning, so it cannot be accepted."),
                            format!("“{text}”不是警告代码，无法接受。"),
                        )
                    })
                    .suggest(|suggester| suggester.nearest(&member.key, finding_codes()).map(String::from));
                }
                Text::decode(&member.value, cx)
            });
            accepted.extend(known.zip(reason));
        }
        (accepted.len() == node.members().len()).then_some(Self(accepted))
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "propertyNames": { "enum": finding_codes().collect::<Vec<_>>() },
            "additionalProperties": Text::<200>::shape()
        })
    }
}

impl Accept {
    /// Whether a warning of this code is accepted.
    #[must_use]
    pub fn holds(&self, code: &str) -> bool {
        self.0.iter().any(|(accepted, _)| *accepted == code)
    }
}

/// The codes of findings that do not refuse a document: those with a family and a hyphen.
fn finding_codes() -> impl Iterator<Item = &'static str> {
    code::NAMES.iter().copied().filter(|code| code.contains('-'))
}

impl Campaign {
    /// Reads a document. `earlier` are the names of the campaign's earlier revisions, whose handles stay.
    ///
    /// # Errors
    /// Every problem of the document, warnings among them, in the order of the text.
    ///
    /// # Example
    /// ```
    /// use kfactor::campaign::{Campaign, Names};
    /// let problems = Campaign::parse(r#"{"id": "fest", "titel": "面膜节"}"#, &Names::default()).unwrap_err();
    /// let unknown = problems.iter().find(|problem| problem.code == "KEY_UNKNOWN").unwrap();
    /// assert_eq!((unknown.line, unknown.column), (1, 16));
    /// assert_eq!(unknown.suggestion.as_deref(), Some("title"));
    /// ```
    pub fn parse(text: &str, earlier: &Names) -> Result<Parsed, Vec<Problem>> {
        // Some editors of plain text begin a file with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() > LARGEST {
            return Err(vec![too_large(text.len())]);
        }
        let tree = parse(text);
        let mut cx = Cx::new(
            tree.root.as_ref().map_or_else(|| Scope::earlier(earlier), |root| Scope::new(root, earlier)),
        );
        syntax::report(&tree, text, &mut cx);
        let root = read(&tree, &mut cx);
        let (mut problems, scope) = cx.finish(text);
        if let Some(root) = &root {
            problems
                .retain(|problem| problem.severity == Severity::Error || !root.accept.holds(problem.code));
        }
        let refused = problems.iter().any(|problem| problem.severity == Severity::Error);
        match root {
            Some(root) if !refused => {
                let names = scope.into_names();
                Ok(Parsed { campaign: Campaign::new(root, &names), names, warnings: problems })
            }
            _ => Err(problems),
        }
    }

    fn new(mut root: Root, names: &Names) -> Self {
        let posters =
            names.touchpoints.iter().enumerate().filter(|(_, name)| root.posters.has_touchpoint(name));
        posters.for_each(|(position, _)| root.touchpoints.fill(position, TouchpointRules::poster));
        let mut numbered = Sorted::default();
        for (position, rules) in root.touchpoints.iter().enumerate() {
            let handle = Touchpoint::at(position);
            if let Some(rules) = rules {
                numbered.insert(rules.number(names.touchpoint_name(handle)), handle);
            }
        }
        let watches =
            |(_, play): &(usize, &Option<PlayRules>)| play.as_ref().is_some_and(|play| play.rules.watches());
        let cycles = |(at, play): (usize, &Option<PlayRules>)| {
            let (play, period) = (Play::at(at), play.as_ref()?.rules.cycle()?);
            Some((play, cycles(period, &root.runs, root.timezone, (play, names.play_name(play)))))
        };
        let cycles = root.plays.iter().enumerate().filter_map(cycles).collect();
        let watchers = root.plays.iter().enumerate().filter(watches).map(|(at, _)| Play::at(at)).gather();
        let guarded = root.guard.is_some();
        let guard = root.guard.unwrap_or(Guard::NONE);
        let plays = root.plays.iter().flatten().filter_map(|play| play.guard.as_ref());
        let guards: Vec<&Guard> = plays.chain([&guard]).gather();
        let dates = guards.iter().any(|guard| guard.needs_dates());
        let recalls = guards.iter().map(|guard| guard.recalls()).max().unwrap_or(0);
        let counting = Counting::new(&root.limits);
        let own = root.plays.iter().flatten().map(|play| &play.counting);
        let limited = own.chain([&counting]).map(Counting::actions);
        let watched = guards.iter().map(|guard| guard.counted());
        let counted = limited.chain(watched).fold(Actions::default(), Actions::and);
        let timed = root.plays.iter().flatten().filter_map(|play| play.rules.timed()).gather();
        let targets = root.live_codes.iter().enumerate().map(|(at, code)| {
            let name = names.live_code_name(LiveCode::at(at));
            let target = |target: &TargetRules| names.target(&format!("{name}/{}", &*target.id));
            code.iter().flat_map(|code| code.targets.iter().filter_map(target)).gather()
        });
        let targets = targets.gather();
        Self {
            watchers,
            counted,
            cycles,
            timed,
            number: root.number.map_or_else(|| campaign_number(&root.id), Int::get),
            numbered,
            id: root.id,
            title: root.title,
            currency: root.currency,
            timezone: root.timezone,
            runs: root.runs,
            surfaces: root.surfaces.map_or_else(Vec::new, |list| list.to_vec()),
            rewards: root.rewards,
            plays: root.plays,
            touchpoints: root.touchpoints,
            live_codes: root.live_codes,
            targets,
            counting,
            dates,
            recalls,
            guard,
            guarded,
            triggers: root.triggers,
            tags: root.tags,
            touches: root.touches,
            inviters: root.inviters,
            dated: root.segments.dated(),
            dates_orders: root.segments.dates_orders(),
            segments: root.segments,
            page: root.page,
            posters: root.posters,
        }
    }

    /// The number that stands for this campaign in tokens, 20 bits.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The cycle of a play that holds an instant.
    #[must_use]
    pub fn cycle(&self, play: Play, at: Time) -> Option<&Cycle> {
        let cycles = self.cycles.get(&play)?;
        cycles.get(cycles.partition_point(|cycle| cycle.until <= at))
    }

    /// A live code, if this revision has it.
    #[must_use]
    pub fn live_code(&self, code: LiveCode) -> Option<LiveCodeOf<'_>> {
        let rules = self.live_codes.get(code.index())?.as_ref()?;
        Some(LiveCodeOf { rules, targets: self.targets.get(code.index())? })
    }

    /// The touchpoint that a number in a token stands for.
    #[must_use]
    pub fn touchpoint_numbered(&self, number: u32) -> Option<Touchpoint> {
        self.numbered.get(&number).copied()
    }
}

impl<'r> LiveCodeOf<'r> {
    /// The rules of one of its targets.
    #[must_use]
    pub fn target(&self, target: Target) -> Option<&'r TargetRules> {
        let at = self.targets.iter().position(|known| *known == target)?;
        self.rules.targets.get(at)
    }
}

/// The periods of a campaign, with ids that stay the same when the campaign's times are revised.
fn cycles(period: Period, runs: &Runs, timezone: UtcOffset, (play, name): (Play, &str)) -> Vec<Cycle> {
    let mut all = Vec::new();
    let mut at = runs.from;
    while at < runs.until {
        let (number, next) = period.of(at, timezone);
        let label = match period {
            Period::Hour => format!("hour-{number}"),
            Period::Day => format!("day-{}", date(number)),
            Period::Week => format!("week-{}", date(number * 7 + 4)),
            Period::Month => format!("month-{:04}-{:02}", number.div_euclid(12), number.rem_euclid(12) + 1),
            Period::Campaign => String::from("campaign"),
        };
        let long = format!("_{name}-{label}");
        // A loop's id has at most 32 characters; a play's name begins with a letter, so the two do not meet.
        let id = if long.len() <= 32 { long } else { format!("_{}-{label}", play.0) };
        let until = next.min(runs.until);
        all.push(Cycle { id, until });
        at = until;
    }
    all
}

fn read(tree: &Tree<'_>, cx: &mut Cx) -> Option<Root> {
    let node = tree.root.as_ref()?;
    if !matches!(node.data, Data::Object(_)) {
        cx.error(code::TYPE_WRONG, node.start, |_| {
            (
                String::from("A campaign is an object: everything stands in one pair of braces."),
                String::from("活动文档应是一个对象：所有内容写在一对花括号里。"),
            )
        });
        return None;
    }
    // Amounts and local times that stand before these keys are read in them too; a wrong value is
    // reported below.
    let text = |key: &str| node.get(key).and_then(Node::text);
    cx.digits = text("currency").and_then(Currency::parse).unwrap_or(Currency::CNY).digits();
    cx.inviters = node.get("inviters").is_some();
    cx.timezone = text("timezone").and_then(units::parse_offset).unwrap_or(cx.timezone);
    let root = Root::decode_members(node, cx);
    // For editors; it says nothing about the campaign.
    if let Some(schema) = node.get("$schema") {
        cx.within("$schema", |cx| cx.text(schema, || wanted("text in quotes", "引号中的文本")).is_some());
    }
    cx.unknown_keys(node, &[&["$schema"], Root::KEYS]);
    // How the parts fit is only worth a word once each of them can be read.
    if let Some(root) = root.as_ref().filter(|_| !cx.refuses()) {
        check::check_amounts(root, node, cx);
        check::check_kinds(root, node, cx);
        triggers::check(root, node, cx);
        touchpoints::check_posters(root, node, cx);
        crate::poster::check_sizes(&root.posters, node, cx);
        if COMPLETE {
            check::check_span(root, node, cx);
            check::check_tags(root, node, cx);
            crate::mechanics::leaderboard::check_scores(root, node, cx);
            crate::mechanics::group_buy::check_rebates(root, node, cx);
            check::check_use(node, cx);
            check::check_plays(root, node, cx);
            check::check_limits(root, node, cx);
            crate::mechanics::abuse::check(root, node, cx);
            crate::mechanics::law::check(root, node, cx);
            check::check_accept(root, node, cx);
        }
    }
    root
}

fn check_runs(runs: &Runs, node: &Node<'_>, cx: &mut Cx) {
    if runs.from < runs.until {
        return;
    }
    let offset = node.get("until").map_or(node.start, |node| node.start);
    cx.within("until", |cx| {
        cx.error(code::RUNS_ORDER, offset, |_| {
            (
                String::from("The campaign ends before it begins: `until` must be later than `from`."),
                String::from("活动在开始前就结束了：`until` 应晚于 `from`。"),
            )
        });
    });
}

fn too_large(length: usize) -> Problem {
    Problem {
        code: code::CAMPAIGN_TOO_LARGE,
        severity: Severity::Error,
        pointer: String::new(),
        line: 1,
        column: 1,
        message: format!("The document has {length} bytes; at most {LARGEST} are read."),
        message_zh: format!("文档有 {length} 字节，最多 {LARGEST} 字节。"),
        suggestion: None,
    }
}
