//! The engine: commands in, facts out, one state.
//!
//! [`Engine`] holds a campaign's rule book and state. [`Engine::submit`] is decide, evolve and remember in one;
//! [`Engine::decide`] alone is pure.

pub mod answer;
pub mod audit;
mod batch;
pub mod book;
pub mod chunks;
pub mod column;
pub mod command;
pub mod counters;
pub mod decide;
pub mod deciding;
pub mod draft;
pub mod draw;
pub mod evolve;
pub mod fact;
pub mod field;
pub mod forms;
pub mod handle;
pub mod hash;
pub mod ids;
pub mod interner;
pub mod journal;
mod message;
pub mod money;
pub mod pack;
#[cfg(feature = "schema")]
pub mod protocol;
pub mod rejection;
pub mod snapshot;
pub mod state;
pub mod time;
pub mod view;
pub mod words;

use sha2::{Digest, Sha256};

pub use answer::{Answer, Outcome};
pub use book::Book;
pub use command::{Act, Command, Malformed};
pub use fact::Fact;
pub use rejection::{Code, Rejection};
pub use state::State;
pub use time::Time;
pub use view::View;

use crate::campaign::Problem;
use crate::campaign::decode::COMPLETE;
use crate::json::scan::Scanner;
use command::Hashes;
use decide::Decided;
use field::{Resolve, Told};
use handle::{Loop, Person};
use journal::Known;

/// A campaign that runs: its rules and what happened so far.
///
/// ```
/// use kfactor::engine::{Command, Engine};
/// let campaign = r#"{ "id": "c", "title": "C", "runs": { "from": "2026-01-01", "until": "2027-01-01" },
///   "plays": { "p": { "mechanic": "assist", "title": "P", "helpers": 1, "within": "24h" } } }"#;
/// let mut engine = Engine::load(campaign, Engine::public_seed("c")).map_err(|p| format!("{p:?}"))?;
/// let open = Command::read(br#"{"id":"1","at":1790000000000,"do":"open","by":"ann","play":"p","loop":"L"}"#)?;
/// assert!(engine.submit(&open).accepted());
/// let help = Command::read(br#"{"id":"2","at":1790000000001,"do":"help","by":"bo","loop":"L"}"#)?;
/// let mut json = Vec::new();
/// engine.submit(&help).write(&mut json);
/// assert!(String::from_utf8(json)?.contains("completed"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Engine {
    book: Book,
    state: State,
}

impl Engine {
    /// Loads a campaign document.
    ///
    /// The seed is the secret behind share handles, referral codes and draws; a page that has none uses
    /// [`Engine::public_seed`], as every page of an any-store campaign does.
    ///
    /// # Errors
    /// Every problem of the document.
    pub fn load(text: &str, seed: [u8; 32]) -> Result<Engine, Vec<Problem>> {
        let (book, _) = Book::new(text, seed)?;
        Ok(Engine::begin(book))
    }

    /// Loads a campaign with the seed that everyone can derive from its id.
    ///
    /// # Errors
    /// Every problem of the document.
    pub fn load_public(text: &str) -> Result<Engine, Vec<Problem>> {
        let (mut book, _) = Book::new(text, [0; 32])?;
        book.seed = Engine::public_seed(&book.current().id);
        Ok(Engine::begin(book))
    }

    fn begin(book: Book) -> Engine {
        let state = State::new(book.hash_keys());
        Engine { book, state }
    }

