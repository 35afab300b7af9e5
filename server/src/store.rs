//! Any-store mode: keeps the order of commands and nothing else; the pages decide.
//!
//! Two paths and one table. A site that wants this in its own language needs only what is in this file: append
//! a command once per id, stamp it with a sequence and a time that never goes back, and list what came after
//! a position. Commands that say that money moved or goods were handed over need the site's secret key.

use crate::api::{json_text, too_large, wrong_query};
use crate::app::App;
use crate::auth::Caller;
use crate::envelope::Envelope;
use crate::error::{Code, Failure};
use crate::log::sqlite::connect;
use crate::machine::malformed_answer;
use crate::words;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::{Router, routing::post};
use kfactor::engine::{Act, Command, Malformed};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS command (
    campaign TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    id       TEXT NOT NULL,
    at       INTEGER NOT NULL,
    loop     TEXT,
    body     TEXT NOT NULL,
    PRIMARY KEY (campaign, seq),
    UNIQUE (campaign, id)
);
CREATE INDEX IF NOT EXISTS command_loop ON command (campaign, loop, seq);
";

/// Commands listed at most in one answer.
const PAGE: u32 = 1_000;

/// The commands of every campaign, in one SQLite file.
pub struct Store {
    connection: Mutex<Connection>,
}

/// Where a command came to stand.
struct Place {
    seq: i64,
    at: i64,
}

/// The paths of the store.
pub fn router() -> Router<Arc<App>> {
    Router::new().route("/store/{campaign}/commands", post(append).get(list))
}

impl Store {
    /// Opens the store, making the file when there is none.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &std::path::Path) -> rusqlite::Result<Store> {
        let connection = connect(path)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Store { connection: Mutex::new(connection) })
    }

    /// Appends a command, or finds it where it already stands.
    fn append(&self, campaign: &str, command: &Kept, now: i64, most: u64) -> Result<Place, Code> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |_| Code::NotRecorded;
        let write = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let known = write
            .prepare_cached("SELECT seq, at, body FROM command WHERE campaign = ?1 AND id = ?2")
            .and_then(|mut find| {
                find.query_row(params![campaign, command.envelope.id()], |row| {
                    Ok((Place { seq: row.get(0)?, at: row.get(1)? }, row.get::<_, String>(2)?))
                })
                .optional()
            })
            .map_err(failed)?;
        if let Some((place, body)) = known {
            let same = meaning(&body) == meaning(&command.envelope.stamped(0));
            return if same { Ok(place) } else { Err(Code::CommandIdReused) };
        }
        let last = write
            .prepare_cached("SELECT seq, at FROM command WHERE campaign = ?1 ORDER BY seq DESC LIMIT 1")
            .and_then(|mut last| {
                last.query_row([campaign], |row| Ok(Place { seq: row.get(0)?, at: row.get(1)? })).optional()
            })
            .map_err(failed)?
            .unwrap_or(Place { seq: 0, at: 0 });
        if u64::try_from(last.seq).is_ok_and(|seq| seq >= most) {
            return Err(Code::CampaignFull);
        }
        let place = Place { seq: last.seq.saturating_add(1), at: last.at.max(now) };
        write
            .prepare_cached(
                "INSERT INTO command (campaign, seq, id, at, loop, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .and_then(|mut insert| {
                let body = command.envelope.stamped(place.at);
                let id = command.envelope.id();
                insert.execute(params![campaign, place.seq, id, place.at, command.in_loop, body])
            })
            .map_err(failed)?;
        write.commit().map_err(|_| Code::OutcomeUnknown)?;
        Ok(place)
    }

    /// The commands after a position, as JSON with their sequence, and the position of the last.
    fn list(
        &self,
        campaign: &str,
        in_loop: Option<&str>,
        after: u64,
    ) -> rusqlite::Result<(Vec<String>, i64)> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let rows: Vec<(i64, String)> = connection
            .prepare_cached(
                "SELECT seq, body FROM command
                 WHERE campaign = ?1 AND seq > ?2 AND (?3 IS NULL OR loop = ?3) ORDER BY seq LIMIT ?4",
            )?
            .query_map(params![campaign, after, in_loop, PAGE], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let next = rows.last().map_or(after, |(seq, _)| *seq);
        let with_seq = |(seq, body): (i64, String)| {
            body.strip_prefix('{').map(|members| format!("{{\"seq\":{seq},{members}"))
        };
        Ok((rows.into_iter().filter_map(with_seq).collect(), next))
    }
}

/// A command to keep, and the loop it is listed under.
struct Kept {
    envelope: Envelope,
    in_loop: Option<String>,
}

async fn append(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let caller = app.caller(&headers, from)?;
    let locale = app.campaigns.get(&campaign)?.document().locale;
    let body = body.map_err(too_large)?;
    let refuse = |malformed: &Malformed, text: &str| {
        json_text(StatusCode::BAD_REQUEST, words::complete(&malformed_answer(malformed, text), &locale))
    };
    let Ok(envelope) = serde_json::from_slice::<Envelope>(&body) else {
        return Ok(refuse(&Malformed { field: "command", offset: None }, ""));
    };
    let stamped = envelope.stamped(0);
    let command = match Command::read(stamped.as_bytes()) {
        Ok(command) => command,
        Err(malformed) => return Ok(refuse(&malformed, &stamped)),
    };
    if command.needs_secret_key() && caller != Caller::Backend {
        return Err(Code::SecretKeyNeeded.into());
    }
    // An open without a loop id opens the loop that has the command's id.
    let opens = (command.act == Act::Open).then_some(command.id.as_ref());
    let in_loop = command.loop_.as_deref().or(opens).map(str::to_owned);
    let kept = Kept { envelope, in_loop };
    let (now, most) = (app.clock.now(), app.config.limits.campaign_records);
    let place = tokio::task::spawn_blocking(move || app.store.append(&campaign, &kept, now, most)).await;
    let Place { seq, at } = place.map_err(|_| Code::OutcomeUnknown)??;
    Ok(json_text(StatusCode::OK, format!("{{\"ok\":true,\"seq\":{seq},\"at\":{at}}}")))
}

#[derive(Deserialize)]
struct After {
    after: Option<u64>,
    #[serde(rename = "loop")]
    in_loop: Option<String>,
}

async fn list(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
    after: Result<Query<After>, QueryRejection>,
) -> Result<Response, Failure> {
    app.caller(&headers, from)?;
    app.campaigns.get(&campaign)?;
    let Query(After { after, in_loop }) = after.map_err(wrong_query)?;
    let listed = tokio::task::spawn_blocking(move || {
        app.store.list(&campaign, in_loop.as_deref(), after.unwrap_or(0))
    });
    let (commands, next) = listed.await.map_err(|_| Code::Unavailable)?.map_err(|_| Code::Unavailable)?;
    Ok(json_text(StatusCode::OK, format!("{{\"commands\":[{}],\"next\":{next}}}", commands.join(","))))
}

/// What a command asks for: everything but its stamp and the page's own clock.
fn meaning(body: &str) -> Option<Map<String, Value>> {
    let mut members: Map<String, Value> = serde_json::from_str(body).ok()?;
    members.remove("at");
    members.remove("clock");
    Some(members)
}
