//! A campaign's engine together with its place in the log; the only module that drives the engine.

use crate::answer;
use crate::envelope::Envelope;
use crate::livecode::LiveCodePages;
use crate::log::{Kind, Log, LogError, Record, Stored};
use crate::snapshots::{Snapshot, Snapshots, sha256};
use crate::words::{self, Locale};
use kfactor::attribution::{ReferralCode, Token, day_of};
use kfactor::audience::segments::Group;
use kfactor::campaign::triggers::{Trigger, first_fitting};
use kfactor::campaign::{Campaign, Names, Problem};
use kfactor::engine::handle::Order;
use kfactor::engine::{Answer, Code, Command, Engine, Fact, Malformed, Time};
use kfactor::poster::Posters;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// Records read from the log at a time.
const PAGE: u32 = 2_000;

/// A campaign as it stands after a prefix of its log.
pub struct Machine {
    engine: Engine,
    /// The sequence of the last record.
    pub seq: u64,
    /// The time of the last record.
    pub at: i64,
    /// How many documents the log holds.
    pub revision: u32,
    /// The sequence of the newest snapshot that is known to be good, 0 without one.
    pub kept: u64,
    text: String,
    seed: [u8; 32],
}

/// The campaign document in force, and what the server itself needs of it.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text as it was written.
    pub text: String,
    /// The campaign's number in tokens.
    pub number: u32,
    /// The page that short links lead to.
    pub page: Option<String>,
    /// The title.
    pub title: String,
    /// The numbers of touchpoints in tokens, by name.
    pub touchpoints: BTreeMap<String, u32>,
    /// The live codes of touchpoints that have one, by the touchpoint's number.
    pub led: BTreeMap<u32, String>,
    /// Where live codes lead, by name.
    pub live_codes: BTreeMap<String, LiveCodePages>,
    /// The templates of posters.
    pub posters: Posters,
    /// How times and amounts are written.
    pub locale: Locale,
    /// What messages do.
    triggers: Vec<Trigger>,
}

impl Document {
    /// The answer as it goes over HTTP: a refusal with its sentences, an accepted message with what the account replies.
    #[must_use]
    pub fn complete(&self, answer: &str, message: Option<&str>) -> String {
        let accepted = answer.strip_prefix("{\"ok\":true").and_then(|_| answer.strip_suffix('}'));
        let reply = message.and_then(|message| first_fitting(&self.triggers, message)?.reply.as_deref());
        match accepted.zip(reply) {
            Some((open, reply)) => format!("{open},\"reply\":{}}}", Value::from(reply)),
            None => words::complete(answer, &self.locale),
        }
    }
}

/// What a participant hands on: the fields of a token that is not signed yet, and a code to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareMaterial {
    /// The token; its key and touchpoint are still open.
    pub token: Token,
    /// The referral code, as it is shown.
    pub code: String,
}

/// What the engine decided about a command.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The answer's JSON.
    pub answer: String,
    /// What became of it, for the metrics.
    pub outcome: Outcome,
    /// What the log has to keep; nothing if the command was known or is none.
    pub record: Option<Record>,
}

/// The kinds of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Facts happened.
    Accepted,
    /// The rules refused it.
    Rejected,
    /// It was answered before.
    Repeated,
    /// It is not a command.
    Malformed,
}

/// A record whose answer is not the one the engine gives now.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Where it stands in the log.
    pub seq: u64,
    /// The command's id.
    pub id: String,
    /// The recorded answer.
    pub recorded: String,
    /// The answer on replay.
    pub replayed: String,
}

/// Why a campaign cannot be rebuilt.
#[derive(Clone, Debug)]
pub enum ReplayError {
    /// The log cannot be read.
    Log(LogError),
    /// A recorded campaign document or command is not valid any more.
    Record {
        /// Where it stands in the log.
        seq: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A recorded answer is not what the engine answers now.
    Difference(Box<Difference>),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Log(error) => error.fmt(f),
            ReplayError::Record { seq, why } => write!(f, "record {seq} cannot be replayed: {why}"),
            ReplayError::Difference(difference) => write!(
                f,
                "record {} (command `{}`) replays differently: recorded {}, now {}",
                difference.seq, difference.id, difference.recorded, difference.replayed
            ),
        }
    }
}

impl std::error::Error for ReplayError {}

