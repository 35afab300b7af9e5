//! Outboxes across the boundary: numbered like engines, numbers in, numbers out. `pkg-template/src/report/outbox.ts` is the
//! other side.

use wasm_bindgen::prelude::*;

use super::{Shared, double};
use crate::engine::command::whole;
use crate::engine::time::{Span, Time};
use crate::report::outbox::{Consent, Input, Outbox, Record};
use crate::report::privacy;

static OUTBOXES: Shared<Vec<Outbox>> = Shared::new(Vec::new());

/// Opens an outbox for a destination that takes `most` records a request; its number. Consent is 0 while it is unknown, 1 if
/// it is granted, 2 if it is denied.
#[wasm_bindgen(js_name = openOutbox)]
pub fn open_outbox(most: usize, agreed: u32) -> usize {
    let outboxes = OUTBOXES.get();
    outboxes.push(Outbox::new(most, consent(agreed)));
    outboxes.len() - 1
}

/// Tells an outbox what happened, by the number of an input with what belongs to it (see `read`). The answer: what to do, as
/// words (see `src/report/outbox/effect.rs`); then how many milliseconds it wants to sleep, `u32::MAX` if it waits for nothing,
/// and the status for which it is parked, or 0.
#[wasm_bindgen(js_name = stepOutbox)]
pub fn step_outbox(
    outbox: usize,
    input: u32,
    number: u32,
    size: u32,
    time: f64,
    now: f64,
    chance: u32,
) -> Vec<u32> {
    let Some(outbox) = OUTBOXES.get().get_mut(outbox) else { return Vec::new() };
    let now = Time(whole(now).unwrap_or(0));
    let mut out = outbox.step_in_words(read(input, number, size, whole(time).unwrap_or(0)), now, chance);
    let sleep = u32::try_from((outbox.wake(now).0 - now.0).max(0)).unwrap_or(u32::MAX);
    out.extend_from_slice(&[sleep, u32::from(outbox.parked())]);
    out
}

/// The first 48 bits of the pseudonym of a text in a campaign.
#[wasm_bindgen]
pub fn pseudonym(campaign: &str, text: &str) -> f64 {
    double(privacy::pseudonym(campaign, text))
}

fn read(input: u32, number: u32, size: u32, time: i64) -> Input {
    let record = Record { number, size, since: Time(time) };
    match input {
        0 => Input::Track(record),
        1 => Input::Recovered(record),
        2 => Input::Told(record),
        3 => Input::Stored(number),
        4 => Input::NotStored(number),
        5 => Input::Moved(number),
        6 => Input::Fitted { batch: number, count: usize::try_from(size).unwrap_or(0) },
        7 => {
            let status = u16::try_from(size).unwrap_or(0);
            Input::Answered { batch: number, status, wait: Span(time) }
        }
        8 => Input::Hidden,
        9 => Input::Hurry,
        10 => Input::Consent(consent(number)),
        _ => Input::Tick,
    }
}

fn consent(number: u32) -> Consent {
    match number {
        0 => Consent::Unknown,
        1 => Consent::Granted,
        _ => Consent::Denied,
    }
}
