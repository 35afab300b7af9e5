//! The mechanics (玩法): what each of them answers, and what they share. Each one is a file here, `registry` knows them all, and nothing
//! outside this folder asks which one it is.

pub mod abuse;
pub mod assist;
pub mod bargain;
pub mod check_in;
pub mod commission;
pub mod draws;
pub mod group_buy;
pub mod group_fission;
pub mod invite;
pub mod law;
pub mod leaderboard;
pub mod lineage;
pub mod lottery;
pub mod points;
pub mod raffle;
pub mod red_packet;
mod registry;
pub mod screenshot;
pub mod share;
pub mod task;
pub mod unlock;

pub use registry::{Progress, Rules};

use crate::campaign::play::PlayRules;
use crate::engine::book::Book;
use crate::engine::command::Act;
use crate::engine::counters::{Counters, Key};
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::field::{GrantId, Reason};
use crate::engine::handle::{Event, Loop, Order, Person, Play, Reward};
use crate::engine::money::Money;
use crate::engine::pack::Packed;
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{GrantState, LoopState, State, Status};
use crate::engine::time::{Period, Span, Time};
use crate::engine::view::{Look, Offer};
use crate::sorted::Sorted;

/// What a mechanic decides and keeps.
pub trait Mechanic {
    /// What it keeps for a loop.
    type Progress: Kept;

    /// The acts it offers on its loops.
    const OFFERS: &'static [Act];

    /// Whether there is anything in these rules that an act of [`Mechanic::OFFERS`] is for; a page shows no button otherwise.
    fn has_use_of(&self, _act: Act) -> bool {
        true
    }

    /// How many loops a play has.
    const LOOPS: Loops = Loops::Many;

    /// Whether [`Mechanic::evolve`] has to know of the grants of a loop.
    const FOLLOWS_GRANTS: bool = false;