impl From<LogError> for ReplayError {
    fn from(error: LogError) -> Self {
        ReplayError::Log(error)
    }
}

/// The body of a campaign record: all that is needed to replay what follows.
#[derive(Serialize, Deserialize)]
struct Body {
    seed: String,
    document: String,
}

impl Record {
    /// A hash of all that tells this record from any other.
    #[must_use]
    pub fn mark(&self) -> [u8; 32] {
        let Record { kind, id, at, body, answer, .. } = self;
        let head = format!("{} {id} {at} {} ", matches!(kind, Kind::Command), body.len());
        sha256(&[head.as_bytes(), body.as_bytes(), answer.as_bytes()])
    }
}

impl Stored {
    /// A JSON object with the sequence of the record before its own members.
    #[must_use]
    pub fn numbered(&self, object: &str) -> Option<String> {
        Some(format!("{{\"seq\":{},{}", self.seq, object.strip_prefix('{')?))
    }

    /// The record as an audit reads it: a command with its answer, or a document with the campaign's seed.
    #[must_use]
    pub fn entry(&self) -> Option<String> {
        let Record { kind, body, answer, .. } = &self.record;
        match kind {
            Kind::Command => self.numbered(&format!("{{\"command\":{body},\"answer\":{answer}}}")),
            Kind::Campaign => {
                let Body { seed, document } = serde_json::from_str(body).ok()?;
                let document = document.trim_start_matches('\u{feff}');
                self.numbered(&format!("{{\"campaign\":{document},\"seed\":\"{seed}\"}}"))
            }
        }
    }
}

impl Machine {
    /// Opens a campaign that has no log yet, and the record that begins its log.
    ///
    /// # Errors
    /// The problems of the document.
    pub fn open(text: &str, seed: [u8; 32], now: i64) -> Result<(Machine, Record), Vec<Problem>> {
        let engine = Engine::load(text, seed)?;
        let mut machine =
            Machine { engine, seq: 0, at: now, revision: 0, kept: 0, text: String::new(), seed };
        let record = machine.adopt(text);
        Ok((machine, record))
    }

    /// Rebuilds a campaign from its log up to the sequence `until`, or `None` if it has no record.
    ///
    /// Every recorded answer is compared with the engine's, byte for byte; `differs` decides what a
    /// difference means by failing or going on.
    ///
    /// # Errors
    /// When the log cannot be read or replayed, and whatever `differs` makes of a difference.
    pub fn replay(
        log: &dyn Log,
        campaign: &str,
        until: u64,
        differs: impl FnMut(Difference) -> Result<(), ReplayError>,
    ) -> Result<Option<Machine>, ReplayError> {
        Machine::follow(None, log, campaign, until, differs)
    }

    /// What [`Machine::replay`] gives, from the newest snapshot that fits and the records after it. A snapshot that
    /// does not fit is passed over with a warning.
    ///
    /// # Errors
    /// As [`Machine::replay`]; a difference ends it.
    pub fn resume(
        log: &dyn Log,
        snapshots: &Snapshots,
        campaign: &str,
        until: u64,
    ) -> Result<Option<Machine>, ReplayError> {
        for snapshot in snapshots.of(campaign) {
            let restored = Machine::restore(log, campaign, &snapshot, until);
            let followed = restored.and_then(|machine| {
                let machine = Machine::follow(Some(machine), log, campaign, until, fail);
                machine.map_err(|error| error.to_string())
            });
            match followed {
                Ok(machine) => return Ok(machine),
                Err(why) => eprintln!(
                    "campaign {campaign}: the snapshot at record {} is not used: {why}",
                    snapshot.seq
                ),
            }
        }
        Machine::replay(log, campaign, until, fail)
    }

