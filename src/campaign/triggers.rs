//! Keywords: what a message with one of them does.

use super::Campaign;
use super::decode::Cx;
use super::document::{choices, document};
use super::problem::code;
use super::units::Text;
use crate::engine::command::Act;
use crate::engine::handle::{Event, Play};
use crate::json::tree::Node;
use crate::mechanics::{Loops, Rules};

document! {
    /// What a message with a keyword does. The first that fits a message wins.
    pub struct Trigger {
        /// The keyword. Blanks around it, letter case and full-width forms make no difference.
        pub keyword: Text<40>,
        /// Where the keyword has to stand in the message.
        pub match_: Match = Match::Exact,
        /// The play whose loop the message opens for the participant, if none runs.
        pub play: Option<Play>,
        /// What the message does in the play; without it, it opens a loop.
        pub do_: Option<Deed>,
        /// The event that happens to the participant.
        pub event: Option<Event>,
        /// The tag that the participant is given.
        pub tag: Option<Text<20>>,
        /// Whether the event happens, and the loop is opened, once only for each participant.
        pub once: bool = false,
        /// What the account answers when the message is accepted; the backend sends it.
        pub reply: Option<Text<500>>,
    }
    check check_trigger;
}

choices! {
    /// Where a keyword has to stand in a message.
    pub enum Match {
        /// The message is the keyword.
        Exact = "exact",
        /// The message contains the keyword.
        Contains = "contains",
        /// The message begins with the keyword.
        Prefix = "prefix",
    }
}

choices! {
    /// What a message can do in a play.
    pub enum Deed {
        /// Draws a prize.
        Draw = "draw",
        /// Checks in for the day.
        CheckIn = "check-in",
        /// Joins the one loop that the play has for all.
        Join = "join",
    }
}

impl Deed {
    /// The act.
    #[must_use]
    pub fn act(self) -> Act {
        match self {
            Deed::Draw => Act::Draw,
            Deed::CheckIn => Act::CheckIn,
            Deed::Join => Act::Join,
        }
    }

    /// Whether a message that names no loop can do it under these rules.
    fn suits(self, rules: &Rules) -> bool {
        rules.offers(self.act())
            && match rules.loops() {
                Loops::Many => false,
                Loops::Personal => self != Deed::Join,
                Loops::Shared => true,
            }
    }
}

impl Campaign {
    /// What the account answers to a message that was accepted, if the trigger that fits it says so.
    #[must_use]
    pub fn reply(&self, message: &str) -> Option<&str> {
        self.trigger(message)?.reply.as_deref()
    }

    /// The first trigger that fits a message.
    #[must_use]
    pub fn trigger(&self, message: &str) -> Option<&Trigger> {
        first_fitting(&self.triggers, message)
    }
}

/// The first trigger that fits a message.
#[must_use]
pub fn first_fitting<'t>(triggers: &'t [Trigger], message: &str) -> Option<&'t Trigger> {
    let message = normalised(message);
    triggers.iter().find(|trigger| trigger.fits(&message))
}

impl Trigger {
    /// Whether it fits a message that is normalised.
    fn fits(&self, message: &str) -> bool {
        let keyword = normalised(&self.keyword);
        match self.match_ {
            Match::Exact => message == keyword,
            Match::Contains => message.contains(&keyword),
            Match::Prefix => message.starts_with(&keyword),
        }
    }

    fn does_nothing(&self) -> bool {
        self.play.is_none() && self.event.is_none() && self.tag.is_none() && self.reply.is_none()
    }

    /// Whether it fits every message that `other` fits.
    fn covers(&self, other: &Trigger) -> bool {
        let as_broad = match other.match_ {
            Match::Exact => true,
            Match::Prefix => self.match_ != Match::Exact,
            Match::Contains => self.match_ == Match::Contains,
        };
        as_broad && self.fits(&normalised(&other.keyword))
    }
}

/// A text as it is compared: without blanks around it, full-width forms as their plain ones, letters small.
///
/// ```
/// use kfactor::campaign::triggers::normalised;
/// assert_eq!(normalised("　ＶＩＰ８ "), "vip8");
/// ```
#[must_use]
pub fn normalised(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{3000}' => ' ',
        // The full-width forms stand in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    };
    let text: String = text.chars().map(|c| plain(c).to_ascii_lowercase()).collect();
    text.trim().to_owned()
}

/// Warns of triggers that an earlier one leaves nothing for, and refuses acts that a play does not know.
pub(super) fn check(root: &super::Root, node: &Node<'_>, cx: &mut Cx) {
    let Some(list) = node.get("triggers") else { return };
    for (number, (trigger, node)) in root.triggers.iter().zip(list.entries()).enumerate() {
        let earlier = root.triggers.iter().take(number).position(|earlier| earlier.covers(trigger));
        let play = trigger.play.and_then(|play| root.plays.get(play.index())?.as_ref());
        let deed = trigger.do_.filter(|deed| play.is_some_and(|play| !deed.suits(&play.rules)));
        cx.within("triggers", |cx| {
            cx.within_entry(number, |cx| {
                if let Some(earlier) = earlier {
                    cx.warning(code::REACH_TRIGGER, node.start, |_| {
                        (
                            format!("No message gets here: trigger {earlier} fits all of them before."),
                            format!(
                                "不会有消息到达这里：第 {earlier} 个触发词（从 0 数起）会先匹配所有这些消息。"
                            ),
                        )
                    });
                }
                if let Some(deed) = deed {
                    report(
                        cx,
                        node,
                        &format!("A message cannot do `{}` in this play.", deed.as_str()),
                        &format!("在该玩法中，消息无法执行 `{}`。", deed.as_str()),
                    );
                }
            });
        });
    }
}

fn check_trigger(trigger: &Trigger, node: &Node<'_>, cx: &mut Cx) {
    if normalised(&trigger.keyword).is_empty() {
        report(
            cx,
            node,
            "The keyword is blank, so every message would fit.",
            "触发词是空白，会匹配所有消息。",
        );
    } else if trigger.does_nothing() {
        report(
            cx,
            node,
            "The keyword does nothing: add `play`, `event`, `tag` or `reply`.",
            "这个触发词什么也不做：请填写 `play`、`event`、`tag` 或 `reply`。",
        );
    } else if trigger.do_.is_some() && (trigger.play.is_none() || trigger.event.is_some() || trigger.once) {
        report(
            cx,
            node,
            "`do` goes with `play`, and without `event` and `once`.",
            "`do` 需要与 `play` 一起使用，且不能与 `event` 或 `once` 同时使用。",
        );
    }
}

fn report(cx: &mut Cx, node: &Node<'_>, en: &str, zh: &str) {
    cx.error(code::TRIGGER_SHAPE, node.start, |_| (en.to_owned(), zh.to_owned()));
}
