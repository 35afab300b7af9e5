//! The demonstration: a stand-in for the site around the campaign, on this machine only.
//!
//! It plays the parts that belong to the site's own backend: it proves participants, says that a payment or an
//! event happened, reviews, hands rewards over, and moves the clock. No money moves, and every answer says so.

use crate::api::json_text;
use crate::app::App;
use crate::auth;
use crate::envelope::Envelope;
use crate::error::{Code, Failure};
use crate::{api, secrets};
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const NOTE: &str = "demonstration: no money moves 演示环境，不会产生真实支付";

/// The paths of the demonstration.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/demo/campaigns", get(campaigns))
        .route("/demo/identity", get(identity))
        .route("/demo/pay", post(pay))
        .route("/demo/event", post(event))
        .route("/demo/refund", post(refund))
        .route("/demo/act", post(act))
        .route("/demo/clock", post(clock))
        .route("/demo/insight", get(insight))
        .route("/demo/live-codes", get(live_codes))
}

/// The ids of the campaigns that run here.
async fn campaigns(State(app): State<Arc<App>>) -> Response {
    let ids: Vec<_> = app.campaigns.all().iter().map(|keeper| keeper.campaign.clone()).collect();
    Json(json!({ "campaigns": ids, "note": NOTE })).into_response()
}

#[derive(Deserialize)]
struct Of {
    campaign: String,
    window: Option<String>,
}

/// The insight of a campaign, without a key.
async fn insight(
    State(app): State<Arc<App>>,
    of: Result<Query<Of>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(Of { campaign, window }) = of.map_err(|_| Code::ParameterWrong)?;
    let wishes = api::insight::Wishes { window: window.as_deref(), ..Default::default() };
    Ok(json_text(StatusCode::OK, api::insight::report_of(&app, &campaign, wishes).await?))
}

/// The live codes of a campaign, without a key.
async fn live_codes(
    State(app): State<Arc<App>>,
    of: Result<Query<Of>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(Of { campaign, .. }) = of.map_err(|_| Code::ParameterWrong)?;
    Ok(json_text(StatusCode::OK, app.campaigns.get(&campaign)?.live_codes().await?))
}

#[derive(Deserialize)]
struct Who {
    participant: String,
}

