//! What a campaign document says of its live codes.

use super::check;
use super::schedule::{Dates, Schedule, Shifts, Weekly};
use crate::campaign::decode::Cx;
use crate::campaign::document::{choices, document};
use crate::campaign::names::{Kind, Name};
use crate::campaign::table::Entry;
use crate::campaign::units::{Int, List, Text, Url};
use crate::engine::handle::LiveCode;
use crate::engine::time::Span;
use crate::json::tree::Node;

document! {
    /// One printed code that leads each scan to a staff account or a chat group.
    pub struct LiveCodeRules {
        /// What it leads to.
        pub kind: LiveCodeKind,
        /// Which of several open targets a scan is led to.
        pub strategy: Strategy = Strategy::RoundRobin,
        /// When someone who scans again is led to the same target.
        pub sticky: Sticky = Sticky::WhileOpen,
        /// How long a place is kept for someone who was led to a target and has not added it yet.
        pub hold: Span = Span(900_000),
        /// Where it leads, in order.
        pub targets: List<TargetRules, 1, 100>,
        /// The page for scans that no target takes.
        pub fallback: Option<Url>,
    }
    check check::check_code;
}

document! {
    /// A staff account or a chat group that a live code leads to.
    pub struct TargetRules {
        /// Its name within the live code. What happened to a target stays with its name.
        pub id: Name,
        /// How a person sees it.
        pub title: Option<Text<40>>,
        /// Where a scan is sent; the campaign's page, which is told the target, if absent.
        pub url: Option<Url>,
        /// Its share of the scans, with `weighted` and `random`.
        pub weight: Int<1, 100> = Int::clamped(1),
        /// How many may be added on one local day.
        pub daily: Option<Int<1, 1_000_000>>,
        /// How many there may be at a time: customers of an account, members of a group.
        pub total: Option<Int<1, 1_000_000>>,
        /// How many there were before the campaign.
        pub already: Int<0, 1_000_000> = Int::clamped(0),
        /// When it takes scans; always if absent.
        pub hours: Option<Shifts>,
        /// Other hours for days of the week.
        pub weekly: Option<Weekly>,
        /// Other hours for dates, which come before those of the week.
        pub dates: Dates = Dates::default(),
        /// Whether it is asked only when no other target is open.
        pub spare: bool = false,
    }
    check check::check_target;
}

choices! {
    /// What a live code leads to.
    pub enum LiveCodeKind {
        /// Staff accounts that a customer adds.
        Staff = "staff",
        /// Chat groups that a customer joins.
        Group = "group",
    }
}

choices! {
    /// Which of several open targets a scan is led to.
    pub enum Strategy {
        /// The one that was shown least.
        RoundRobin = "round-robin",
        /// The next one in the list, one for each scan.
        InOrder = "in-order",
        /// The first one in the list, until it is full.
        Fill = "fill",
        /// In proportion to the weights.
        Weighted = "weighted",
        /// The one with the fewest adds of the day and places kept.
        LeastLoaded = "least-loaded",
        /// A draw by weight.
        Random = "random",
    }
}

choices! {
    /// When someone who scans again is led to the same target.
    pub enum Sticky {
        /// Only as long as their place is kept.
        Never = "never",
        /// While the target is open; it needs no room for whoever is there already.
        WhileOpen = "while-open",
        /// Even when it has no room.
        ThoughFull = "though-full",
        /// Even when it has no room, is offline or outside its hours.
        Always = "always",
    }
}

impl LiveCodeKind {
    /// How many scans can join one chat group before only invitations do: WeCom's published limit is 500 members; that
    /// scanning ends at 200 is what operators report.
    pub const MOST_BY_SCAN: u32 = 200;
    /// How many members an external chat group of WeCom has at most.
    /// Source: developer.work.weixin.qq.com, path 98429.
    pub const MOST_MEMBERS: u32 = 500;
    /// How many customers one WeCom account has at most after it was extended; 5,000 before. Vendors' pages.
    pub const MOST_CUSTOMERS: u32 = 20_000;
    /// How many chat groups one WeCom join code takes.
    /// Source: developer.work.weixin.qq.com, path 99547.
    pub const MOST_GROUPS: usize = 5;
}

impl TargetRules {
    /// When it takes scans.
    #[must_use]
    pub fn schedule(&self) -> Schedule<'_> {
        Schedule { usual: self.hours.as_ref(), weekly: self.weekly.as_ref(), dates: &self.dates }
    }
}

impl Entry for LiveCodeRules {
    const KIND: Kind = Kind::LiveCode;

    fn check_all(entries: &[Option<Self>], node: &Node<'_>, cx: &mut Cx) {
        for member in node.members() {
            let handle = cx.scope.names().live_code(&member.key);
            let Some(rules) = handle.and_then(|handle| entries.get(LiveCode::index(handle))?.as_ref()) else {
                continue;
            };
            for target in rules.targets.iter() {
                if cx.scope.name_target(&member.key, &target.id).is_none() {
                    check::report_too_many(member.key_start, cx);
                }
            }
        }
    }
}
