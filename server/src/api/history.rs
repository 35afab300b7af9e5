//! What happened: facts, the log, facts live, and the audit that decides everything again.

use super::{Params, json_text, wrong_query};
use crate::answer;
use crate::app::App;
use crate::auth;
use crate::error::{Code, Failure};
use crate::live::{self, Listen};
use crate::log::{Kind, Stored};
use crate::machine::{Difference, Machine};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Records looked at for one answer, if the request does not say.
const LIMIT: u32 = 500;

/// Records looked at for one answer at most.
const MOST: u32 = 5_000;

/// Differences that an audit names at most.
const NAMED: usize = 100;

/// `GET /v1/campaigns/{c}/facts`: facts after a position. `limit` counts records, and `next` is where to go on.
///
/// # Errors
/// A page has to name a loop.
pub async fn facts(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
    params: Result<Query<Params>, QueryRejection>,
) -> Result<Response, Failure> {
    let caller = app.caller(&headers, from)?;
    let Query(params) = params.map_err(wrong_query)?;
    if params.in_loop.is_none() {
        caller.backend()?;
    }
    let in_loop = params.in_loop.clone();
    let mut facts = Vec::new();
    let mut next = params.after.unwrap_or(0);
    // A page of refused commands has no fact; an empty list has to mean that nothing follows.
    while facts.is_empty() {
        let (page, after) = read(&app, &campaign, in_loop.clone(), next, params.limit).await?;
        if page.is_empty() {
            break;
        }
        next = after;
        for Stored { record, .. } in &page {
            let found = answer::facts(&record.answer).into_iter();
            let wanted = found.filter(|fact| fact.concerns(in_loop.as_deref(), &record.loops));
            facts.extend(wanted.map(|fact| fact.json.get().to_owned()));
        }
    }
    Ok(json_text(StatusCode::OK, format!("{{\"facts\":[{}],\"next\":{next}}}", facts.join(","))))
}

/// `GET /v1/campaigns/{c}/log`: commands after a position, each as it was stamped, with its sequence. With
/// `entries=true` the log as an audit takes it: commands with their answers, and the documents between them.
///
/// # Errors
/// Without the secret key.
pub async fn log(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
    params: Result<Query<Params>, QueryRejection>,
) -> Result<Response, Failure> {
    app.caller(&headers, from)?.backend()?;
    let Query(params) = params.map_err(wrong_query)?;
    let after = params.after.unwrap_or(0);
    let (page, next) = read(&app, &campaign, params.in_loop, after, params.limit).await?;
    let (name, list): (&str, Vec<String>) = if params.entries == Some(true) {
        ("entries", page.iter().filter_map(Stored::entry).collect())
    } else {
        let commands = page.iter().filter(|stored| stored.record.kind == Kind::Command);
        ("commands", commands.filter_map(|stored| stored.numbered(&stored.record.body)).collect())
    };
    Ok(json_text(StatusCode::OK, format!("{{\"{name}\":[{}],\"next\":{next}}}", list.join(","))))
}

/// `GET /v1/campaigns/{c}/events`: server-sent events, one per fact. `Last-Event-ID` wins over `after`; without
/// either the events begin now. A page that has no loop yet may connect all the same, and hears nothing.
///
/// # Errors
/// A page sends its key as `?key=`; a backend sends its key as a header.
pub async fn events(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
    params: Result<Query<Params>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(params) = params.map_err(wrong_query)?;
    match &params.key {
        Some(key) => {
            app.limit_address(&headers, from)?;
            if !auth::is_publishable(key, &app.secrets) {
                return Err(Code::KeyWrong.into());
            }
        }
        None => app.caller(&headers, from)?.backend()?,
    }
    // No loop has an empty id.
    let in_loop = params.in_loop.or_else(|| params.key.map(|_| String::new()));
    let keeper = app.campaigns.get(&campaign)?;
    if app.metrics.listeners() >= app.config.limits.listeners {
        return Err(Failure::from(Code::Busy).after(5));
    }
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let listen = Listen {
        log: Arc::clone(&app.log),
        campaign,
        in_loop,
        after: last.or(params.after).unwrap_or_else(|| keeper.seq()),
        stop: app.stop.clone(),
    };
    let listening = app.metrics.listening();
    let stream = live::events(&keeper.hub, listen).map(move |event| {
        let _counted_while_it_lives = &listening;
        event
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(([("x-accel-buffering", "no")], Sse::new(stream).keep_alive(alive)).into_response())
}

/// `GET /v1/campaigns/{c}/audit`: decides the whole log again and compares every answer, and the digest of the
/// state with that of the engine that serves.
///
/// # Errors
/// Without the secret key, or when the log cannot be read.
pub async fn audit(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
) -> Result<Response, Failure> {
    app.caller(&headers, from)?.backend()?;
    let (seq, digest) = app.campaigns.get(&campaign)?.digest().await?;
    let log = Arc::clone(&app.log);
    let replayed = tokio::task::spawn_blocking(move || {
        let mut count = 0u64;
        let mut named: Vec<Difference> = Vec::new();
        let machine = Machine::replay(&*log, &campaign, seq, |difference| {
            count += 1;
            if named.len() < NAMED {
                named.push(difference);
            }
            Ok(())
        });
        machine.map(|machine| (machine.map(|machine| machine.digest()), count, named))
    });
    let replayed = replayed.await.map_err(|_| Code::Unavailable)?;
    let (again, count, named) =
        replayed.map_err(|error| Failure::from(Code::Unavailable).with("detail", error.to_string()))?;
    let same = again.as_ref() == Some(&digest);
    Ok(Json(json!({
        "ok": same && count == 0, "records": seq, "digest": digest, "replayed": again,
        "different": count, "differences": named,
    }))
    .into_response())
}

/// One page of the log, and the position after it.
async fn read(
    app: &App,
    campaign: &str,
    in_loop: Option<String>,
    after: u64,
    limit: Option<u32>,
) -> Result<(Vec<Stored>, u64), Failure> {
    let keeper = app.campaigns.get(campaign)?;
    let limit = limit.unwrap_or(LIMIT).clamp(1, MOST);
    let log = Arc::clone(&app.log);
    let page =
        tokio::task::spawn_blocking(move || log.read(&keeper.campaign, in_loop.as_deref(), after, limit));
    let page = page.await.map_err(|_| Code::Unavailable)?.map_err(|_| Code::Unavailable)?;
    let next = page.last().map_or(after, |stored| stored.seq);
    Ok((page, next))
}