    /// The campaign as a snapshot has it, if the log tells of the same past.
    fn restore(log: &dyn Log, campaign: &str, snapshot: &Snapshot, until: u64) -> Result<Machine, String> {
        let Snapshot { seq, mark, seal, state } = snapshot;
        if *seq > until {
            return Err(format!("only the first {until} records are asked for"));
        }
        let read = |error: LogError| error.to_string();
        let last = log.read(campaign, None, seq.saturating_sub(1), 1).map_err(read)?.into_iter().next();
        let last = last.filter(|last| last.seq == *seq && last.record.mark() == *mark);
        let at = last.ok_or("the log has another record in its place")?.record.at;
        let mut machine: Option<Machine> = None;
        for revision in 1u32.. {
            let stored = log.find(campaign, &campaign_id(revision)).map_err(read)?;
            let Some(stored) = stored.filter(|stored| stored.seq <= *seq) else { break };
            match &mut machine {
                None => machine = Some(Machine::first(&stored).map_err(|error| error.to_string())?),
                Some(machine) => machine.again(&stored).map_err(|error| error.to_string())?,
            }
        }
        let mut machine = machine.ok_or("the log does not begin with a campaign document")?;
        machine.engine.restore(state).map_err(|damaged| damaged.to_string())?;
        // Sealed is what the restored state is written as, so that one comparison finds damage and other forms alike.
        if Snapshot::seal(*seq, mark, &machine.engine.snapshot()) != *seal {
            return Err("the state is not the one that was kept".to_owned());
        }
        Ok(Machine { seq: *seq, at, kept: *seq, ..machine })
    }

    /// The state as it is, for the record it stands after.
    #[must_use]
    pub fn snapshot(&self, last: &Record) -> Snapshot {
        Snapshot::sealed(self.seq, last.mark(), self.engine.snapshot())
    }

    /// Goes on from a machine, or from the beginning of the log.
    fn follow(
        mut machine: Option<Machine>,
        log: &dyn Log,
        campaign: &str,
        until: u64,
        mut differs: impl FnMut(Difference) -> Result<(), ReplayError>,
    ) -> Result<Option<Machine>, ReplayError> {
        loop {
            let after = machine.as_ref().map_or(0, |machine| machine.seq);
            let page = log.read(campaign, None, after, PAGE)?;
            let mut ended = page.is_empty();
            for stored in page {
                if stored.seq > until {
                    ended = true;
                    break;
                }
                match (&mut machine, stored.record.kind) {
                    (None, Kind::Campaign) => machine = Some(Machine::first(&stored)?),
                    (Some(machine), Kind::Campaign) => machine.again(&stored)?,
                    (Some(machine), Kind::Command) => machine.repeat(stored, &mut differs)?,
                    (None, Kind::Command) => {
                        let why = "a command before any campaign document".to_owned();
                        return Err(ReplayError::Record { seq: stored.seq, why });
                    }
                }
            }
            if ended {
                return Ok(machine);
            }
        }
    }

    /// Decides a command at the time `now`, or at the time of the last record if that is later.
    pub fn decide(&mut self, envelope: &Envelope, now: i64) -> Decision {
        let at = now.max(self.at);
        let body = envelope.stamped(at);
        let command = match Command::read(body.as_bytes()) {
            Ok(command) => command,
            Err(malformed) => {
                return Decision {
                    answer: malformed_answer(&malformed, &body),
                    outcome: Outcome::Malformed,
                    record: None,
                };
            }
        };
        let given = self.engine.submit(&command);
        let outcome = match (given.repeated, given.code()) {
            (true, _) => Outcome::Repeated,
            (false, None) => Outcome::Accepted,
            (false, Some(Code::CommandMalformed)) => Outcome::Malformed,
            (false, Some(_)) => Outcome::Rejected,
        };
        let known =
            matches!(given.code(), Some(Code::CommandIdReused | Code::CommandMalformed)) || given.repeated;
        let answer = text(&given);
        let refunded: Vec<Order> = given
            .facts()
            .iter()
            .filter_map(|fact| if let Fact::Refunded { order, .. } = fact { Some(*order) } else { None })
            .collect();
        let record = (!known).then(|| {
            self.seq += 1;
            self.at = at;
            let mut loops = answer::loops(&body, &answer);
            loops.extend(refunded.iter().flat_map(|order| self.resting_on(*order)));
            loops.sort_unstable();
            loops.dedup();
            Record {
                kind: Kind::Command,
                id: envelope.id().to_owned(),
                at,
                loops,
                body: body.clone(),
                answer: answer.clone(),
            }
        });
        Decision { answer, outcome, record }
    }

    /// Puts another document in force, and gives the record for the log; `None` if it is the same.
    ///
    /// # Errors
    /// The problems of the document, or what it may not change.
    pub fn revise(&mut self, text: &str, now: i64) -> Result<Option<Record>, Vec<Problem>> {
        if text == self.text {
            return Ok(None);
        }
        self.engine.revise(text)?;
        self.at = now.max(self.at);
        Ok(Some(self.adopt(text)))
    }

