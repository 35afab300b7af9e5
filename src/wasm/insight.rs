//! Insight and live codes for those who run a campaign.

use wasm_bindgen::prelude::*;

use serde::Serialize;

use super::{error, gone, object, with};
use crate::attribution::inviters::{Eligible, Inviters, Lock, Rebind, RenewOn};
use crate::attribution::lock;
use crate::audience::segments::Group;
use crate::engine::Time;
use crate::engine::command::whole;
use crate::engine::time::Span;
use crate::insight::{Options, Story, report_with};

/// What facts say about how a campaign spreads. The window of K is in milliseconds, the offset of local days in minutes;
/// what is not a number is the default, and for `now` the last fact's time. `segments` are those of [`segments`], or undefined.
#[wasm_bindgen]
pub fn insight(facts: &[u8], window: f64, offset: f64, now: f64, segments: JsValue) -> JsValue {
    let usual = Options::default();
    let options = Options {
        window: whole(window).filter(|window| *window > 0).unwrap_or(usual.window),
        offset: whole(offset).and_then(|offset| i32::try_from(offset).ok()).unwrap_or(usual.offset),
        now: whole(now),
    };
    let mut story = Story::default();
    story.read(facts);
    let groups: Vec<Group> = serde_wasm_bindgen::from_value(segments).unwrap_or_default();
    object(&report_with(&story, &options, &groups))
}

/// Who is in which segment of an engine's campaign.
#[wasm_bindgen]
pub fn segments(handle: u32, at: f64) -> JsValue {
    let at = Time(whole(at).unwrap_or(0));
    with(handle, |engine| object(&engine.segments(at))).unwrap_or_else(gone)
}

#[derive(Serialize)]
struct BoundCustomer<'b> {
    who: &'b str,
    inviter: &'b str,
    since: i64,
    until: Option<i64>,
}

#[derive(Serialize)]
struct RefusedEvent<'b> {
    id: &'b str,
    reason: &'static str,
}

#[derive(Serialize)]
struct Bound<'b> {
    bound: Vec<BoundCustomer<'b>>,
    refused: Vec<RefusedEvent<'b>>,
    skipped: usize,
}

/// Who is whose inviter by a site's policy; the words are those of `lock`.
#[wasm_bindgen]
pub fn bindings(
    events: &[u8],
    locks: &str,
    rebinds: &str,
    protection: f64,
    who: &str,
    renews: &str,
) -> JsValue {
    let policy = || {
        Some(Inviters {
            lock: Lock::parse(locks)?,
            rebind: Rebind::parse(rebinds)?,
            protect: Some(Span(whole(protection).filter(|span| *span >= 0)?)),
            eligible: Eligible::parse(who)?,
            renew_on: RenewOn::parse(renews)?,
            registers: None,
            orders: None,
        })
    };
    let Some(policy) = policy() else {
        return error("POLICY_UNKNOWN", "A word of the policy is not known.", "锁客策略中有无法识别的词。");
    };
    let (events, skipped) = lock::read(events);
    let found = lock::bindings(&events, &policy);
    object(&Bound {
        bound: found
            .bound
            .iter()
            .map(|b| BoundCustomer { who: &b.who, inviter: &b.inviter, since: b.since, until: b.until })
            .collect(),
        refused: found.refused.iter().map(|(id, why)| RefusedEvent { id, reason: why.name() }).collect(),
        skipped,
    })
}

/// The live codes of an engine's campaign with their loads.
#[wasm_bindgen(js_name = liveCodes)]
pub fn live_codes(handle: u32, at: f64) -> JsValue {
    let at = Time(whole(at).unwrap_or(0));
    with(handle, |engine| object(&engine.live_codes(at))).unwrap_or_else(gone)
}
