//! Insight and live codes for those who run a campaign.

use wasm_bindgen::prelude::*;

use serde::Serialize;

use super::{error, gone, object, with};
use crate::attribution::credit::{Model, Path, Transform, credit_of, transform, within};
use crate::attribution::inviters::{Eligible, Inviters, Lock, Rebind, RenewOn};
use crate::attribution::lock;
use crate::audience::segments::Group;
use crate::engine::Time;
use crate::engine::command::whole;
use crate::engine::time::Span;
use crate::insight::experiment::{Arm, compare, sample_ratio};
use crate::insight::{Options, Story, report_with};
use crate::json::tree::{Node, parse};

/// What facts say about how a campaign spreads. The window of K, how far back credit looks and the half-life of touches are in
/// milliseconds, the offset of local days in minutes; what is not a number is the default, and for `now` the last fact's time.
/// `paths` is `exposure`, `first` or `without-direct`; with anything else paths are as they are. `groups` is a JSON list of
/// what [`segments`] gives.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "each is a wish of its own")]
pub fn insight(
    facts: &[u8],
    window: f64,
    offset: f64,
    now: f64,
    look_back: f64,
    half_life: f64,
    paths: &str,
    groups: &str,
) -> JsValue {
    let usual = Options::default();
    let span = |given: f64, usual: i64| whole(given).filter(|span| *span > 0).unwrap_or(usual);
    let options = Options {
        window: span(window, usual.window),
        offset: whole(offset).and_then(|offset| i32::try_from(offset).ok()).unwrap_or(usual.offset),
        now: whole(now),
        look_back: span(look_back, usual.look_back),
        half_life: span(half_life, usual.half_life),
        transform: Transform::parse(paths, 0).unwrap_or(usual.transform),
    };
    let mut story = Story::default();
    story.read(facts);
    object(&report_with(&story, &options, &groups_of(groups)))
}

fn groups_of(text: &str) -> Vec<Group> {
    let tree = parse(text);
    let text = |node: &Node<'_>| node.text().map(str::to_owned);
    let group = |node: &Node<'_>| {
        let people = node.get("people")?.entries().iter().filter_map(text).collect();
        Some(Group { segment: node.get("segment").and_then(text)?, people })
    };
    tree.root.iter().flat_map(Node::entries).filter_map(group).collect()
}

/// Who is in which segment of an engine's campaign.
#[wasm_bindgen]
pub fn segments(handle: u32, at: f64) -> JsValue {
    let at = Time(whole(at).unwrap_or(0));
    with(handle, |engine| object(&engine.segments(at))).unwrap_or_else(gone)
}

/// The credit of each channel for paths that are given as columns: the touches of all paths one after the other, how many of
/// them each path has, when each was and when the path's conversions were, and for each path how many people it converted and
/// how many not. `worth` is what is shared out, in whole units. Without `how_far`, touches of any age count.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "columns cross at once, which objects do not")]
pub fn credit(
    channels: usize,
    touches: &[u32],
    times: &[f64],
    lengths: &[u32],
    ends: &[f64],
    converted: &[u32],
    lost: &[u32],
    worth: &[f64],
    model: &str,
    first: u32,
    last: u32,
    half_life: f64,
    direct: u32,
    how_far: f64,
    paths: &str,
) -> JsValue {
    let model = match model {
        "first" => Model::First,
        "last" => Model::Last,
        "lastNonDirect" => Model::LastBut(direct),
        "linear" => Model::Linear,
        "position" => Model::Position(first, last),
        "timeDecay" => Model::TimeDecay(whole(half_life).unwrap_or(1)),
        "markov" => Model::Markov,
        "shapley" => Model::Shapley,
        _ => {
            return error(
                "MODEL_UNKNOWN",
                "There is no credit model of this name.",
                "没有这个名称的归因模型。",
            );
        }
    };
    let how = Transform::parse(paths, direct).unwrap_or(Transform::None);
    let mut all = touches.iter().zip(times).map(|(channel, at)| (*channel, whole(*at).unwrap_or(0)));
    let path = |(((length, end), converted), lost): (((&u32, &f64), &u32), &u32)| {
        let length = usize::try_from(*length).unwrap_or(0);
        let met: Vec<(u32, i64)> = all.by_ref().take(length).collect();
        let at = whole(*end).unwrap_or(0);
        let counting = whole(how_far).map_or_else(|| met.clone(), |window| within(&met, at, window));
        let (value, lost) = (u64::from(*converted), u64::from(*lost));
        Path { touches: transform(&counting, how), at, value, lost }
    };
    let paths: Vec<Path> = lengths.iter().zip(ends).zip(converted).zip(lost).map(path).collect();
    let worth: Vec<u64> = worth
        .iter()
        .map(|worth| whole(*worth).and_then(|worth| u64::try_from(worth).ok()).unwrap_or(0))
        .collect();
    object(&credit_of(&paths, &worth, channels, model))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Compared {
    sample_ratio: f64,
    against_first: Vec<crate::insight::experiment::Comparison>,
}

/// Whether people came to the arms of an experiment in the proportion of the weights, and each arm after the first against it.
#[wasm_bindgen(js_name = compareArms)]
pub fn compare_arms(people: &[u32], converted: &[u32], weights: &[u32]) -> JsValue {
    let arms: Vec<Arm> = people
        .iter()
        .zip(converted)
        .map(|(people, converted)| Arm { people: *people, converted: *converted.min(people) })
        .collect();
    let first = arms.first().copied().unwrap_or_default();
    object(&Compared {
        sample_ratio: sample_ratio(people, weights),
        against_first: arms.iter().skip(1).map(|arm| compare(first, *arm)).collect(),
    })
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
