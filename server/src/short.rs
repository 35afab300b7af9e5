//! Short links: `/r/{token}` leads to the campaign's page and hands it the token.

use crate::app::App;
use crate::error::{Code, Failure};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use kfactor::attribution::Token;
use std::net::SocketAddr;
use std::sync::Arc;

/// The parameter in which a page finds the token.
pub const PARAMETER: &str = "kf";

/// `GET /r/{token}`: verifies the token and redirects to the page of its campaign.
///
/// The page is the `page` of the campaign document, or this server's own `/?campaign=<id>`; either gets the
/// token as `kf` and, where the token was shared for one, the loop as `loop`.
pub async fn redirect(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response, Failure> {
    app.limit_address(&headers, from)?;
    let Some(page) = target(&app, &token).await? else { return Ok(refuse(&headers)) };
    let headers = [
        (header::LOCATION, page),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    Ok((StatusCode::FOUND, headers).into_response())
}

async fn target(app: &App, token: &str) -> Result<Option<String>, Failure> {
    let Ok(read) = app.secrets.verify(token) else { return Ok(None) };
    let mut keepers = app.campaigns.all().into_iter();
    let Some(keeper) = keepers.find(|keeper| keeper.document().number == read.campaign) else {
        return Ok(None);
    };
    let in_loop = if read.kind == Token::LOOP_SHARE { keeper.shared_loop(read.inviter).await? } else { None };
    let in_loop = in_loop.map(|name| format!("&loop={name}")).unwrap_or_default();
    let document = keeper.document();
    let own = || format!("{}/?campaign={}", app.public_url, keeper.campaign);
    let page = document.page.clone().unwrap_or_else(own);
    // The parameter belongs before a fragment.
    let (page, fragment) =
        page.split_once('#').map_or((page.as_str(), None), |(page, rest)| (page, Some(rest)));
    let joint = if page.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|rest| format!("#{rest}")).unwrap_or_default();
    Ok(Some(format!("{page}{joint}{PARAMETER}={token}{in_loop}{fragment}")))
}

/// Tells a person in words, and a program by code, that the link is not valid.
fn refuse(headers: &HeaderMap) -> Response {
    let wants_page = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if !wants_page {
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