    /// Opens a loop, open for the mechanic's window or until the campaign ends.
    ///
    /// # Errors
    /// Why it may not be opened.
    fn open<'c>(&'c self, mut opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
        let until = match self.window() {
            Some(window) => opening.cx.at.after(window),
            None => opening.cx.book.current().runs.until,
        };
        opening.emit(until);
        Ok(())
    }

    /// Does the command's act, which is one of [`Mechanic::OFFERS`] other than `share` and `pay`, on a loop.
    ///
    /// `by` is the command's participant; for `review`, `enter` and `exit` the one it is about.
    ///
    /// # Errors
    /// Why not.
    fn act<'c>(
        &'c self,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, Self::Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>>;

    /// Someone other than the sharer came by a link or code that was shared for the loop, or in general by
    /// its initiator.
    fn visited(&self, _cx: &mut Deciding<'_, '_>, _on: On<'_, '_, Self::Progress>, _by: Person) {}

    /// The participant became the customer of whose loop this is, by the document's `inviters`.
    fn invited(&self, _cx: &mut Deciding<'_, '_>, _on: On<'_, '_, Self::Progress>, _by: Person) {}

    /// Looks at the facts of a decided command, whatever plays they are about, and may add to them. Only
    /// for mechanics whose [`Mechanic::WATCHES`] is set.
    fn watch(&self, _cx: &mut Deciding<'_, '_>, _play: Play, _rules: &PlayRules) {}

    /// Whether [`Mechanic::watch`] is called.
    const WATCHES: bool = false;

    /// Takes a payment.
    ///
    /// # Errors
    /// Why it does not count.
    fn pay<'c>(
        &'c self,
        _cx: &mut Deciding<'_, 'c>,
        _on: On<'_, 'c, Self::Progress>,
        _payment: Payment<'c>,
    ) -> Result<(), Rejection<'c>> {
        Err(Rejection::new(Code::ActionUnknown).name("pay"))
    }

    /// Something happened on the site to someone who takes part in the loop.
    fn event(
        &self,
        _cx: &mut Deciding<'_, '_>,
        _on: On<'_, '_, Self::Progress>,
        _by: Person,
        _event: Event,
        _order: Option<Order>,
    ) {
    }

    /// An order the loop rests on was refunded.
    fn refunded(
        &self,
        _cx: &mut Deciding<'_, '_>,
        _on: On<'_, '_, Self::Progress>,
        _by: Person,
        _order: Order,
    ) {
    }

    /// A grant of the loop failed or was taken back on its own, at the backend's word.
    fn taken_back(
        &self,
        _cx: &mut Deciding<'_, '_>,
        _on: On<'_, '_, Self::Progress>,
        _id: GrantId,
        _grant: GrantState,
    ) {
    }

    /// Settles what is due by the clock.
    fn settle(&self, _cx: &mut Deciding<'_, '_>, _on: On<'_, '_, Self::Progress>) {}

    /// Makes sure that one unit of the play's own goods is left; what is due by the clock may be settled for it.
    ///
    /// # Errors
    /// `SOLD_OUT`.
    fn take_goods<'c>(&'c self, _cx: &mut Deciding<'_, 'c>, _play: Play) -> Result<(), Rejection<'c>> {
        Ok(())
    }

    /// Where a loop stands by the clock, whether or not anything has settled it.
    fn status(&self, state: &LoopState, _progress: &Self::Progress, at: Time) -> Status {
        match state.status {
            Status::Running if at >= state.until => Status::Expired,
            status => status,
        }
    }

    /// Applies a fact about the loop to its progress, and to what the play keeps as a whole.
    fn evolve(&self, progress: &mut Self::Progress, fact: &Fact<'_>, at: Time, keep: &mut Keep<'_>);

    /// Applies a fact that is only about to happen to a copy of the progress.
    fn rehearse(
        &self,
        progress: &mut Self::Progress,
        fact: &Fact<'_>,
        at: Time,
        (play, order): (Play, Option<Order>),
    ) {
        let (mut tallies, mut firsts) = Default::default();
        let mut keep = Keep { play, order, goods: 0, tallies: &mut tallies, firsts: &mut firsts };
        self.evolve(progress, fact, at, &mut keep);
    }

    /// When the loop needs settling, if it does.
    fn due(&self, _progress: &Self::Progress, _until: Time) -> Time {
        Time::NEVER
    }

    /// What a page shows of a loop.
    fn look(&self, looking: Looking<'_>, progress: &Self::Progress) -> Look;

    /// The rewards on offer before a loop is opened.
    fn offers(&self) -> Vec<Offer>;

    /// The price of buying alone.
    fn alone(&self) -> Option<Money> {
        None
    }

    /// The price of buying together.
    fn together(&self) -> Option<Money> {
        None
    }

    /// The play's own stock of goods.
    fn stock(&self) -> Option<u32> {
        None
    }

    /// How long a loop lives; `None` until the campaign ends.
    fn window(&self) -> Option<Span>;

    /// The most pieces of each reward one loop can cost.
    fn liability(&self) -> Vec<(Reward, u32)>;

    /// How someone would earn with people who do not exist.
    fn schemes(&self) -> Vec<abuse::Scheme> {
        abuse::by_offers(&self.offers())
    }

    /// How other people move its loops, for a leaderboard.
    fn moves(&self) -> &'static [leaderboard::Count] {
        &[]
    }

    /// The rewards given for orders that can still be refunded.
    fn on_orders(&self) -> Vec<Reward> {
        Vec::new()
    }

    /// The rewards whose amount the mechanic decides grant by grant, so that the catalogue need not.
    fn portions(&self) -> Vec<Reward> {
        Vec::new()
    }

    /// The calendar period after which its loop for all is over and another one begins.
    fn cycle(&self) -> Option<Period> {
        None
    }

    /// The rewards that have to be of a kind, each with the key of the play that names it.
    fn wants(&self) -> Vec<(&'static str, Reward, Wants)> {
        Vec::new()
    }

    /// Whether a participant has reached a level of this name.
    fn has_level(&self, _state: &State, _who: Person, _name: &str) -> bool {
        false
    }

    /// The event whose first moment is kept for each participant, because a time runs after it.
    fn timed(&self) -> Option<Event> {
        None
    }

    /// How long a referral code for a loop can be typed.
    fn code_valid(&self) -> Option<Span> {
        None
    }

    /// The loop of someone else in which a participant's act on the play counts, if it does not count in
    /// their own.
    fn stands_in(&self, _cx: &Deciding<'_, '_>, _play: Play, _by: Person) -> Option<Loop> {
        None
    }
}

/// What a mechanic wants of a reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// That it is paid in money.
    Cash,
    /// That the engine keeps an account of it, as of chances, and of points with `points`.
    Account,
}

/// How many loops a play has at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loops {
    /// As many as participants open; commands name the loop.
    Many,
    /// One for each participant; commands may name the play instead, and the first opens the loop.
    Personal,
    /// One for all; commands may name the play instead, and the first opens the loop.
    Shared,
}

/// What [`Mechanic::evolve`] may write besides the progress of its loop.
pub struct Keep<'s> {
    /// The play.
    pub play: Play,
    /// The order that the fact brings or is about.
    pub order: Option<Order>,
    /// By how many units the play's own stock of goods is used up more.
    pub goods: i32,
    /// Counts that the mechanics keep across loops, by [`tally`].
    pub tallies: &'s mut Counters,
    /// Who was first with a text, by play: for things that count once in a play.
    pub firsts: &'s mut Firsts,
}

