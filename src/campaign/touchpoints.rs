//! Where people meet the campaign.

use super::Root;
use super::decode::Cx;
use super::document::{choices, document};
use super::names::Kind;
use super::problem::code;
use super::table::Entry;
use super::units::{Int, Text};
use crate::attribution::touchpoint_number;
use crate::engine::handle::{LiveCode, Touchpoint};
use crate::json::tree::Node;
use crate::sorted::Sorted;

document! {
    /// A place where people meet the campaign, as a poster, a parcel or an advertisement.
    pub struct TouchpointRules {
        /// What sort of place it is.
        pub kind: TouchpointKind,
        /// What it is called in tables and on printed sheets.
        pub title: Option<Text<60>>,
        /// The number in tokens, where the one made from the name must not be used.
        pub number: Option<Int<1, 1_048_575>>,
        /// The live code that whoever scans or follows a link from here is led by.
        pub live_code: Option<LiveCode>,
        /// The parameters of links by which a page knows that somebody comes from here, as advertisements add them.
        pub utm: Option<Utm>,
    }
}

document! {
    /// Parameters of a link. Of several touchpoints whose parameters fit a link, the one with the most counts, then the first.
    pub struct Utm {
        /// What `utm_source` has to be.
        pub source: Text<80>,
        /// What `utm_medium` has to be; anything if absent.
        pub medium: Option<Text<80>>,
        /// What `utm_campaign` has to be; anything if absent.
        pub campaign: Option<Text<80>>,
    }
}

choices! {
    /// The sort of place a touchpoint is.
    pub enum TouchpointKind {
        /// The site's own page or app.
        Own = "own",
        /// A shop, as a counter or a window.
        Store = "store",
        /// A card in or on a parcel, or on packaging.
        Parcel = "parcel",
        /// A text message.
        Sms = "sms",
        /// A telephone call.
        Phone = "phone",
        /// A social network.
        Social = "social",
        /// A shop assistant or a group they lead.
        Guide = "guide",
        /// A live stream.
        Live = "live",
        /// A search engine, a market place or another public place.
        Public = "public",
        /// Paid advertising.
        Ad = "ad",
    }
}

impl TouchpointRules {
    /// The number that stands for this touchpoint in tokens.
    #[must_use]
    pub fn number(&self, name: &str) -> u32 {
        self.number.map_or_else(|| touchpoint_number(name), Int::get)
    }

    /// The touchpoint that a poster is where the document does not say more about it.
    pub(super) fn poster() -> Self {
        Self { kind: TouchpointKind::Social, title: None, number: None, live_code: None, utm: None }
    }
}

impl Entry for TouchpointRules {
    const KIND: Kind = Kind::Touchpoint;

    fn check_all(entries: &[Option<Self>], node: &Node<'_>, cx: &mut Cx) {
        let mut taken: Sorted<u32, &str> = Sorted::default();
        for member in node.members() {
            let handle = cx.scope.names().touchpoint(&member.key);
            let rules = handle.and_then(|handle| entries.get(Touchpoint::index(handle))?.as_ref());
            let Some(number) = rules.map(|rules| rules.number(&member.key)) else { continue };
            let Some(other) = taken.insert(number, &member.key) else { continue };
            let name = &member.key;
            let free = (1..=1_048_575).find(|number| !taken.contains_key(number));
            cx.within(name, |cx| {
                cx.error(code::NUMBER_COLLISION, member.key_start, |_| {
                    (
                        format!(
                            "\"{name}\" and \"{other}\" have the same number in tokens, {number}: give one a `number`."
                        ),
                        format!("“{name}”与“{other}”在参数中的编号相同（{number}），请为其中一个写上 `number`。"),
                    )
                })
                .suggest(|_| Some(format!("\"number\": {}", free?)));
            });
        }
    }
}

/// Refuses posters whose touchpoints could not be told from others in tokens.
pub(super) fn check_posters(root: &Root, node: &Node<'_>, cx: &mut Cx) {
    let Some(posters) = node.get("posters") else { return };
    let mut taken: Sorted<u32, String> = Sorted::default();
    let declared = node.get("touchpoints").map(Node::members).unwrap_or_default();
    for member in declared {
        let handle = cx.scope.names().touchpoint(&member.key);
        let rules = handle.and_then(|handle| root.touchpoints.get(Touchpoint::index(handle))?.as_ref());
        taken.extend(rules.map(|rules| (rules.number(&member.key), member.key.to_string())));
    }
    for name in root.posters.touchpoints() {
        let number = touchpoint_number(&name);
        let Some(other) = taken.insert(number, name.clone()).filter(|other| *other != name) else { continue };
        cx.within("posters", |cx| {
            cx.error(code::NUMBER_COLLISION, posters.start, |_| {
                (
                    format!(
                        "\"{name}\" and \"{other}\" have the same number in tokens, {number}: rename the poster."
                    ),
                    format!("“{name}”与“{other}”在参数中的编号相同（{number}），请为海报改名。"),
                )
            });
        });
    }
}
