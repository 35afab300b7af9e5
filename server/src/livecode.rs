//! Live codes: a link of a touchpoint that has one leads each visitor where the engine says.

use crate::answer;
use crate::app::App;
use crate::envelope::Envelope;
use crate::error::{Code, Failure};
use crate::keeper::Keeper;
use axum::http::{HeaderMap, header};
use kfactor::livecode::link::carry;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Where a live code leads, out of the campaign document.
#[derive(Clone, Debug, Default)]
pub struct LiveCodePages {
    /// The address of each target, by its name; the campaign's page for one without.
    pub targets: BTreeMap<String, Option<String>>,
    /// The page for visitors whom no target takes.
    pub fallback: Option<String>,
}

/// The cookie by which a visitor is known when they scan again. It holds a random number and nothing else.
const COOKIE: &str = "kfv";

/// How long browsers keep it, in seconds: they allow 400 days.
const KEPT: u32 = 400 * 86_400;

/// Where a visitor goes, and the cookie that knows them again.
pub struct Led {
    /// The address.
    pub location: String,
    /// The value of `Set-Cookie`.
    pub cookie: String,
}

/// Scans a live code for a visitor: decided and recorded by the engine, so that no place is given twice.
///
/// # Errors
/// When the queue is full, or the log fails.
pub async fn lead(
    app: &App,
    keeper: &Keeper,
    code: &str,
    token: &str,
    headers: &HeaderMap,
    query: &str,
) -> Result<Led, Failure> {
    let visitor = match visitor(headers) {
        Some(known) => known,
        None => random()?,
    };
    let scan = json!({
        "id": format!("scan:{}", random()?), "do": "scan", "by": format!("v:{visitor}"), "name": code,
        "token": token,
    });
    let envelope = serde_json::from_str::<Envelope>(&scan.to_string()).map_err(|_| Code::BodyMalformed)?;
    let answers = keeper.submit(vec![envelope]).await?;
    let target = answers.first().and_then(|answer| routed(answer));
    let document = keeper.document();
    let pages = document.live_codes.get(code).cloned().unwrap_or_default();
    let own =
        document.page.clone().unwrap_or_else(|| format!("{}/?campaign={}", app.public_url, keeper.campaign));
    let location = match &target {
        Some(target) => match pages.targets.get(target).cloned().flatten() {
            Some(url) => carry(&url, token, &[], query),
            None => carry(&own, token, &[("target", target)], query),
        },
        None => carry(&pages.fallback.unwrap_or(own), token, &[], query),
    };
    let cookie = format!("{COOKIE}={visitor}; Path=/r/; Max-Age={KEPT}; HttpOnly; SameSite=Lax");
    Ok(Led { location, cookie })
}

/// The target that an answer to a scan leads to.
fn routed(answer: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Routed {
        kind: String,
        target: Option<String>,
    }
    let facts = answer::facts(answer).into_iter();
    let facts = facts.filter_map(|fact| serde_json::from_str::<Routed>(fact.json.get()).ok());
    facts.filter(|fact| fact.kind == "routed").find_map(|fact| fact.target)
}

/// Who a cookie says it is, if it can have been set here.
fn visitor(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
    let value = pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))?;
    let is_ours = value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_ours.then(|| value.to_ascii_lowercase())
}

/// Whether a browser only fetches ahead of a visit that may never come.
#[must_use]
pub fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"].iter().any(|name| {
        let value = headers.get(*name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains("prefetch") || value.contains("preview"))
    })
}

fn random() -> Result<String, Code> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Code::Unavailable)?;
    Ok(crate::auth::hex(&bytes))
}
