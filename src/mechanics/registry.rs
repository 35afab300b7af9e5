//! The registry of mechanics: the one place that knows which there are, and hands what is asked to the right one.

use super::{Keep, Kept, Looking, Loops, Mechanic, On, Opening, Payment, Wants};
use super::{
    abuse, assist, bargain, check_in, commission, group_buy, group_fission, invite, leaderboard, lottery,
    points, raffle, red_packet, screenshot, share, task, unlock,
};
use crate::campaign::decode::{COMPLETE, Cx, Document};
use crate::campaign::play::PlayRules;
use crate::engine::command::Act;
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::field::GrantId;
use crate::engine::handle::{Event, Loop, Order, Person, Play, Reward};
use crate::engine::money::Money;
use crate::engine::pack::{Packed, Unpacker};
use crate::engine::rejection::{Code, Rejection};
use crate::engine::state::{GrantState, LoopState, State, Status};
use crate::engine::time::{Period, Span, Time};
use crate::engine::view::{Look, Offer};
use crate::json::tree::Node;

macro_rules! mechanics {
    ($($Name:ident = $module:ident, $key:literal;)*) => {
        /// The rules of a play, by mechanic.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Rules { $(#[doc = concat!("`", $key, "`")] $Name($module::Rules),)* }

        /// What a mechanic keeps for a loop.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Progress { $(#[doc = concat!("`", $key, "`")] $Name(Box<<$module::Rules as Mechanic>::Progress>),)* }

        impl Rules {
            /// The names of all mechanics.
            pub const NAMES: &'static [&'static str] = &[$($key,)*];

            /// The mechanic's name.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Rules::$Name(_) => $key,)* }
            }

            /// Reads the mechanic's own keys of a play.
            pub fn decode(mechanic: &str, node: &Node<'_>, cx: &mut Cx) -> Option<Rules> {
                match mechanic {
                    $($key => apart::decode(node, cx).map(Rules::$Name),)*
                    _ => None,
                }
            }

            /// The mechanic's own keys.
            #[must_use]
            pub fn keys(mechanic: &str) -> &'static [&'static str] {
                match mechanic {
                    $($key => <$module::Rules as Document>::KEYS,)*
                    _ => &[],
                }
            }

            /// The JSON Schema of each mechanic's own keys.
            #[cfg(feature = "schema")]
            #[must_use]
            pub fn shapes() -> Vec<(&'static str, schemars::Schema)> {
                use crate::campaign::decode::Decode;
                vec![$(($key, $module::Rules::shape()),)*]
            }

            /// Reports what is wrong with the rules beyond their shape.
            pub fn check(&self, node: &Node<'_>, cx: &mut Cx) {
                match self { $(Rules::$Name(rules) => apart::check(rules, node, cx, $module::check),)* }
            }

            /// Whether its loops offer an act.
            #[must_use]
            pub fn offers(&self, act: Act) -> bool {
                match self { $(Rules::$Name(_) => <$module::Rules as Mechanic>::OFFERS.contains(&act),)* }
            }

            /// The acts its loops offer.
            #[must_use]
            pub fn acts(&self) -> &'static [Act] {
                match self { $(Rules::$Name(_) => <$module::Rules as Mechanic>::OFFERS,)* }
            }

            /// Whether there is anything in these rules that an act is for.
            #[must_use]
            pub fn has_use_of(&self, act: Act) -> bool {
                match self { $(Rules::$Name(rules) => rules.has_use_of(act),)* }
            }

            /// Opens a loop.
            ///
            /// # Errors
            /// Why it may not be opened.
            pub fn open<'c>(&'c self, opening: Opening<'_, '_, 'c>) -> Result<(), Rejection<'c>> {
                match self { $(Rules::$Name(rules) => apart::open(rules, opening),)* }
            }

            /// How many loops a play has.
            #[must_use]
            pub fn loops(&self) -> Loops {
                match self { $(Rules::$Name(_) => <$module::Rules as Mechanic>::LOOPS,)* }
            }

            /// Whether progress follows the grants of a loop.
            #[must_use]
            pub fn follows_grants(&self) -> bool {
                match self { $(Rules::$Name(_) => <$module::Rules as Mechanic>::FOLLOWS_GRANTS,)* }
            }

            /// Whether [`Rules::watch`] does anything.
            #[must_use]
            pub fn watches(&self) -> bool {
                match self { $(Rules::$Name(_) => <$module::Rules as Mechanic>::WATCHES,)* }
            }

            /// Looks at the facts of a decided command and may add to them.
            pub fn watch(&self, cx: &mut Deciding<'_, '_>, play: Play, with: &PlayRules) {
                match self { $(Rules::$Name(rules) => rules.watch(cx, play, with),)* }
            }

            /// Someone came by what was shared for a loop.
            pub fn visited(
                &self,
                cx: &mut Deciding<'_, '_>,
                loop_: Loop,
                state: &LoopState,
                play: &PlayRules,
                by: Person,
            ) {
                match (self, &state.progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) =>
                        rules.visited(cx, On { loop_, state, progress, play }, by),)*
                    _ => {}
                }
            }

            /// Someone became the customer of whose loop it is.
            pub fn invited(
                &self,
                cx: &mut Deciding<'_, '_>,
                loop_: Loop,
                state: &LoopState,
                play: &PlayRules,
                by: Person,
            ) {
                match (self, &state.progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) =>
                        rules.invited(cx, On { loop_, state, progress, play }, by),)*
                    _ => {}
                }
            }

            /// Does the command's act on a loop.
            ///
            /// # Errors
            /// Why not.
            pub fn act<'c>(
                &'c self,
                cx: &mut Deciding<'_, 'c>,
                loop_: Loop,
                state: &LoopState,
                play: &'c PlayRules,
                by: Person,
            ) -> Result<(), Rejection<'c>> {
                match (self, &state.progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) =>
                        apart::act(rules, cx, On { loop_, state, progress, play }, by),)*
                    _ => Err(Code::LoopUnknown.into()),
                }
            }

            /// Takes a payment.
            ///
            /// # Errors
            /// Why it does not count.
            pub fn pay<'c>(
                &'c self,
                cx: &mut Deciding<'_, 'c>,
                loop_: Loop,
                state: &LoopState,
                play: &'c PlayRules,
                payment: Payment<'c>,
            ) -> Result<(), Rejection<'c>> {
                match (self, &state.progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) =>
                        rules.pay(cx, On { loop_, state, progress, play }, payment),)*
                    _ => Err(Code::LoopUnknown.into()),
                }
            }

            /// Something happened on the site to someone who takes part in the loop.
            pub fn event(
                &self,
                cx: &mut Deciding<'_, '_>,
                loop_: Loop,
                state: &LoopState,
                play: &PlayRules,
                (by, event, order): (Person, Event, Option<Order>),
            ) {
                match (self, &state.progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) =>
                        rules.event(cx, On { loop_, state, progress, play }, by, event, order),)*
                    _ => {}
                }
            }

            /// An order the loop rests on was refunded.
            pub fn refunded(
                &self,
                cx: &mut Deciding<'_, '_>,
                loop_: Loop,
                state: &LoopState,
                play: &PlayRules,
                (by, order): (Person, Order),
            ) {
                match (self, &state.progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) =>
                        rules.refunded(cx, On { loop_, state, progress, play }, by, order),)*
                    _ => {}
                }
            }

            /// A grant of the loop failed or was taken back on its own.
            pub fn taken_back(
                &self,
                cx: &mut Deciding<'_, '_>,
                loop_: Loop,
                state: &LoopState,
                play: &PlayRules,
                (id, grant): (GrantId, GrantState),
            ) {
                match (self, &state.progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) =>
                        rules.taken_back(cx, On { loop_, state, progress, play }, id, grant),)*
                    _ => {}
                }
            }

            /// Settles what is due by the clock.
            pub fn settle(&self, cx: &mut Deciding<'_, '_>, loop_: Loop, state: &LoopState, play: &PlayRules) {
                match (self, &state.progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) =>
                        rules.settle(cx, On { loop_, state, progress, play }),)*
                    _ => {}
                }
            }

            /// Makes sure that one unit of the play's own goods is left.
            ///
            /// # Errors
            /// `SOLD_OUT`.
            pub fn take_goods<'c>(&'c self, cx: &mut Deciding<'_, 'c>, play: Play) -> Result<(), Rejection<'c>> {
                match self { $(Rules::$Name(rules) => rules.take_goods(cx, play),)* }
            }

            /// Where a loop stands by the clock.
            #[must_use]
            pub fn status(&self, state: &LoopState, at: Time) -> Status {
                match (self, &state.progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) => rules.status(state, progress, at),)*
                    _ => state.status,
                }
            }

            /// What a new loop keeps.
            #[must_use]
            pub fn begin(&self) -> Progress {
                match self { $(Rules::$Name(_) => Progress::$Name(Box::default()),)* }
            }

            /// Applies a fact to a loop's progress and to what the play keeps.
            pub fn evolve(&self, progress: &mut Progress, fact: &Fact<'_>, at: Time, keep: &mut Keep<'_>) {
                match (self, progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) => rules.evolve(progress, fact, at, keep),)*
                    _ => {}
                }
            }

            /// Applies a fact that is only about to happen to a copy of the progress.
            pub fn rehearse(&self, progress: &mut Progress, fact: &Fact<'_>, at: Time, play: Play) {
                match (self, progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) =>
                        rules.rehearse(progress, fact, at, (play, None)),)*
                    _ => {}
                }
            }

            /// When a running loop needs settling.
            #[must_use]
            pub fn due(&self, progress: &Progress, until: Time) -> Time {
                match (self, progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) => rules.due(progress, until),)*
                    _ => Time::NEVER,
                }
            }

            /// What a page shows of a loop.
            #[must_use]
            pub fn look(&self, looking: Looking<'_>) -> Look {
                match (self, &looking.state.progress) {
                    $((Rules::$Name(rules), Progress::$Name(progress)) => apart::look(rules, looking, progress),)*
                    _ => Look::default(),
                }
            }
        }

        impl Progress {
            /// Appends the compact form.
            pub fn pack(&self, out: &mut Vec<u8>) {
                match self { $(Progress::$Name(progress) => progress.pack(out),)* }
            }

            /// Reads the compact form of a loop under these rules.
            pub fn unpack(rules: &Rules, from: &mut Unpacker<'_>) -> Self {
                match rules { $(Rules::$Name(_) => Progress::$Name(Box::new(from.read())),)* }
            }

            /// A copy. The page's build makes it by way of the snapshot's form, which it has anyway: copying each of them was 2 kB.
            pub fn copied(&self, rules: &Rules) -> Option<Self> {
                if COMPLETE {
                    return Some(self.clone());
                }
                let mut bytes = Vec::new();
                self.pack(&mut bytes);
                let mut from = Unpacker::new(&bytes);
                let copy = Self::unpack(rules, &mut from);
                from.is_whole().then_some(copy)
            }

            /// Bytes of memory on the heap.
            #[must_use]
            pub fn memory(&self) -> usize {
                match self { $(Progress::$Name(progress) => size_of_val(&**progress) + progress.memory(),)* }
            }

            /// Whether somebody besides the loop's owner has a place in it.
            #[must_use]
            pub fn knows(&self, who: Person) -> bool {
                match self { $(Progress::$Name(progress) => progress.knows(who),)* }
            }
        }

        macro_rules! each_rules {
            ($self:ident, $rules:ident => $value:expr) => {
                match $self { $(Rules::$Name($rules) => $value,)* }
            };
        }
    };
}

