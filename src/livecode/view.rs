//! What the people who run a campaign see of its live codes: loads, what is open, who comes next.

use serde::Serialize;

use super::route::{Router, Standing};
use super::rules::{Strategy, TargetRules};
use crate::campaign::LiveCodeOf;
use crate::engine::book::Book;
use crate::engine::draw::Draw;
use crate::engine::forms::target_id;
use crate::engine::handle::{LiveCode, Target};
use crate::engine::state::State;
use crate::engine::time::Time;
use crate::gather::Gather;

/// A live code at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LiveCodeView {
    /// Its name.
    pub live_code: String,
    /// `staff` or `group`.
    pub kind: &'static str,
    /// How it chooses.
    pub strategy: &'static str,
    /// When the same target is shown again.
    pub sticky: &'static str,
    /// The page for scans that no target takes.
    pub fallback: Option<String>,
    /// Where the next newcomer is led; absent if nobody takes them, or if it is drawn.
    pub next: Option<String>,
    /// Its targets, in order.
    pub targets: Vec<TargetView>,
}

/// A target of a live code at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TargetView {
    /// Its name within the live code.
    pub target: String,
    /// How a person sees it.
    pub title: Option<String>,
    /// `open`, `full`, `closed`, `offline` or `banned`.
    pub status: &'static str,
    /// When its hours begin again, if it is closed.
    pub opens: Option<i64>,
    /// How many people it was shown to.
    pub shown: u32,
    /// Adds of the local day.
    pub today: u32,
    /// Those who are there, with the ones from before the campaign.
    pub present: u32,
    /// Places kept for people who were led there.
    pub kept: u32,
    /// The cap of the day.
    pub daily: Option<u32>,
    /// The cap of those who are there.
    pub total: Option<u32>,
    /// Its share.
    pub weight: u32,
    /// Whether it is asked only when no other is open.
    pub spare: bool,
}

/// Every live code of the campaign, in the order of its document.
#[must_use]
pub fn live_codes(book: &Book, state: &State, at: Time) -> Vec<LiveCodeView> {
    let codes = (0..book.current().live_codes.len()).map(LiveCode::at);
    codes.filter_map(|code| Some(view(book, state, at, code, book.current().live_code(code)?))).gather()
}

fn view(book: &Book, state: &State, at: Time, handle: LiveCode, code: LiveCodeOf<'_>) -> LiveCodeView {
    let rules = code.rules;
    let router = Router::new(code, state, at, book.current().timezone);
    // What a draw will give is not known before the scan.
    let next = || router.choose(handle, || Draw::new(&[0; 32], "", ""));
    let next = if rules.strategy == Strategy::Random { None } else { next() };
    let name = |target: Target| target_id(book.names.target_name(target)).to_owned();
    LiveCodeView {
        live_code: book.names.live_code_name(handle).to_owned(),
        kind: rules.kind.as_str(),
        strategy: rules.strategy.as_str(),
        sticky: rules.sticky.as_str(),
        fallback: rules.fallback.as_deref().map(str::to_owned),
        next: next.map(name),
        targets: rules
            .targets
            .iter()
            .zip(code.targets)
            .map(|(rules, target)| target_view(book, state, at, &router, (rules, *target)))
            .gather(),
    }
}

fn target_view(
    book: &Book,
    state: &State,
    at: Time,
    router: &Router<'_>,
    (rules, target): (&TargetRules, Target),
) -> TargetView {
    let seen = state.live_codes.target(target);
    let standing = router.standing(rules, target);
    let opens = || rules.schedule().opens(at, book.current().timezone).map(|opens| opens.0);
    TargetView {
        target: rules.id.to_string(),
        title: rules.title.as_deref().map(str::to_owned),
        status: standing.name(),
        opens: if standing == Standing::Closed { opens() } else { None },
        shown: seen.map_or(0, |seen| seen.shown),
        today: seen.map_or(0, |seen| seen.added_on(router.day())),
        present: seen.map_or(0, |seen| seen.present).saturating_add(rules.already.get()),
        kept: seen.map_or(0, |seen| seen.kept(at)),
        daily: rules.daily.map(|most| most.get()),
        total: rules.total.map(|most| most.get()),
        weight: rules.weight.get(),
        spare: rules.spare,
    }
}