    /// What a page needs for one participant, as JSON.
    #[must_use]
    pub fn view(&self, participant: &str, in_loop: Option<&str>, now: i64) -> Option<String> {
        let view = self.engine.view(participant, Time(now.max(self.at)), in_loop);
        serde_json::to_string(&view).ok()
    }

    /// The live codes with their loads, as JSON.
    #[must_use]
    pub fn live_codes(&self, now: i64) -> Option<String> {
        serde_json::to_string(&self.engine.live_codes(Time(now.max(self.at)))).ok()
    }

    /// Who is in which segment of the document in force.
    #[must_use]
    pub fn segments(&self, now: i64) -> Vec<Group> {
        self.engine.segments(Time(now.max(self.at)))
    }

    /// What this participant shares, if a share was ever asked for.
    #[must_use]
    pub fn share(&self, participant: &str, in_loop: Option<&str>, now: i64) -> Option<ShareMaterial> {
        let share = self.engine.share(participant, in_loop)?;
        let depth = self.engine.state().person(share.person).map_or(0, |person| person.depth);
        let token = Token {
            version: Token::SIGNED,
            kid: 0,
            kind: if in_loop.is_some() { Token::LOOP_SHARE } else { Token::SHARE },
            campaign: self.engine.book().current().number(),
            touchpoint: 0,
            inviter: share.handle,
            day: day_of(Time(now.max(self.at))),
            // Four bits of the token hold it.
            depth: depth.saturating_add(1).min(15),
        };
        Some(ShareMaterial { token, code: ReferralCode::from_number(share.code).ok()?.to_string() })
    }

    /// The loop that the owner of this share handle shares; `None` if they share the campaign in general.
    #[must_use]
    pub fn shared_loop(&self, handle: u64) -> Option<String> {
        let state = self.engine.state();
        let share = state.shares.by_handle(handle)?;
        Some(state.loop_names.text(share.loop_?.0).to_owned())
    }

    /// The campaign document in force.
    #[must_use]
    pub fn document(&self) -> Document {
        let book = self.engine.book();
        let campaign = book.current();
        let names = || book.names.touchpoints.iter().zip(campaign.touchpoints.iter());
        let codes = book.names.live_codes.iter().zip(campaign.live_codes.iter());
        let pages = |code: &kfactor::livecode::LiveCodeRules| LiveCodePages {
            targets: code
                .targets
                .iter()
                .map(|target| (target.id.to_string(), target.url.as_deref().map(str::to_owned)))
                .collect(),
            fallback: code.fallback.as_deref().map(str::to_owned),
        };
        Document {
            text: self.text.clone(),
            number: campaign.number(),
            title: campaign.title.to_string(),
            posters: campaign.posters.clone(),
            page: campaign.page.as_deref().map(str::to_owned),
            led: names()
                .filter_map(|(name, rules)| {
                    let rules = rules.as_ref()?;
                    Some((rules.number(name), book.names.live_code_name(rules.live_code?).to_owned()))
                })
                .collect(),
            live_codes: codes
                .filter_map(|(name, code)| Some((name.clone(), pages(code.as_ref()?))))
                .collect(),
            touchpoints: names()
                .filter_map(|(name, rules)| Some((name.clone(), rules.as_ref()?.number(name))))
                .collect(),
            locale: Locale { timezone: campaign.timezone, currency: campaign.currency },
            triggers: campaign.triggers.clone(),
        }
    }

    /// The commitment to the campaign's seed, and the seed once nothing more can be drawn from it; in hex.
    #[must_use]
    pub fn seed(&self, now: i64) -> (String, Option<String>) {
        let seed = self.engine.revealed_seed(Time(now.max(self.at)));
        (crate::auth::hex(&self.engine.commitment()), seed.map(|seed| crate::auth::hex(&seed)))
    }

    /// When the next tick is useful.
    #[must_use]
    pub fn due(&self) -> Option<i64> {
        self.engine.due().map(|time| time.0)
    }

    /// The digest of the state, in hex.
    #[must_use]
    pub fn digest(&self) -> String {
        crate::auth::hex(&self.engine.digest())
    }

