//! Commands: one or a batch in, answers out; and what became of one.

use super::{json_text, too_large};
use crate::app::App;
use crate::auth::Caller;
use crate::envelope::Envelope;
use crate::error::{Code, Failure};
use crate::keeper::Keeper;
use crate::log::Kind;
use crate::machine::{malformed_answer, refused_answer};
use crate::words;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use kfactor::engine::command::Act;
use kfactor::engine::{Command, Malformed};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::net::SocketAddr;
use std::sync::Arc;

/// `POST /v1/campaigns/{c}/commands`: one command or an array of them; answers in the same shape.
///
/// What the rules refuse is an answer like any other, with status 200. A single text that is not a command
/// has status 400. If one command of an array may not be sent with this key, none is recorded.
///
/// # Errors
/// Keys and proofs, limits, an unknown campaign, and failures of the log.
pub async fn submit(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(campaign): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let caller = app.caller(&headers, from)?;
    let keeper = app.campaigns.get(&campaign)?;
    let document = keeper.document();
    let body = body.map_err(too_large)?;
    let Some(sent) = Sent::read(&body) else {
        return Ok(json_text(StatusCode::BAD_REQUEST, document.complete(&not_json(), None)));
    };
    if sent.texts.len() > app.config.limits.batch_commands {
        return Err(Code::BatchTooLarge.into());
    }
    if let Caller::Page(Some(participant)) = &caller {
        let count = u32::try_from(sent.texts.len()).unwrap_or(u32::MAX);
        app.limit(&app.limiters.participant, &format!("{campaign} {participant}"), count)?;
    }
    let mut slots = Vec::with_capacity(sent.texts.len());
    let mut commands = Vec::with_capacity(sent.texts.len());
    let mut messages = Vec::with_capacity(sent.texts.len());
    for (index, text) in sent.texts.iter().enumerate() {
        let admitted = admit(&app, &caller, &keeper, text.get());
        match admitted.map_err(|failure| if sent.single { failure } else { failure.with("index", index) })? {
            Admitted::Command { envelope, typed, message } => {
                if typed && caller != Caller::Backend {
                    let address = app.address(&headers, from).to_string();
                    app.limit(&app.limiters.typed_codes, &address, 1)?;
                }
                messages.push(message);
                commands.push(envelope);
                slots.push(None);
            }
            Admitted::Answer(answer) => {
                messages.push(None);
                slots.push(Some(answer));
            }
        }
    }
    let malformed = sent.single && slots.iter().flatten().any(|answer| answer.contains("COMMAND_MALFORMED"));
    let mut decided =
        if commands.is_empty() { Vec::new() } else { keeper.submit(commands).await? }.into_iter();
    let answers: Vec<String> = slots
        .into_iter()
        .filter_map(|slot| slot.or_else(|| decided.next()))
        .zip(messages)
        .map(|(answer, message)| document.complete(&answer, message.as_deref()))
        .collect();
    let status = if malformed { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let text = answers.join(",");
    Ok(json_text(status, if sent.single { text } else { format!("[{text}]") }))
}

/// `GET /v1/campaigns/{c}/commands/{id}`: the answer a command was given.
///
/// A page learns only about commands of its own participant.
///
/// # Errors
/// `COMMAND_UNKNOWN` if it was not recorded; keys, proofs, and failures of the log.
pub async fn outcome(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path((campaign, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let caller = app.caller(&headers, from)?;
    let keeper = app.campaigns.get(&campaign)?;
    let (log, locale) = (Arc::clone(&app.log), keeper.document().locale);
    let found = tokio::task::spawn_blocking(move || log.find(&keeper.campaign, &id)).await;
    let found = found.map_err(|_| Code::Unavailable)?.map_err(|_| Code::Unavailable)?;
    let record = found.map(|stored| stored.record).filter(|record| record.kind == Kind::Command);
    let record = record.ok_or(Code::CommandUnknown)?;
    if let Caller::Page(participant) = &caller {
        #[derive(Deserialize)]
        struct Sender {
            by: Option<String>,
        }
        let proven = participant.as_ref().ok_or(Code::ProofMissing)?;
        let sender: Sender = serde_json::from_str(&record.body).map_err(|_| Code::Unavailable)?;
        if sender.by.as_ref() != Some(proven) {
            return Err(Code::CommandUnknown.into());
        }
    }
    Ok(json_text(StatusCode::OK, words::complete(&record.answer, &locale)))
}

/// A body: the texts of its commands, and whether it was one alone.
struct Sent<'b> {
    texts: Vec<&'b RawValue>,
    single: bool,
}

impl<'b> Sent<'b> {
    fn read(body: &'b [u8]) -> Option<Sent<'b>> {
        let whole: &RawValue = serde_json::from_slice(body).ok()?;
        match serde_json::from_str::<Vec<&RawValue>>(whole.get()) {
            Ok(texts) => Some(Sent { texts, single: false }),
            Err(_) => Some(Sent { texts: vec![whole], single: true }),
        }
    }
}

enum Admitted {
    /// For the keeper; `typed` if it names its loop by a typed code; the text of a message.
    Command { envelope: Envelope, typed: bool, message: Option<String> },
    /// Answered without the keeper, and not recorded.
    Answer(String),
}

/// Checks what only the server can: the key, the participant, the token's signature.
fn admit(app: &App, caller: &Caller, keeper: &Keeper, text: &str) -> Result<Admitted, Failure> {
    let Ok(envelope) = serde_json::from_str::<Envelope>(text) else {
        return Ok(Admitted::Answer(not_json()));
    };
    let stamped = envelope.stamped(0);
    let command = match Command::read(stamped.as_bytes()) {
        Ok(command) => command,
        Err(malformed) => return Ok(Admitted::Answer(malformed_answer(&malformed, &stamped))),
    };
    if let Caller::Page(_) = caller {
        if command.needs_secret_key() {
            return Err(Code::SecretKeyNeeded.into());
        }
        caller.participant(command.by.as_deref())?;
    }
    if let Some(token) = command.token.as_deref() {
        let number = keeper.document().number;
        let genuine = app.secrets.verify(token).is_ok_and(|token| token.campaign == number);
        if !genuine {
            let refused = refused_answer(envelope.id(), kfactor::engine::Code::TokenInvalid, None);
            return Ok(Admitted::Answer(refused));
        }
    }
    let typed = command.code.is_some();
    let text = command.text.as_deref().filter(|_| command.act == Act::Message);
    let message = text.map(str::to_owned);
    Ok(Admitted::Command { envelope, typed, message })
}

/// The answer to a body that is not even a JSON object.
fn not_json() -> String {
    malformed_answer(&Malformed { field: "command", offset: None }, "")
}
