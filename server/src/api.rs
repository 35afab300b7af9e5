//! The paths under `/v1`, and health and metrics.

pub mod commands;
pub mod history;
pub mod insight;
pub mod poster;
pub mod share;

use crate::app::App;
use crate::error::{Code, Failure};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

/// What a query may hold; each path reads its own part.
#[derive(Debug, Default, Deserialize)]
pub struct Params {
    after: Option<u64>,
    #[serde(rename = "loop")]
    in_loop: Option<String>,
    limit: Option<u32>,
    entries: Option<bool>,
    participant: Option<String>,
    key: Option<String>,
    window: Option<String>,
    #[serde(rename = "lookBack")]
    look_back: Option<String>,
    #[serde(rename = "halfLife")]
    half_life: Option<String>,
    transform: Option<String>,
}

/// `POST /v1/campaigns`: loads a campaign document, or revises it.
///
/// # Errors
/// Without the secret key, or when the document has problems.
pub async fn load(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    app.caller(&headers, from)?.backend()?;
    let text = String::from_utf8(body.map_err(too_large)?.into()).map_err(|_| Code::BodyMalformed)?;
    let loaded = app.campaigns.load(text).await?;
    let answer = json!({
        "ok": true, "campaign": loaded.campaign, "revision": loaded.revised.revision,
        "changed": loaded.revised.changed, "problems": loaded.warnings,
    });
    Ok(Json(answer).into_response())
}

/// `GET /v1/campaigns/{c}`: the campaign document, as it was written.
///
/// # Errors
/// Without a key, or for an unknown campaign.
pub async fn document(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
) -> Result<Response, Failure> {
    app.caller(&headers, from)?;
    Ok(json_text(StatusCode::OK, app.campaigns.get(&campaign)?.document().text.clone()))
}

/// `GET /v1/campaigns/{c}/view`: what a page needs for one participant.
///
/// # Errors
/// Without a key and proof, or for an unknown campaign.
pub async fn view(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
    params: Result<Query<Params>, QueryRejection>,
) -> Result<Response, Failure> {
    let caller = app.caller(&headers, from)?;
    let Query(params) = params.map_err(wrong_query)?;
    let participant = caller.participant(params.participant.as_deref())?;
    let view = app.campaigns.get(&campaign)?.view(participant, params.in_loop).await?;
    Ok(json_text(StatusCode::OK, view))
}

/// `GET /v1/campaigns/{c}/live-codes`: the targets of live codes, their loads, and where the next scan is led.
///
/// # Errors
/// Without the secret key, or for an unknown campaign.
pub async fn live_codes(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
) -> Result<Response, Failure> {
    app.caller(&headers, from)?.backend()?;
    Ok(json_text(StatusCode::OK, app.campaigns.get(&campaign)?.live_codes().await?))
}

/// `GET /v1/campaigns/{c}/seed`: the commitment to the seed, and the seed once nothing more can be drawn from it.
///
/// # Errors
/// Without a key, or for an unknown campaign.
pub async fn seed(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
) -> Result<Response, Failure> {
    app.caller(&headers, from)?;
    let (commitment, seed) = app.campaigns.get(&campaign)?.seed().await?;
    let answer = json!({ "ok": true, "commitment": commitment, "seed": seed });
    Ok(json_text(StatusCode::OK, answer.to_string()))
}

/// `GET /health`: whether every campaign answers.
pub async fn health(State(app): State<Arc<App>>) -> Response {
    let keepers = app.campaigns.all();
    let mut failing = Vec::new();
    for keeper in &keepers {
        if let Err(failure) = keeper.health().await {
            failing.push(json!({ "campaign": keeper.campaign, "code": failure.code.name() }));
        }
    }
    let status = if failing.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ok": failing.is_empty(), "version": env!("CARGO_PKG_VERSION"),
        "campaigns": keepers.len(), "failing": failing,
    });
    (status, Json(body)).into_response()
}

/// `GET /metrics`: counters in the text form that Prometheus reads.
pub async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let campaigns: Vec<_> =
        app.campaigns.all().iter().map(|keeper| (keeper.campaign.clone(), keeper.seq())).collect();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.text(&campaigns))
}

/// A response whose body is JSON text already.
pub(crate) fn json_text(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], text)
        .into_response()
}

/// Reads a body that is one JSON object.
pub(crate) fn read_body<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, Failure> {
    let body = body.map_err(too_large)?;
    serde_json::from_slice(&body)
        .map_err(|error| Failure::from(Code::BodyMalformed).with("detail", error.to_string()))
}

pub(crate) fn too_large(rejection: BytesRejection) -> Failure {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge.into(),
        _ => Code::BodyMalformed.into(),
    }
}

pub(crate) fn wrong_query(rejection: QueryRejection) -> Failure {
    Failure::from(Code::ParameterWrong).with("detail", rejection.body_text())
}
