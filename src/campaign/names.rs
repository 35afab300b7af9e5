//! The names in a campaign and the handles that stand for them, the same in every revision.

use std::ops::Deref;

use super::decode::{Blank, Cx, Decode, clip, wanted};
use super::problem::code;
use super::suggest::Suggester;
use crate::engine::handle::{Event, LiveCode, Play, Reward, Target, Touchpoint};
use crate::gather::Gather;
use crate::json::tree::Node;
use crate::sorted::Sorted;

/// The names of a campaign by handle. Later revisions append and never remove, so a handle in the log keeps
/// its meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// By [`Reward`].
    pub rewards: List,
    /// By [`Play`].
    pub plays: List,
    /// By [`Touchpoint`].
    pub touchpoints: List,
    /// By [`Event`], in the order in which the document first waits for them.
    pub events: List,
    /// By [`LiveCode`].
    pub live_codes: List,
    /// By [`Target`]: the live code's name, `/` and the target's.
    pub targets: List,
}

macro_rules! lookups {
    ($($list:ident $handle:ident $find:ident $name:ident $what:literal;)*) => {
        impl Names {
            $(
                #[doc = concat!("The handle of ", $what, " of this or an earlier revision.")]
                #[must_use]
                pub fn $find(&self, name: &str) -> Option<$handle> {
                    self.$list.find(name).map($handle::at)
                }

                #[doc = concat!("The name of ", $what, "; empty for a handle of another campaign.")]
                #[must_use]
                pub fn $name(&self, handle: $handle) -> &str {
                    self.$list.get(handle.index()).map_or("", String::as_str)
                }
            )*
        }
    };
}

lookups! {
    rewards Reward reward reward_name "a reward";
    plays Play play play_name "a play";
    touchpoints Touchpoint touchpoint touchpoint_name "a touchpoint";
    events Event event event_name "an event";
    live_codes LiveCode live_code live_code_name "a live code";
    targets Target target target_name "a target of a live code";
}

/// Names in the order of their handles, found again quickly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    names: Vec<String>,
    positions: Sorted<String, usize>,
}

/// Handles are 16 bits wide.
const MOST_NAMES: usize = 65_536;

impl List {
    /// The position of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// The position of a name, which is appended if it is new and a handle is left for it.
    fn intern(&mut self, name: &str) -> Option<usize> {
        let known = self.find(name);
        if known.is_some() || self.names.len() >= MOST_NAMES {
            return known;
        }
        let position = self.names.len();
        self.names.push(name.to_owned());
        self.positions.insert(name.to_owned(), position);
        Some(position)
    }
}

impl Deref for List {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.names
    }
}

/// Whether `name` is 1–40 of a–z, 0–9 and `-`, starting with a letter.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() <= 40
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Reward,
    Play,
    Touchpoint,
    LiveCode,
}

impl Kind {
    /// In English with its article, and in Chinese.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Kind::Reward => ("a reward", "奖励"),
            Kind::Play => ("a play", "玩法"),
            Kind::Touchpoint => ("a touchpoint", "触点"),
            Kind::LiveCode => ("a live code", "活码"),
        }
    }
}

/// The names that references in one document can resolve to.
#[derive(Debug)]
pub struct Scope {
    names: Names,
    rewards: Marks,
    plays: Marks,
    touchpoints: Marks,
    live_codes: Marks,
}

/// By position of a name: whether this document has it, and whether something refers to it.
type Marks = Vec<(bool, bool)>;

impl Scope {
    /// Collects the names a document declares, beside those of earlier revisions.
    #[must_use]
    pub fn new(root: &Node<'_>, earlier: &Names) -> Self {
        let mut names = earlier.clone();
        let collect = |list: &mut List, key: &str| {
            let members = root.get(key).map(Node::members).unwrap_or_default();
            let declared: Vec<usize> = members
                .iter()
                .filter(|member| is_name(&member.key))
                .filter_map(|member| list.intern(&member.key))
                .gather();
            let mut marks = vec![(false, false); list.len()];
            for position in declared {
                if let Some(mark) = marks.get_mut(position) {
                    mark.0 = true;
                }
            }
            marks
        };
        let rewards = collect(&mut names.rewards, "rewards");
        let plays = collect(&mut names.plays, "plays");
        let touchpoints = collect(&mut names.touchpoints, "touchpoints");
        let posters = crate::poster::touchpoints(root);
        let touchpoints = declare(&mut names.touchpoints, touchpoints, posters);
        let live_codes = collect(&mut names.live_codes, "liveCodes");
        Self { names, rewards, plays, touchpoints, live_codes }
    }

    /// Only the names of earlier revisions, for a text without a tree.
    #[must_use]
    pub fn earlier(names: &Names) -> Self {
        let names = names.clone();
        let (rewards, plays, touchpoints, live_codes) = Default::default();
        Self { names, rewards, plays, touchpoints, live_codes }
    }

    /// The names so far.
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    fn part(&mut self, kind: Kind) -> (&List, &mut Marks) {
        match kind {
            Kind::Reward => (&self.names.rewards, &mut self.rewards),
            Kind::Play => (&self.names.plays, &mut self.plays),
            Kind::Touchpoint => (&self.names.touchpoints, &mut self.touchpoints),
            Kind::LiveCode => (&self.names.live_codes, &mut self.live_codes),
        }
    }

