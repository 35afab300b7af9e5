//! Audit: re-decides a whole log and names every command whose recorded answer could not stand.

use serde::Serialize;

use super::book::Book;
use super::command::Command;
use super::{Engine, State, answer};
use crate::json::scan::{Scanner, Value};

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    /// Commands that were decided again.
    pub commands: u64,
    /// Commands that were accepted.
    pub accepted: u64,
    /// Facts they led to.
    pub facts: u64,
    /// Everything that does not fit, at most [`Audit::MOST`] of them.
    pub findings: Vec<AuditFinding>,
    /// How many findings there are in all.
    pub count: u64,
    /// The digest of the state in the end, in hexadecimal.
    pub digest: String,
}

/// Something in a log that could not stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditFinding {
    /// The position in the log, from 0.
    pub position: u64,
    /// `LINE_MALFORMED`, `TIME_BACKWARDS`, `ID_REPEATED` or `ANSWER_DIFFERS`.
    pub code: &'static str,
    /// The command's id, where it could be read.
    pub id: Option<String>,
    /// What the rules say.
    pub expected: Option<String>,
    /// What the log claims.
    pub claimed: Option<String>,
}

impl Audit {
    /// Findings that are listed at most.
    pub const MOST: usize = 1000;

    /// Audits a log from its beginning: one JSON object for each entry, with `command` and, where one is claimed,
    /// the `answer` that was given. Entries may stand in an array or one per line.
    #[must_use]
    pub fn run(book: &Book, log: &[u8]) -> Audit {
        let mut engine = Engine { book: book.clone(), state: State::new(book.hash_key()) };
        let mut audit = Audit::default();
        let mut scanner = Scanner::new(log);
        for position in 0.. {
            let (mut command, mut claimed) = (None, None);
            let more = scanner.object(|key, value| {
                match (key, value) {
                    ("command", Value::Other(raw)) => command = Some(raw),
                    ("answer", Value::Other(raw)) => claimed = Some(raw),
                    _ => {}
                }
                Ok::<(), crate::json::Fault>(())
            });
            match more {
                Ok(true) => audit.entry(&mut engine, position, command, claimed),
                Ok(false) => break,
                Err(_) => {
                    audit.add(AuditFinding::new(position, "LINE_MALFORMED"));
                    break;
                }
            }
        }
        audit.digest = hex(&engine.digest());
        audit
    }

    fn entry(&mut self, engine: &mut Engine, position: u64, command: Option<&[u8]>, claimed: Option<&[u8]>) {
        let Some(command) = command.and_then(|json| Command::read(json).ok()) else {
            return self.add(AuditFinding::new(position, "LINE_MALFORMED"));
        };
        let finding =
            |code| AuditFinding { id: Some(command.id.to_string()), ..AuditFinding::new(position, code) };
        if command.at < engine.state.now {
            self.add(finding("TIME_BACKWARDS"));
        }
        let answer = engine.submit(&command);
        if answer.repeated {
            self.add(finding("ID_REPEATED"));
        }
        self.commands += 1;
        self.accepted += u64::from(answer.accepted());
        self.facts += u64::try_from(answer.facts().len()).unwrap_or(0);
        let mut expected = Vec::new();
        answer.write(&mut expected);
        if let Some(claimed) = claimed.filter(|claimed| *claimed != expected) {
            let text = |bytes: &[u8]| Some(String::from_utf8_lossy(bytes).into_owned());
            self.add(AuditFinding {
                expected: text(&expected),
                claimed: text(claimed),
                ..finding("ANSWER_DIFFERS")
            });
        }
    }

    fn add(&mut self, finding: AuditFinding) {
        self.count += 1;
        if self.findings.len() < Audit::MOST {
            self.findings.push(finding);
        }
    }
}

impl AuditFinding {
    fn new(position: u64, code: &'static str) -> Self {
        AuditFinding { position, code, id: None, expected: None, claimed: None }
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().map_or('0', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Appends an entry of a log as [`Audit::run`] reads it.
pub fn write_entry(command: &Command<'_>, answered: &answer::Answer<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"command\":");
    command.write(out);
    out.extend_from_slice(b",\"answer\":");
    answered.write(out);
    out.extend_from_slice(b"}\n");
}
