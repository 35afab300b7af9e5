//! Insight: what the facts of a campaign say about how it spreads.

use super::{Params, json_text, wrong_query};
use crate::app::App;
use crate::error::{Code, Failure};
use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use kfactor::attribution::credit::Transform;
use kfactor::campaign::units::parse_span;
use kfactor::insight::{Options, Story, report_with};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Records read from the log at a time.
const PAGE: u32 = 2_000;

/// What was read of the logs, by campaign: each question reads only what is new.
#[derive(Default)]
pub struct Stories(Mutex<BTreeMap<String, Arc<Mutex<Reading>>>>);

/// The facts of a log up to a record.
#[derive(Default)]
struct Reading {
    story: Story,
    seq: u64,
}

/// How a report is wanted; what is absent is as usual. Spans are written as `7d`.
#[derive(Clone, Copy, Default)]
pub struct Wishes<'w> {
    /// The span in which those whom people bring count for K.
    pub window: Option<&'w str>,
    /// How far back a touch can lie and still be given credit.
    pub look_back: Option<&'w str>,
    /// For each of these spans before the conversion a touch weighs half as much.
    pub half_life: Option<&'w str>,
    /// How paths are shortened before: `none`, `exposure`, `first` or `without-direct`.
    pub transform: Option<&'w str>,
}

/// `GET /v1/campaigns/{c}/insight`: the report; `window`, `lookBack`, `halfLife` and `transform` are those of [`Wishes`].
///
/// # Errors
/// Without the secret key, for an unknown campaign or a span that is none, and when the log fails.
pub async fn insight(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
    params: Result<Query<Params>, QueryRejection>,
) -> Result<Response, Failure> {
    app.caller(&headers, from)?.backend()?;
    let Query(params) = params.map_err(wrong_query)?;
    let wishes = Wishes {
        window: params.window.as_deref(),
        look_back: params.look_back.as_deref(),
        half_life: params.half_life.as_deref(),
        transform: params.transform.as_deref(),
    };
    Ok(json_text(StatusCode::OK, report_of(&app, &campaign, wishes).await?))
}

/// The report of a campaign, as JSON.
///
/// # Errors
/// As [`insight`], apart from keys.
pub async fn report_of(app: &Arc<App>, campaign: &str, wishes: Wishes<'_>) -> Result<String, Failure> {
    let keeper = app.campaigns.get(campaign)?;
    let usual = Options::default();
    let span = |text: Option<&str>, usual: i64| match text {
        Some(text) => parse_span(text).map(|span| span.0).ok_or(Code::ParameterWrong),
        None => Ok(usual),
    };
    let transform = match wishes.transform {
        Some(word) => Transform::parse(word, 0).ok_or(Code::ParameterWrong)?,
        None => usual.transform,
    };
    let options = Options {
        window: span(wishes.window, usual.window)?,
        offset: keeper.document().locale.timezone.0,
        now: Some(app.clock.now()),
        look_back: span(wishes.look_back, usual.look_back)?,
        half_life: span(wishes.half_life, usual.half_life)?,
        transform,
    };
    let groups = keeper.segments().await?;
    let reading = {
        let mut stories = app.stories.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(stories.entry(campaign.to_owned()).or_default())
    };
    let (app, campaign) = (Arc::clone(app), campaign.to_owned());
    let made = tokio::task::spawn_blocking(move || {
        let mut reading = reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.follow(&app, &campaign)?;
        serde_json::to_string(&report_with(&reading.story, &options, &groups))
            .map_err(|_| Failure::from(Code::Unavailable))
    });
    made.await.map_err(|_| Code::Unavailable)?
}

impl Reading {
    /// Reads what the log has got since.
    fn follow(&mut self, app: &App, campaign: &str) -> Result<(), Failure> {
        loop {
            let page = app.log.read(campaign, None, self.seq, PAGE).map_err(|_| Code::Unavailable)?;
            let Some(last) = page.last() else { return Ok(()) };
            self.seq = last.seq;
            for stored in &page {
                self.story.read(stored.record.answer.as_bytes());
            }
        }
    }
}