/// What is asked of the mechanics with most of their code, as functions of their own. Hosts compile a function of WebAssembly whole
/// when it is first called, and a campaign has one or two of the sixteen mechanics.
mod apart {
    use super::{Cx, Deciding, Document, Look, Looking, Mechanic, Node, On, Opening, Person, Rejection};

    #[inline(never)]
    pub(super) fn decode<R: Document>(node: &Node<'_>, cx: &mut Cx) -> Option<R> {
        R::decode_members(node, cx)
    }

    #[inline(never)]
    pub(super) fn check<R>(rules: &R, node: &Node<'_>, cx: &mut Cx, check: impl Fn(&R, &Node<'_>, &mut Cx)) {
        check(rules, node, cx);
    }

    #[inline(never)]
    pub(super) fn open<'c, R: Mechanic>(
        rules: &'c R,
        opening: Opening<'_, '_, 'c>,
    ) -> Result<(), Rejection<'c>> {
        rules.open(opening)
    }

    #[inline(never)]
    pub(super) fn act<'c, R: Mechanic>(
        rules: &'c R,
        cx: &mut Deciding<'_, 'c>,
        on: On<'_, 'c, R::Progress>,
        by: Person,
    ) -> Result<(), Rejection<'c>> {
        rules.act(cx, on, by)
    }

    #[inline(never)]
    pub(super) fn look<R: Mechanic>(rules: &R, looking: Looking<'_>, progress: &R::Progress) -> Look {
        rules.look(looking, progress)
    }
}