    /// The seed that everyone can derive from a campaign's id.
    #[must_use]
    pub fn public_seed(campaign: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"kfactor-public-seed-1");
        hash.update(campaign.as_bytes());
        hash.finalize().into()
    }

    /// What may be published before the campaign starts, so that nobody can choose the seed afterwards: the
    /// SHA-256 of `kfactor-seed-commitment-1` and the seed.
    ///
    /// ```
    /// use kfactor::engine::Engine;
    /// let campaign = r#"{ "id": "c", "title": "C", "runs": { "from": "2026-01-01", "until": "2027-01-01" },
    ///   "plays": { "p": { "mechanic": "assist", "title": "P", "helpers": 1, "within": "24h" } } }"#;
    /// let engine = |seed| Engine::load(campaign, seed).map_err(|p| format!("{p:?}"));
    /// assert_eq!(engine([1; 32])?.commitment(), engine([1; 32])?.commitment());
    /// assert_ne!(engine([1; 32])?.commitment(), engine([2; 32])?.commitment());
    /// # Ok::<(), String>(())
    /// ```
    #[must_use]
    pub fn commitment(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"kfactor-seed-commitment-1");
        hash.update(self.book.seed);
        hash.finalize().into()
    }

    /// The seed, to be published, once nothing more can be drawn from it: the campaign has ended and no loop
    /// is running at `at`. Looks at every loop.
    #[must_use]
    pub fn revealed_seed(&self, at: Time) -> Option<[u8; 32]> {
        let runs = |state: &state::LoopState| {
            let rules = self.book.play(state.revision, state.play);
            rules.is_some_and(|play| play.rules.status(state, at) == state::Status::Running)
        };
        let over = at >= self.book.current().runs.until && !self.state.loops.iter().any(runs);
        over.then_some(self.book.seed)
    }

    /// Adds a revision of the campaign; loops that are open keep the rules they were opened under.
    ///
    /// # Errors
    /// Every problem of the document; nothing changes then.
    pub fn revise(&mut self, text: &str) -> Result<Vec<Problem>, Vec<Problem>> {
        self.book.revise(text)
    }

    /// The rules.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What a command would lead to; changes nothing. Known ids give their first answer.
    #[must_use]
    pub fn decide<'x>(&'x self, command: &'x Command<'x>) -> Answer<'x> {
        look(&self.book, &self.state, command)
    }

    /// Decides a command, applies its facts and remembers the answer.
    pub fn submit<'x>(&'x mut self, command: &'x Command<'x>) -> Answer<'x> {
        let hashes = command.hashes(&self.state.keys);
        if !self.state.journal.is_new(hashes) {
            return self.decide(command);
        }
        let Engine { book, state } = self;
        let book: &'x Book = book;
        Taken::new(book, state, command, hashes).answer(command, book, state)
    }

    /// Applies facts as JSON, in any of the shapes of [`Engine::submit_json`]; answers how many were applied.
    ///
    /// This is how a page follows an authority, from a whole log or from the part about its own loop.
    ///
    /// # Errors
    /// The number of the fact that could not be read; the ones before it were applied.
    pub fn apply_json(&mut self, json: &[u8]) -> Result<usize, usize> {
        let mut scanner = Scanner::new(json);
        let mut count = 0;
        loop {
            let mut fields = Vec::new();
            let more = scanner.object(|key, value| {
                fields.push((key.to_owned(), value));
                Ok::<(), crate::json::Fault>(())
            });
            match more {
                Ok(false) => return Ok(count),
                Ok(true) => self.apply(&fields).ok_or(count)?,
                Err(_) => return Err(count),
            }
            count += 1;
        }
    }

    fn apply(&mut self, fields: &[(String, crate::json::scan::Value<'_>)]) -> Option<()> {
        use crate::json::scan::Value;
        let value = |key: &str| fields.iter().find(|(name, _)| name == key).map(|(_, value)| value);
        let Value::Text(kind) = value("kind")? else { return None };
        let Value::Int(at) = value("at")? else { return None };
        let at = Some(Time(*at)).filter(|at| (Time(0)..=Time::NEVER).contains(at))?;
        if let ("refunded", Some(Value::Text(order))) = (&**kind, value("order"))
            && self.state.order_names.find(order).is_none()
        {
            // A loop's own facts tell of a refund, but only those of the whole campaign of every order.
            self.state.now = self.state.now.max(at);
            return Some(());
        }
        let State { people, loop_names, order_names, .. } = &mut self.state;
        let mut resolve =
            Resolve { people, loops: loop_names, orders: order_names, campaign: &self.book.names, fields };
        let fact = Fact::resolve(kind, &mut resolve);
        // A fact that cannot be read may have named people before the field that is wrong.
        evolve::grow(&mut self.state);
        let fact = fact?;
        self.state.now = self.state.now.max(at);
        evolve::evolve(&self.book, &mut self.state, &fact, at);
        Some(())
    }

    /// What a page shows one participant at a moment, with the loop `asked` for.
    #[must_use]
    pub fn view(&self, participant: &str, at: Time, asked: Option<&str>) -> View {
        view::view(&self.book, &self.state, participant, at, asked)
    }

    /// What the people who run the campaign see of its live codes.
    #[cfg(feature = "complete")]
    #[must_use]
    pub fn live_codes(&self, at: Time) -> Vec<crate::livecode::view::LiveCodeView> {
        crate::livecode::view::live_codes(&self.book, &self.state, at)
    }

    /// Who is in which of the document's segments at an instant.
    #[cfg(feature = "complete")]
    #[must_use]
    pub fn segments(&self, at: Time) -> Vec<crate::audience::segments::Group> {
        crate::audience::segments::groups(self.book.current(), &self.state, at)
    }

    /// When the next `tick` has something to settle; in the past if it already has.
    #[must_use]
    pub fn due(&self) -> Option<Time> {
        let (loops, grants) = (self.state.agenda.first(), self.state.ending.first());
        loops.map(|(at, _)| *at).into_iter().chain(grants.map(|(at, _)| *at)).min()
    }

    /// The loop with this id.
    #[must_use]
    pub fn find_loop(&self, id: &str) -> Option<Loop> {
        self.state.loop_names.find(id).map(Loop)
    }

    /// The share handle and referral code of a participant, for a loop or in general.
    #[must_use]
    pub fn share(&self, participant: &str, loop_: Option<&str>) -> Option<state::Share> {
        let person = Person(self.state.people.find(participant)?);
        let loop_ = match loop_ {
            Some(id) => Some(self.find_loop(id)?),
            None => None,
        };
        self.state.shares.of(person, loop_)
    }

    /// SHA-256 of the canonical form of the state.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.snapshot()).into()
    }

    /// The state in its canonical form.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        snapshot::write(&self.state)
    }

    /// A copy with the same state, to try commands on. The page's build makes it by way of a snapshot, because code that
    /// copies each part of a state would be a fiftieth of it.
    #[must_use]
    pub fn fork(&self) -> Option<Engine> {
        if COMPLETE {
            return Some(self.clone());
        }
        let state = snapshot::read(&self.book, &snapshot::write(&self.state)).ok()?;
        Some(Engine { book: self.book.clone(), state })
    }

    /// Continues from a snapshot taken under this engine's campaign and seed.
    ///
    /// # Errors
    /// [`snapshot::Damaged`] if the bytes are not a snapshot of this version; nothing changes then.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), snapshot::Damaged> {
        self.state = snapshot::read(&self.book, bytes)?;
        Ok(())
    }
}

