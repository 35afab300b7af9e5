//! Audit: re-decides a whole log and names every command whose recorded answer could not stand.

use serde::Serialize;
use std::borrow::Cow;

mod objection;

pub use objection::{Objection, objections};

use super::book::Book;
use super::command::Command;
use super::rejection::Code;
use super::{Engine, answer};
use crate::campaign::Problem;
use crate::json::scan::{Scanner, Value};
use crate::json::tree::{Node, parse};

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
    /// How many findings are listed at most.
    #[serde(skip)]
    most: usize,
}

/// Something in a log that could not stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditFinding {
    /// The position in the log, from 0.
    pub position: u64,
    /// `LINE_MALFORMED`, `CAMPAIGN_INVALID`, `TIME_BACKWARDS`, `ID_REPEATED` (sent before), `ID_REUSED` (for something
    /// else), `SENDER_DIFFERS` (in the name of someone else), `FACT_WITHOUT_COMMAND`, `ANSWER_DIFFERS` or
    /// `DIGEST_DIFFERS`.
    pub code: &'static str,
    /// The command's id, where it could be read.
    pub id: Option<String>,
    /// What the rules say.
    pub expected: Option<String>,
    /// What the log claims.
    pub claimed: Option<String>,
    /// What of it could not stand, and why.
    pub why: Vec<Objection>,
}

impl Audit {
    /// Findings that [`Audit::run`] lists at most.
    pub const MOST: usize = 1000;

    /// Audits a log from its beginning. Its entries are JSON objects, in an array or one per line:
    ///
    /// * `{"command":{…},"answer":{…}}`: a command with the answer that is claimed for it;
    /// * either with `"sender"`, the participant whom the store knew when it took the entry, or `null` for the backend:
    ///   nobody acts in the name of someone else, and only the backend sends what needs its key;
    /// * a command by itself, as lists of commands have it;
    /// * `{"digest":"…"}`: the state here has this digest, in hexadecimal;
    /// * facts or an answer without a command, none of which can stand;
    /// * `{"campaign":{…}}`: a document, in force from here on. As the first entry it is the one the log began
    ///   with, under the `seed` beside it (64 hexadecimal digits) if there is one; otherwise a log begins with the
    ///   first revision of `book`. Revisions of `book` that the log does not tell of play no part.
    #[must_use]
    pub fn run(book: &Book, log: &[u8]) -> Audit {
        Audit::list(book, log, Audit::MOST)
    }

    /// As [`Audit::run`], listing as many findings as `most`; all of them are counted.
    #[must_use]
    pub fn list(book: &Book, log: &[u8], most: usize) -> Audit {
        let mut engine = Engine::begin(book.begun());
        let mut audit = Audit { most, ..Audit::default() };
        let mut scanner = Scanner::new(log);
        for position in 0.. {
            let mut entry = Entry::default();
            let more = scanner.object(|key, value| {
                match (key, value) {
                    ("command", Value::Other(raw)) => entry.command = Some(raw),
                    ("answer", Value::Other(raw)) => entry.answer = Some(raw),
                    ("campaign", Value::Other(raw)) => entry.campaign = Some(raw),
                    ("seed", Value::Text(text)) => entry.seed = Some(text),
                    ("sender", Value::Text(text)) => entry.sender = Some(Some(text)),
                    ("sender", Value::Null) => entry.sender = Some(None),
                    ("digest", Value::Text(text)) => entry.digest = Some(text),
                    ("kind" | "fact" | "facts", _) => entry.is_fact = true,
                    _ => {}
                }
                Ok::<(), crate::json::Fault>(())
            });
            match (more, entry) {
                (Ok(true), Entry { campaign: Some(document), seed, .. }) => {
                    audit.document(&mut engine, position, document, seed.as_deref());
                }
                (Ok(true), Entry { digest: Some(digest), command: None, answer: None, .. }) => {
                    audit.compare_digest(&engine, position, &digest);
                }
                (Ok(true), entry) if entry.command.is_none() && (entry.is_fact || entry.answer.is_some()) => {
                    audit.orphan(position, scanner.raw());
                }
                (Ok(true), entry) => audit.entry(&mut engine, position, scanner.raw(), &entry),
                (Ok(false), _) => break,
                (Err(_), _) => {
                    audit.add(AuditFinding::new(position, "LINE_MALFORMED"));
                    break;
                }
            }
        }
        audit.digest = hex(&engine.digest());
        audit
    }