mechanics! {
    Assist = assist, "assist";
    Invite = invite, "invite";
    GroupBuy = group_buy, "group-buy";
    CheckIn = check_in, "check-in";
    Points = points, "points";
    Leaderboard = leaderboard, "leaderboard";
    Lottery = lottery, "lottery";
    Raffle = raffle, "raffle";
    RedPacket = red_packet, "red-packet";
    Commission = commission, "commission";
    GroupFission = group_fission, "group-fission";
    Bargain = bargain, "bargain";
    Unlock = unlock, "unlock";
    Screenshot = screenshot, "screenshot";
    Task = task, "task-unlock";
    Share = share, "share";
}

impl Rules {
    /// The rewards on offer before a loop is opened.
    #[must_use]
    pub fn rewards(&self) -> Vec<Offer> {
        each_rules!(self, rules => Mechanic::offers(rules))
    }

    /// The price of buying alone.
    #[must_use]
    pub fn alone(&self) -> Option<Money> {
        each_rules!(self, rules => rules.alone())
    }

    /// The price of buying together.
    #[must_use]
    pub fn together(&self) -> Option<Money> {
        each_rules!(self, rules => rules.together())
    }

    /// The play's own stock of goods.
    #[must_use]
    pub fn stock(&self) -> Option<u32> {
        each_rules!(self, rules => rules.stock())
    }