/// What became of a command whose id was new.
struct Taken<'x> {
    at: Time,
    outcome: Outcome<'x>,
    named: Named,
}

/// The participant and the loop that a command names, as far as deciding it found out.
type Named = (Option<Person>, Option<Loop>);

impl<'x> Taken<'x> {
    /// Decides the command, applies its facts and remembers the answer.
    #[inline]
    fn new(book: &'x Book, state: &mut State, command: &'x Command<'x>, hashes: Hashes) -> Self {
        let at = command.at.max(state.now);
        let (outcome, named) = outcome(book, state, command, hashes);
        // As with a text that is no command, nothing is recorded of a malformed one and the id stays free.
        if !matches!(outcome, Outcome::Rejected(Rejection { code: Code::CommandMalformed, .. })) {
            if let Outcome::Accepted(facts) = &outcome {
                for fact in facts {
                    evolve::evolve(book, state, fact, at);
                }
            }
            state.now = at;
            let told = Told::of(state, command, at, named);
            state.journal.add(hashes, told, &outcome);
        }
        Taken { at, outcome, named }
    }

    #[inline]
    fn answer(self, command: &'x Command<'x>, book: &'x Book, state: &'x State) -> Answer<'x> {
        let Taken { at, outcome, named } = self;
        Answer { command, at, repeated: false, outcome, book, state, named }
    }
}

/// The answer to a command that is not to change anything, or was answered before.
fn look<'x>(book: &'x Book, state: &'x State, command: &'x Command<'x>) -> Answer<'x> {
    let hashes = command.hashes(&state.keys);
    let at = command.at.max(state.now);
    let known = state.journal.find(hashes, |at| told(state, command, hashes, at));
    let answer = |at, repeated, outcome, named| Answer { command, at, repeated, outcome, book, state, named };
    match known {
        Known::Same(at, outcome) => answer(at, true, outcome, named(state, command, hashes)),
        Known::OtherBody => answer(at, false, Outcome::Rejected(Code::CommandIdReused.into()), (None, None)),
        Known::New => {
            let (outcome, named) = outcome(book, state, command, hashes);
            answer(at, false, outcome, named)
        }
    }
}

/// What becomes of a command whose id is new, and what it names.
#[inline]
fn outcome<'x>(
    book: &'x Book,
    state: &State,
    command: &'x Command<'x>,
    hashes: Hashes,
) -> (Outcome<'x>, Named) {
    match decide::decide_hashed(book, state, command, hashes) {
        Ok(Decided { facts, sender, loop_ }) => (Outcome::Accepted(facts), (sender, loop_)),
        Err(rejection) => (Outcome::Rejected(rejection), (None, None)),
    }
}

/// What a command that was answered before says of its answer.
fn told<'x>(state: &State, command: &'x Command<'x>, hashes: Hashes, at: Time) -> Told<'x> {
    Told::of(state, command, at, named(state, command, hashes))
}

/// The participant and the loop that a command names which was answered before.
fn named(state: &State, command: &Command<'_>, hashes: Hashes) -> Named {
    let by = command.by.as_deref().and_then(|by| state.people.find_hashed(hashes.by, by));
    let loop_ = match command.loop_.as_deref() {
        Some(loop_) => state.loop_names.find_hashed(hashes.loop_, loop_),
        None => state.loop_names.find(&command.id),
    };
    (by.map(Person), loop_.map(Loop))
}
