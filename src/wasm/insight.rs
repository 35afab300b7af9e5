//! Insight and live codes for those who run a campaign.

use wasm_bindgen::prelude::*;

use super::{gone, object, with};
use crate::engine::Time;
use crate::engine::command::whole;
use crate::insight::{Options, Story, report};

/// What facts say about how a campaign spreads. The window of K is in milliseconds, the offset of local days in minutes;
/// what is not a number is the default, and for `now` the last fact's time.
#[wasm_bindgen]
pub fn insight(facts: &[u8], window: f64, offset: f64, now: f64) -> JsValue {
    let usual = Options::default();
    let options = Options {
        window: whole(window).filter(|window| *window > 0).unwrap_or(usual.window),
        offset: whole(offset).and_then(|offset| i32::try_from(offset).ok()).unwrap_or(usual.offset),
        now: whole(now),
    };
    let mut story = Story::default();
    story.read(facts);
    object(&report(&story, &options))
}

/// The live codes of an engine's campaign with their loads.
#[wasm_bindgen(js_name = liveCodes)]
pub fn live_codes(handle: u32, at: f64) -> JsValue {
    let at = Time(whole(at).unwrap_or(0));
    with(handle, |engine| object(&engine.live_codes(at))).unwrap_or_else(gone)
}