    /// How long a loop lives; `None` until the campaign ends.
    #[must_use]
    pub fn window(&self) -> Option<Span> {
        each_rules!(self, rules => rules.window())
    }

    /// The most pieces of each reward one loop can cost.
    #[must_use]
    pub fn liability(&self) -> Vec<(Reward, u32)> {
        each_rules!(self, rules => rules.liability())
    }

    /// How someone would earn with people who do not exist.
    #[must_use]
    pub fn schemes(&self) -> Vec<abuse::Scheme> {
        each_rules!(self, rules => rules.schemes())
    }

    /// How other people move its loops, for a leaderboard.
    #[must_use]
    pub fn moves(&self) -> &'static [leaderboard::Count] {
        each_rules!(self, rules => rules.moves())
    }

    /// The rewards given for orders that can still be refunded.
    #[must_use]
    pub fn on_orders(&self) -> Vec<Reward> {
        each_rules!(self, rules => rules.on_orders())
    }

    /// The rewards whose amount the mechanic decides grant by grant.
    #[must_use]
    pub fn portions(&self) -> Vec<Reward> {
        each_rules!(self, rules => rules.portions())
    }

    /// The calendar period after which its loop for all is over.
    #[must_use]
    pub fn cycle(&self) -> Option<Period> {
        each_rules!(self, rules => rules.cycle())
    }

    /// The rewards that have to be of a kind, each with the key of the play that names it.
    #[must_use]
    pub fn wants(&self) -> Vec<(&'static str, Reward, Wants)> {
        each_rules!(self, rules => rules.wants())
    }

    /// Whether a participant has reached a level of this name.
    #[must_use]
    pub fn has_level(&self, state: &State, who: Person, name: &str) -> bool {
        each_rules!(self, rules => rules.has_level(state, who, name))
    }

    /// The event whose first moment is kept for each participant.
    #[must_use]
    pub fn timed(&self) -> Option<Event> {
        each_rules!(self, rules => rules.timed())
    }

    /// How long a referral code for a loop can be typed.
    #[must_use]
    pub fn code_valid(&self) -> Option<Span> {
        each_rules!(self, rules => rules.code_valid())
    }

    /// The loop of someone else in which a participant's act on the play counts.
    #[must_use]
    pub fn stands_in(&self, cx: &Deciding<'_, '_>, play: Play, by: Person) -> Option<Loop> {
        each_rules!(self, rules => rules.stands_in(cx, play, by))
    }
}
