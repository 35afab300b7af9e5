//! Share material: a signed token, a short link and a referral code.

use super::{json_text, read_body};
use crate::app::App;
use crate::auth::Caller;
use crate::envelope::Envelope;
use crate::error::{Code, Failure};
use crate::keeper::Keeper;
use crate::machine::refused_answer;
use crate::words;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use kfactor::attribution::Token;
use serde::Deserialize;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

/// Who shares what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The command's id.
    pub id: String,
    /// The participant.
    pub by: String,
    /// The loop, if one is shared.
    #[serde(rename = "loop")]
    pub in_loop: Option<String>,
    /// The touchpoint that those who come are counted for.
    pub touchpoint: Option<String>,
}

/// What is shared.
pub struct Shared {
    /// The token.
    pub token: String,
    /// The short link that holds it.
    pub url: String,
    /// The code to type.
    pub code: String,
}

/// `POST /v1/campaigns/{c}/share`: a token that carries this participant on, the short link that holds it,
/// and a code to type.
///
/// Sharing again is sharing the same: handle and code of a participant stay, for each loop and in general.
///
/// # Errors
/// Keys, proofs and limits; what the rules refuse is an answer, as for commands.
pub async fn share(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let caller = app.caller(&headers, from)?;
    let keeper = app.campaigns.get(&campaign)?;
    let asked: Asked = read_body(body)?;
    match material(&app, &keeper, &campaign, &caller, asked).await? {
        Ok(Shared { token, url, code }) => {
            let shared = json!({ "ok": true, "token": token, "url": url, "code": code });
            Ok(json_text(StatusCode::OK, shared.to_string()))
        }
        Err(refused) => Ok(refused),
    }
}

/// Shares, and gives what is shared, or the answer that says why the rules refuse it.
///
/// # Errors
/// As for [`share`].
pub async fn material(
    app: &App,
    keeper: &Keeper,
    campaign: &str,
    caller: &Caller,
    asked: Asked,
) -> Result<Result<Shared, Response>, Failure> {
    let participant = caller.participant(Some(&asked.by))?;
    if *caller != Caller::Backend {
        app.limit(&app.limiters.participant, &format!("{campaign} {participant}"), 1)?;
    }
    let document = keeper.document();
    let touchpoint = match &asked.touchpoint {
        None => 0,
        Some(name) => match document.touchpoints.get(name) {
            Some(number) => *number,
            None => {
                let code = kfactor::engine::Code::TouchpointUnknown;
                let refused = refused_answer(&asked.id, code, Some(name));
                return Ok(Err(json_text(StatusCode::OK, words::complete(&refused, &document.locale))));
            }
        },
    };
    let mut command = json!({ "id": asked.id, "do": "share", "by": asked.by });
    if let (Some(in_loop), Some(members)) = (&asked.in_loop, command.as_object_mut()) {
        members.insert("loop".to_owned(), in_loop.as_str().into());
    }
    let envelope = serde_json::from_str::<Envelope>(&command.to_string()).map_err(|_| Code::BodyMalformed)?;
    let answers = keeper.submit(vec![envelope]).await?;
    let answer = answers.first().ok_or(Code::OutcomeUnknown)?;
    if !answer.starts_with("{\"ok\":true") {
        return Ok(Err(json_text(StatusCode::OK, words::complete(answer, &document.locale))));
    }
    let material = keeper.share(participant, asked.in_loop).await?.ok_or(Code::Unavailable)?;
    let token = app.secrets.mint(Token { touchpoint, ..material.token }).map_err(|_| Code::Unavailable)?;
    let url = format!("{}/r/{token}", app.public_url);
    Ok(Ok(Shared { token, url, code: material.code }))
}