    /// The handle of a target of a live code, known or new; none if no handle is left.
    pub(crate) fn name_target(&mut self, code: &str, target: &str) -> Option<Target> {
        self.names.targets.intern(&format!("{code}/{target}")).map(Target::at)
    }

    /// The position of a name that this document declares.
    pub(crate) fn declared(&mut self, kind: Kind, name: &str) -> Option<usize> {
        let (list, marks) = self.part(kind);
        list.find(name).filter(|&position| marks.get(position).is_some_and(|mark| mark.0))
    }

    /// The position of a declared name, which counts as referred to from now on.
    pub(crate) fn refer(&mut self, kind: Kind, name: &str) -> Option<usize> {
        let position = self.declared(kind, name)?;
        if let Some(mark) = self.part(kind).1.get_mut(position) {
            mark.1 = true;
        }
        Some(position)
    }

    pub(crate) fn nearest(&mut self, kind: Kind, name: &str, suggester: &mut Suggester) -> Option<String> {
        let (list, marks) = self.part(kind);
        let declared = list.iter().zip(marks).filter(|(_, mark)| mark.0);
        suggester.nearest(name, declared.map(|(name, _)| name.as_str())).map(String::from)
    }

    /// The names of a kind that the document declares, quoted, at most a dozen.
    pub(crate) fn quoted(&mut self, kind: Kind, quotes: [char; 2]) -> Vec<String> {
        let (list, marks) = self.part(kind);
        let declared = list.iter().zip(marks).filter(|(_, mark)| mark.0);
        declared.take(12).map(|(name, _)| format!("{}{name}{}", quotes[0], quotes[1])).collect()
    }

    /// Whether something in the document refers to a reward.
    pub(crate) fn is_used(&self, reward: &str) -> bool {
        self.names
            .reward(reward)
            .and_then(|handle| self.rewards.get(handle.index()))
            .is_some_and(|mark| mark.1)
    }

    /// The names after this document.
    #[must_use]
    pub fn into_names(self) -> Names {
        self.names
    }
}

/// Marks further names as declared.
fn declare(list: &mut List, mut marks: Marks, names: impl Iterator<Item = String>) -> Marks {
    for position in names.filter_map(|name| list.intern(&name)) {
        if marks.len() <= position {
            marks.resize(position + 1, (false, false));
        }
        if let Some(mark) = marks.get_mut(position) {
            mark.0 = true;
        }
    }
    marks
}

macro_rules! references {
    ($($handle:ident: $doc:literal;)*) => {$(
        impl Blank for $handle {
            fn blank() -> Self {
                Self::at(0)
            }
        }

        impl Decode for $handle {
            fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
                cx.resolve(node, Kind::$handle).map(Self::at)
            }

            #[cfg(feature = "schema")]
            fn shape() -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": NAME_PATTERN, "description": $doc })
            }
        }
    )*};
}

references! {
    Reward: "The name of a reward of this campaign.";
    Play: "The name of a play of this campaign.";
    Touchpoint: "The name of a touchpoint of this campaign.";
    LiveCode: "The name of a live code of this campaign.";
}

/// The shape of a name as a regular expression.
#[cfg(feature = "schema")]
pub(crate) const NAME_PATTERN: &str = "^[a-z][a-z0-9-]{0,39}$";

impl Blank for Event {
    fn blank() -> Self {
        Self::at(0)
    }
}

impl Decode for Event {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let name = Name::decode(node, cx)?;
        let position = cx.scope.names.events.intern(&name.0);
        if position.is_none() {
            cx.error(code::LIST_LENGTH, node.start, |_| {
                (
                    format!("There are more than {MOST_NAMES} event names."),
                    format!("事件名称超过 {MOST_NAMES} 个。"),
                )
            });
        }
        position.map(Self::at)
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "pattern": NAME_PATTERN,
            "description": "The name of an event that the site's backend reports."
        })
    }
}

/// A name: 1–40 of a–z, 0–9 and `-`, starting with a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(pub(crate) String);

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Blank for Name {
    fn blank() -> Self {
        Self(String::new())
    }
}

impl Decode for Name {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let name = cx.text(node, || wanted("a name in quotes", "引号中的名称"))?;
        check_name(name, node.start, cx).then(|| Self(name.to_owned()))
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": NAME_PATTERN })
    }
}

/// Whether `name` has the shape of one; if not, that is reported with the nearest name that has.
pub(crate) fn check_name(name: &str, offset: usize, cx: &mut Cx) -> bool {
    if is_name(name) {
        return true;
    }
    cx.error(code::NAME_SHAPE, offset, |_| {
        let name = clip(name);
        (
            format!(
                "\"{name}\" is not a name: use a-z, 0-9 and \"-\", start with a letter, at most 40 characters."
            ),
            format!("“{name}”不能作名称：只用 a-z、0-9 和“-”，以字母开头，最多 40 个字符。"),
        )
    })
    .suggest(|_| {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let lower: String = name.chars().map(letter).collect();
        is_name(&lower).then_some(lower)
    });
    false
}