/// What the site's backend would give a page: its participant, the proof, and the publishable key.
async fn identity(
    State(app): State<Arc<App>>,
    who: Result<Query<Who>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(Who { participant }) = who.map_err(|_| Code::ParameterWrong)?;
    let proof = auth::proof(&app.secrets.participant_secret, &participant);
    let key = app.secrets.publishable_keys.first();
    Ok(Json(json!({ "participant": participant, "proof": proof, "key": key, "note": NOTE })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    campaign: String,
    by: String,
    #[serde(rename = "loop")]
    in_loop: Option<String>,
    play: Option<String>,
    order: Option<String>,
    amount: u64,
}

/// A payment provider that always succeeds.
async fn pay(
    State(app): State<Arc<App>>,
    payment: Result<Json<Payment>, JsonRejection>,
) -> Result<Response, Failure> {
    let Json(Payment { campaign, by, in_loop, play, order, amount }) = payment.map_err(wrong_body)?;
    let order = order_or_new(order)?;
    let command =
        json!({ "do": "pay", "by": by, "loop": in_loop, "play": play, "order": order, "amount": amount });
    send(&app, &campaign, command, Some(order)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Happening {
    campaign: String,
    by: String,
    name: String,
    order: Option<String>,
    amount: Option<u64>,
    count: Option<u32>,
    price: Option<u64>,
}

/// Something that happened on the site.
async fn event(
    State(app): State<Arc<App>>,
    happening: Result<Json<Happening>, JsonRejection>,
) -> Result<Response, Failure> {
    let Json(Happening { campaign, by, name, order, amount, count, price }) =
        happening.map_err(wrong_body)?;
    let order = order_or_new(order)?;
    let command = json!({
        "do": "event", "by": by, "name": name, "order": order, "amount": amount, "count": count, "price": price
    });
    send(&app, &campaign, command, Some(order)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refund {
    campaign: String,
    order: String,
}

/// An order that was paid back.
async fn refund(
    State(app): State<Arc<App>>,
    refund: Result<Json<Refund>, JsonRejection>,
) -> Result<Response, Failure> {
    let Json(Refund { campaign, order }) = refund.map_err(wrong_body)?;
    send(&app, &campaign, json!({ "do": "refund", "order": order }), Some(order)).await
}

/// Acts of the site's backend that are passed on as they are.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BackendAct {
    Review,
    Enter,
    Exit,
    Message,
    Fulfil,
    Fail,
    Revoke,
    Use,
    Tick,
}

impl BackendAct {
    fn name(&self) -> &'static str {
        match self {
            BackendAct::Review => "review",
            BackendAct::Enter => "enter",
            BackendAct::Exit => "exit",
            BackendAct::Message => "message",
            BackendAct::Fulfil => "fulfil",
            BackendAct::Fail => "fail",
            BackendAct::Revoke => "revoke",
            BackendAct::Use => "use",
            BackendAct::Tick => "tick",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deed {
    campaign: String,
    #[serde(rename = "do")]
    act: BackendAct,
    /// Tells two presses of a button apart; the same press is the same command.
    press: String,
    by: Option<String>,
    #[serde(rename = "loop")]
    in_loop: Option<String>,
    play: Option<String>,
    code: Option<String>,
    name: Option<String>,
    text: Option<String>,
    grant: Option<String>,
    reason: Option<String>,
}

/// Any other act that only the site's backend may do.
async fn act(
    State(app): State<Arc<App>>,
    deed: Result<Json<Deed>, JsonRejection>,
) -> Result<Response, Failure> {
    let Json(deed) = deed.map_err(wrong_body)?;
    let command = json!({
        "do": deed.act.name(), "by": deed.by, "loop": deed.in_loop, "play": deed.play, "code": deed.code,
        "name": deed.name, "text": deed.text, "grant": deed.grant, "reason": deed.reason
    });
    send_as(&app, &deed.campaign, command, &deed.press, None).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forward {
    /// Milliseconds to move the clock ahead.
    forward: u32,
}

/// Moves the server's clock ahead, to see what a day later looks like.
async fn clock(
    State(app): State<Arc<App>>,
    forward: Result<Json<Forward>, JsonRejection>,
) -> Result<Response, Failure> {
    let Json(Forward { forward }) = forward.map_err(wrong_body)?;
    app.clock.forward(forward);
    Ok(Json(json!({ "ok": true, "now": app.clock.now(), "note": NOTE })).into_response())
}

async fn send(app: &App, campaign: &str, command: Value, order: Option<String>) -> Result<Response, Failure> {
    send_as(app, campaign, command, "", order).await
}

async fn send_as(
    app: &App,
    campaign: &str,
    command: Value,
    press: &str,
    order: Option<String>,
) -> Result<Response, Failure> {
    let mut members: Map<String, Value> = match command {
        Value::Object(members) => members.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    };
    let is_message = members.get("do").is_some_and(|act| act == "message");
    // The same request is the same command, so that pressing a button twice pays once.
    let body = serde_json::to_string(&members).map_err(|_| Code::BodyMalformed)?;
    let digest = auth::hex(&Sha256::digest([body.as_bytes(), press.as_bytes()].concat()));
    members.insert("id".to_owned(), format!("demo-{}", digest.get(..24).unwrap_or(&digest)).into());
    let text = serde_json::to_string(&members).map_err(|_| Code::BodyMalformed)?;
    let envelope = serde_json::from_str::<Envelope>(&text).map_err(|_| Code::BodyMalformed)?;
    let keeper = app.campaigns.get(campaign)?;
    let answers = keeper.submit(vec![envelope]).await?;
    let answer = answers.first().ok_or(Code::OutcomeUnknown)?;
    let message = members.get("text").and_then(Value::as_str).filter(|_| is_message);
    let mut answer: Map<String, Value> =
        serde_json::from_str(&keeper.document().complete(answer, message)).map_err(|_| Code::Unavailable)?;
    answer.insert("order".to_owned(), order.into());
    answer.insert("note".to_owned(), NOTE.into());
    Ok(json_text(StatusCode::OK, Value::Object(answer).to_string()))
}

fn order_or_new(order: Option<String>) -> Result<String, Failure> {
    let new = || secrets::random().map(|random| format!("demo-{}", random.get(..12).unwrap_or(&random)));
    order.map_or_else(new, Ok).map_err(|_| Code::Unavailable.into())
}

fn wrong_body(rejection: JsonRejection) -> Failure {
    Failure::from(Code::BodyMalformed).with("detail", rejection.body_text())
}
