//! Short links: `/r/{token}` leads to the campaign's page and hands it the token.

use crate::app::App;
use crate::error::{Code, Failure};
use crate::keeper::Keeper;
use crate::livecode;
use axum::Json;
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use kfactor::attribution::Token;
use kfactor::livecode::link::carry;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

/// `GET /r/{token}`: verifies the token and redirects to the page of its campaign. Programs that accept JSON only are told
/// campaign and loop instead: the code of a mini-program has room for a token and nothing else.
///
/// The page is the `page` of the campaign document, or this server's own `/?campaign=<id>`; either gets the
/// token as `kf`, where the token was shared for one the loop as `loop`, and the parameters of the link. A token of a
/// touchpoint with a live code leads to one of its targets instead.
pub async fn redirect(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    app.limit_address(&headers, from)?;
    let Some((keeper, read)) = keeper_of(&app, &token) else { return Ok(refuse(&headers)) };
    if wants(&headers, "application/json") {
        let in_loop = shared_loop(&keeper, &read).await?;
        return Ok(Json(json!({ "ok": true, "campaign": keeper.campaign, "loop": in_loop })).into_response());
    }
    let query = query.unwrap_or_default();
    let code = keeper.document().led.get(&read.touchpoint).cloned();
    if let Some(code) = code {
        if livecode::is_prefetch(&headers) {
            // A place is only for someone who comes.
            return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
        }
        let led = livecode::lead(&app, &keeper, &code, &token, &headers, &query).await?;
        let mut response = see_other(led.location);
        if let Ok(cookie) = led.cookie.parse() {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        return Ok(response);
    }
    let in_loop = shared_loop(&keeper, &read).await?;
    let in_loop: Vec<(&str, &str)> = in_loop.iter().map(|name| ("loop", name.as_str())).collect();
    let own = || format!("{}/?campaign={}", app.public_url, keeper.campaign);
    let page = keeper.document().page.clone().unwrap_or_else(own);
    Ok(see_other(carry(&page, &token, &in_loop, &query)))
}

/// The campaign that a genuine token is for, and what the token says.
fn keeper_of(app: &App, token: &str) -> Option<(Arc<Keeper>, Token)> {
    let read = app.secrets.verify(token).ok()?;
    let mut keepers = app.campaigns.all().into_iter();
    Some((keepers.find(|keeper| keeper.document().number == read.campaign)?, read))
}

/// The loop that a token was shared for, if for one.
async fn shared_loop(keeper: &Keeper, token: &Token) -> Result<Option<String>, Failure> {
    if token.kind == Token::LOOP_SHARE { keeper.shared_loop(token.inviter).await } else { Ok(None) }
}

/// Whether a program asks for a kind of content by its name.
fn wants(headers: &HeaderMap, kind: &str) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains(kind))
}

fn see_other(page: String) -> Response {
    let headers = [
        (header::LOCATION, page),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (StatusCode::FOUND, headers).into_response()
}

/// Tells a person in words, and a program by code, that the link is not valid.
fn refuse(headers: &HeaderMap) -> Response {
    if !wants(headers, "text/html") {
        return Code::TokenInvalid.into_response();
    }
    let (english, chinese) = Code::TokenInvalid.sentences();
    let page = format!(
        "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>404</title>\
         <p>{chinese}<p lang=\"en\">{english}"
    );
    (StatusCode::NOT_FOUND, Html(page)).into_response()
}