/// Who was first with a text in a play.
pub type Firsts = Sorted<(Play, Box<str>), Person>;

/// The key of a count that a mechanic keeps across the loops of its play: `kind` is its own number below 2^20.
#[must_use]
pub fn tally(play: Play, kind: u32, subject: u32) -> Key {
    Key::new(play.0, i64::from(kind), subject)
}

/// Makes sure that one more unit of a play's goods can be taken. Loops of the play that are due are settled for it as
/// long as none is left: what they kept is free by the clock.
///
/// # Errors
/// `SOLD_OUT`.
pub fn take_unit<'c>(cx: &mut Deciding<'_, 'c>, play: Play, stock: Option<u32>) -> Result<(), Rejection<'c>> {
    let Some(stock) = stock else { return Ok(()) };
    let (state, at) = (cx.state, cx.at);
    let taken = state.play(play).taken;
    let is_left = |facts: &[Fact<'_>]| {
        let back = facts.iter().filter(|fact| gives_back(fact)).count();
        taken.saturating_sub(u32::try_from(back).unwrap_or(u32::MAX)) < stock
    };
    let mut due = state.agenda.iter().take_while(|(due, _)| *due <= at).map(|(_, loop_)| *loop_);
    while !is_left(&cx.facts) {
        let loop_ = due.next().ok_or(Code::SoldOut)?;
        let Some(state) = state.loop_(loop_).filter(|other| other.play == play) else { continue };
        if let Some(rules) = cx.rules(state) {
            rules.rules.settle(cx, loop_, state, rules);
        }
    }
    Ok(())
}

/// Whether a fact of settling returns one unit to the stock: a slot that lapsed, or a payment that expired.
fn gives_back(fact: &Fact<'_>) -> bool {
    matches!(fact, Fact::Lapsed { .. } | Fact::RefundDue { reason: Reason::Expired, .. })
}

/// Whether the participant has a loop of their own in this play that runs at this moment.
#[must_use]
pub fn runs_one(cx: &Deciding<'_, '_>, play: Play, by: Person) -> bool {
    cx.state.loops_of(by).filter_map(|loop_| cx.state.loop_(loop_)).any(|other| {
        let mine = other.play == play && cx.state.ids.is_same(other.initiator, by);
        mine && cx.rules(other).is_some_and(|rules| cx.loop_running(rules, other).is_ok())
    })
}

/// What a mechanic keeps for a loop.
pub trait Kept: Packed + Clone + core::fmt::Debug + PartialEq + Default {
    /// Bytes of memory on the heap.
    fn memory(&self) -> usize;

    /// Whether somebody besides the loop's owner has a place in it.
    fn knows(&self, _who: Person) -> bool {
        false
    }
}

/// A loop about to be opened.
pub struct Opening<'x, 's, 'c> {
    /// The command being decided.
    pub cx: &'x mut Deciding<'s, 'c>,
    /// The play.
    pub play: Play,
    /// Its rules.
    pub rules: &'c PlayRules,
    /// The initiator.
    pub by: Person,
    /// The loop's id.
    pub id: &'c str,
    /// The order that entitles the initiator.
    pub order: Option<Order>,
}

impl Opening<'_, '_, '_> {
    /// The handle the new loop will have.
    #[must_use]
    pub fn loop_(&self) -> Loop {
        Loop::at(self.cx.state.loops.len())
    }

    /// Emits the opening, until `until`.
    pub fn emit(&mut self, until: Time) {
        let device = crate::guard::device(self.cx, self.rules);
        let opened =
            Fact::Opened { loop_: self.id, play: self.play, by: self.by, until, order: self.order, device };
        self.cx.emit(opened);
    }
}

/// The loop a command is about.
pub struct On<'s, 'c, P> {
    /// Its handle.
    pub loop_: Loop,
    /// Its state.
    pub state: &'s LoopState,
    /// What its mechanic keeps.
    pub progress: &'s P,
    /// The play's rules, as they were when it was opened.
    pub play: &'c PlayRules,
}

/// A payment that was received.
#[derive(Clone, Copy)]
pub struct Payment<'c> {
    /// Who paid.
    pub by: Person,
    /// The order.
    pub order: &'c str,
    /// The amount.
    pub amount: Money,
}

/// A look at a loop for a page.
#[derive(Clone, Copy)]
pub struct Looking<'s> {
    /// The rules of the campaign.
    pub book: &'s Book,
    /// The state of the campaign.
    pub all: &'s State,
    /// The loop.
    pub loop_: Loop,
    /// Its state.
    pub state: &'s LoopState,
    /// Who looks, if the campaign knows them.
    pub who: Option<Person>,
    /// When.
    pub at: Time,
}
