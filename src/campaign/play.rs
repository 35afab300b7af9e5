//! A play: a mechanic and its rules, with the keys that every play has.

use super::counting::Counting;
use super::decode::{Cx, Decode, Document, clip, wanted};
use super::document::document;
use super::guard::Guard;
use super::limits::Limit;
use super::names::Kind;
use super::problem::code;
use super::table::Entry;
use super::units::Text;
use crate::engine::handle::Event;
use crate::json::tree::Node;
use crate::mechanics::Rules;

/// One configured mechanic of a campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct PlayRules {
    /// The mechanic's name.
    pub mechanic: &'static str,
    /// How a participant sees the play.
    pub title: Text<120>,
    /// What a participant must have done before opening a loop.
    pub requires: Option<Event>,
    /// Tags of which a participant needs one.
    pub only: Vec<Text<20>>,
    /// Tags of which a participant may have none.
    pub except: Vec<Text<20>>,
    /// Limits that count within this play.
    pub limits: Vec<Limit>,
    /// The same ones, ready to be counted.
    pub counting: Counting,
    /// Rules against abuse that stand here in place of the campaign's, key by key.
    pub guard: Option<Guard>,
    /// The mechanic's own rules.
    pub rules: Rules,
}

document! {
    /// The keys that every play has besides `mechanic`.
    pub struct Common {
        /// How a participant sees the play.
        pub title: Text<120>,
        /// An event that a participant must have before opening a loop; each happening opens one.
        pub requires: Option<Event>,
        /// Tags, or segments, of which a participant needs one, to open a loop or to act where there is one loop for each or for all.
        pub only: Vec<Text<20>> = Vec::new(),
        /// Tags, or segments, of which a participant may have none.
        pub except: Vec<Text<20>> = Vec::new(),
        /// How often something may be done, or how much money may move, in this play.
        pub limits: Vec<Limit> = Vec::new(),
        /// Rules against abuse that stand here in place of the campaign's, key by key.
        pub guard: Option<Guard>,
    }
}

impl Entry for PlayRules {
    const KIND: Kind = Kind::Play;
}

impl Decode for PlayRules {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if !cx.is_object(node) {
            return None;
        }
        let common = Common::decode_members(node, cx);
        let mechanic = mechanic(node, cx)?;
        let rules = Rules::decode(mechanic, node, cx);
        cx.unknown_keys(node, &[&["mechanic"], Common::KEYS, Rules::keys(mechanic)]);
        if let Some(rules) = &rules {
            rules.check(node, cx);
        }
        let Common { title, requires, only, except, limits, guard } = common?;
        let counting = Counting::new(&limits);
        Some(Self { mechanic, title, requires, only, except, limits, counting, guard, rules: rules? })
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        super::schema::play()
    }
}

fn mechanic(node: &Node<'_>, cx: &mut Cx) -> Option<&'static str> {
    let Some(value) = node.get("mechanic") else {
        cx.within("mechanic", |cx| {
            cx.error(code::KEY_MISSING, node.start, |_| {
                let list = Rules::NAMES.join(", ");
                (
                    format!("`mechanic` is missing here; it is one of: {list}."),
                    format!("这里缺少 `mechanic`（玩法），可选：{list}。"),
                )
            });
        });
        return None;
    };
    cx.within("mechanic", |cx| {
        let name = cx.text(value, || wanted("the name of a mechanic, in quotes", "引号中的玩法名称"))?;
        let known = Rules::NAMES.iter().find(|known| **known == name);
        if known.is_none() {
            cx.error(code::MECHANIC_UNKNOWN, value.start, |_| {
                let (name, list) = (clip(name), Rules::NAMES.join(", "));
                (
                    format!("There is no mechanic \"{name}\"; it is one of: {list}."),
                    format!("没有“{name}”这种玩法，可选：{list}。"),
                )
            })
            .suggest(|suggester| {
                let in_chinese =
                    CHINESE.iter().find(|(words, _)| words.iter().any(|word| name.contains(word)));
                let meant = in_chinese.map(|(_, mechanic)| *mechanic);
                meant.or_else(|| suggester.nearest(name, Rules::NAMES.iter().copied())).map(String::from)
            });
        }
        known.copied()
    })
}

/// What mechanics are called in Chinese, for suggestions; a word before those that it contains.
const CHINESE: [(&[&str], &str); 16] = [
    (&["群裂变"], "group-fission"),
    (&["红包"], "red-packet"),
    (&["助力"], "assist"),
    (&["老带新", "邀请"], "invite"),
    (&["拼团", "团购"], "group-buy"),
    (&["打卡", "签到"], "check-in"),
    (&["积分"], "points"),
    (&["排行"], "leaderboard"),
    (&["抽奖", "转盘"], "lottery"),
    (&["开奖"], "raffle"),
    (&["分销"], "commission"),
    (&["砍价"], "bargain"),
    (&["解锁"], "unlock"),
    (&["截图", "晒图"], "screenshot"),
    (&["任务"], "task-unlock"),
    (&["分享"], "share"),
];