    /// Puts a document in force: the first one of the log, or a revision.
    fn document(&mut self, engine: &mut Engine, position: u64, document: &[u8], seed: Option<&str>) {
        let malformed = || AuditFinding::new(position, "LINE_MALFORMED");
        let Ok(text) = core::str::from_utf8(document) else { return self.add(malformed()) };
        let seed = match seed.map(unhex) {
            Some(None) => return self.add(malformed()),
            seed => seed.flatten(),
        };
        let problems = if position == 0 {
            let loaded = Engine::load(text, seed.unwrap_or(engine.book.seed));
            let id = &engine.book.current().id;
            let same = loaded.and_then(|loaded| match loaded.book.current().id == *id {
                true => Ok(loaded),
                false => Err(vec![Problem::other_campaign(id)]),
            });
            same.map(|loaded| *engine = loaded).err()
        } else {
            engine.revise(text).err()
        };
        if let Some(problem) = problems.and_then(|problems| problems.into_iter().next()) {
            let finding = AuditFinding::new(position, "CAMPAIGN_INVALID");
            self.add(AuditFinding { expected: Some(problem.message), ..finding });
        }
    }

    /// Compares a claimed digest with that of the state.
    fn compare_digest(&mut self, engine: &Engine, position: u64, claimed: &str) {
        let right = hex(&engine.digest());
        if claimed != right {
            let claimed = Some(claimed.to_owned());
            let finding = AuditFinding::new(position, "DIGEST_DIFFERS");
            self.add(AuditFinding { expected: Some(right), claimed, ..finding });
        }
    }

    /// Objects to facts for which there is no command.
    fn orphan(&mut self, position: u64, entry: &[u8]) {
        let text = String::from_utf8_lossy(entry).into_owned();
        let parsed = parse(&text);
        let facts: Vec<&Node<'_>> = match &parsed.root {
            Some(root) => {
                let within = root.get("answer").unwrap_or(root);
                match (within.get("facts"), within.get("fact")) {
                    (Some(facts), _) => facts.entries().iter().collect(),
                    (None, fact) => vec![fact.unwrap_or(within)],
                }
            }
            None => Vec::new(),
        };
        let why = facts.iter().enumerate();
        let why = why.map(|(number, fact)| Objection::to_fact("FACT_FORGED", number, fact, None)).collect();
        drop(parsed);
        let finding = AuditFinding::new(position, "FACT_WITHOUT_COMMAND");
        self.add(AuditFinding { claimed: Some(text), why, ..finding });
    }

    fn entry(&mut self, engine: &mut Engine, position: u64, raw: &[u8], entry: &Entry<'_>) {
        let json = entry.command.unwrap_or(raw);
        let command = match Command::read(json) {
            Ok(command) => command,
            Err(malformed) => {
                let why = vec![Objection::new("COMMAND_MALFORMED", Some(&malformed.place(json)))];
                return self.add(AuditFinding { why, ..AuditFinding::new(position, "LINE_MALFORMED") });
            }
        };
        let claimed = entry.answer;
        let finding =
            |code| AuditFinding { id: Some(command.id.to_string()), ..AuditFinding::new(position, code) };
        if command.at < engine.state.now {
            self.add(finding("TIME_BACKWARDS"));
        }
        if let Some(sender) = &entry.sender {
            let own = match sender {
                Some(sender) => {
                    !command.needs_secret_key() && command.by.as_ref().is_none_or(|by| by == sender)
                }
                None => true,
            };
            if !own {
                let text = |id: Option<&str>| id.map(str::to_owned);
                let (expected, claimed) = (text(sender.as_deref()), text(command.by.as_deref()));
                self.add(AuditFinding { expected, claimed, ..finding("SENDER_DIFFERS") });
            }
        }
        let answer = engine.submit(&command);
        if answer.repeated {
            self.add(finding("ID_REPEATED"));
        }
        if answer.code() == Some(Code::CommandIdReused) {
            self.add(finding("ID_REUSED"));
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
                why: objections(&expected, claimed),
                ..finding("ANSWER_DIFFERS")
            });
        }
    }

    fn add(&mut self, finding: AuditFinding) {
        self.count += 1;
        if self.findings.len() < self.most {
            self.findings.push(finding);
        }
    }
}

/// What is read of an entry.
#[derive(Default)]
struct Entry<'a> {
    command: Option<&'a [u8]>,
    answer: Option<&'a [u8]>,
    campaign: Option<&'a [u8]>,
    seed: Option<Cow<'a, str>>,
    /// Who sent it, where the store says so; nobody stands for the backend.
    sender: Option<Option<Cow<'a, str>>>,
    digest: Option<Cow<'a, str>>,
    /// Whether it has a member that only facts and their lists have.
    is_fact: bool,
}

impl AuditFinding {
    fn new(position: u64, code: &'static str) -> Self {
        AuditFinding { position, code, id: None, expected: None, claimed: None, why: Vec::new() }
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().map_or('0', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pair = |pair: &[u8]| match *pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
    bytes?.try_into().ok()
}

/// Appends an entry of a log as [`Audit::run`] reads it.
pub fn write_entry(command: &Command<'_>, answered: &answer::Answer<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"command\":");
    command.write(out);
    out.extend_from_slice(b",\"answer\":");
    answered.write(out);
    out.extend_from_slice(b"}\n");
}