    /// The loops that rest on an order.
    fn resting_on(&self, order: Order) -> impl Iterator<Item = String> {
        let state = self.engine.state();
        let loops = state.orders.get(order.index()).map_or(&[][..], |known| &known.loops);
        loops.iter().map(|in_loop| state.loop_names.text(in_loop.0).to_owned())
    }

    fn first(stored: &Stored) -> Result<Machine, ReplayError> {
        let wrong = |why: &str| ReplayError::Record { seq: stored.seq, why: why.to_owned() };
        let body: Body = serde_json::from_str(&stored.record.body).map_err(|e| wrong(&e.to_string()))?;
        let seed = crate::auth::unhex(&body.seed).and_then(|seed| seed.try_into().ok());
        let seed = seed.ok_or_else(|| wrong("the seed is not 32 bytes of hex"))?;
        let (mut machine, _) = Machine::open(&body.document, seed, stored.record.at)
            .map_err(|problems| wrong(&first_message(&problems)))?;
        machine.seq = stored.seq;
        Ok(machine)
    }

    fn again(&mut self, stored: &Stored) -> Result<(), ReplayError> {
        let wrong = |why: &str| ReplayError::Record { seq: stored.seq, why: why.to_owned() };
        let body: Body = serde_json::from_str(&stored.record.body).map_err(|e| wrong(&e.to_string()))?;
        self.revise(&body.document, stored.record.at).map_err(|problems| wrong(&first_message(&problems)))?;
        self.seq = stored.seq;
        Ok(())
    }

    fn repeat(
        &mut self,
        stored: Stored,
        differs: &mut impl FnMut(Difference) -> Result<(), ReplayError>,
    ) -> Result<(), ReplayError> {
        let command = Command::read(stored.record.body.as_bytes())
            .map_err(|error| ReplayError::Record { seq: stored.seq, why: error.to_string() })?;
        let replayed = text(&self.engine.submit(&command));
        self.seq = stored.seq;
        self.at = stored.record.at;
        if replayed == stored.record.answer {
            return Ok(());
        }
        let Stored { seq, record } = stored;
        differs(Difference { seq, id: record.id, recorded: record.answer, replayed })
    }

    fn adopt(&mut self, text: &str) -> Record {
        self.revision += 1;
        self.seq += 1;
        text.clone_into(&mut self.text);
        let body = Body { seed: crate::auth::hex(&self.seed), document: text.to_owned() };
        Record {
            kind: Kind::Campaign,
            id: campaign_id(self.revision),
            at: self.at,
            body: serde_json::to_string(&body).unwrap_or_default(),
            answer: String::new(),
            loops: Vec::new(),
        }
    }
}

/// The id of the record of a campaign document.
fn campaign_id(revision: u32) -> String {
    format!("campaign#{revision}")
}

/// A difference ends the replay: for a start, which must not go on with another past.
///
/// # Errors
/// Always, with the difference.
pub fn fail(difference: Difference) -> Result<(), ReplayError> {
    Err(ReplayError::Difference(Box::new(difference)))
}

fn first_message(problems: &[Problem]) -> String {
    problems.first().map(|problem| problem.message.clone()).unwrap_or_default()
}

/// What is worth knowing about a document that is not wrong.
#[must_use]
pub fn warnings(text: &str) -> Vec<Problem> {
    Campaign::parse(text, &Names::default()).map(|parsed| parsed.warnings).unwrap_or_default()
}

/// The answer to a text that is not a command.
#[must_use]
pub fn malformed_answer(malformed: &Malformed, text: &str) -> String {
    let mut answer = Vec::new();
    kfactor::engine::answer::write_malformed(malformed, text.as_bytes(), &mut answer);
    String::from_utf8(answer).unwrap_or_default()
}

/// The answer to a command that the server refuses before the engine sees it.
#[must_use]
pub fn refused_answer(id: &str, code: Code, name: Option<&str>) -> String {
    let params = name.map_or_else(|| json!({}), |name| json!({ "name": name }));
    json!({ "ok": false, "id": id, "code": code.name(), "params": params, "missing": [] }).to_string()
}

fn text(answer: &Answer<'_>) -> String {
    let mut text = Vec::new();
    answer.write(&mut text);
    String::from_utf8(text).unwrap_or_default()
}
