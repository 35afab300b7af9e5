//! View: all a page needs to show one participant, decided by the same rules as the commands.

use serde::Serialize;
use std::borrow::Cow;

use super::book::Book;
use super::command::{Act, Command};
use super::decide::{Deciding, decide};
use super::field::GrantId;
use super::handle::{Event, Grant, Loop, Person, Play, Reward};
use super::money::Money;
use super::rejection::{Code, Rejection};
use super::state::{GrantState, GrantStatus, LoopState, State, Status};
use super::time::Time;
use crate::campaign::play::PlayRules;
use crate::guard;
use crate::mechanics::{Keep, Looking, Loops};
use crate::rewards;
use crate::rewards::points::Account;

/// Loops a view shows at most; the latest ones.
const LOOPS: usize = 50;
/// Grants a view shows at most; the latest ones.
const GRANTS: usize = 100;
/// People of a loop a view shows at most.
const PEOPLE: usize = 200;
/// Parts of a loop a view shows at most.
const ITEMS: usize = 100;
/// The id of the commands that views ask about; no loop and no command has it.
const ASKING: &str = ".";

macro_rules! shown {
    ($($(#[$doc:meta])* pub struct $Name:ident { $($(#[$field_doc:meta])* pub $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        pub struct $Name { $($(#[$field_doc])* pub $field: $type,)* }
    )*};
}

shown! {
    /// What a campaign looks like for one participant at one moment.
    pub struct View {
        /// The campaign's id.
        pub campaign: String,
        /// Its title.
        pub title: String,
        /// ISO code of its currency.
        pub currency: String,
        /// The moment, Unix milliseconds.
        pub at: i64,
        /// `planned`, `running` or `ended`.
        pub status: &'static str,
        /// When the campaign begins.
        pub from: i64,
        /// When it ends.
        pub until: i64,
        /// Who looks.
        pub participant: String,
        /// Who brought them.
        pub inviter: Option<String>,
        /// The plays of the campaign.
        pub plays: Vec<PlayView>,
        /// The loop asked for, those that are for all, and the participant's, latest first.
        pub loops: Vec<LoopView>,
        /// The participant's grants, latest first.
        pub grants: Vec<GrantView>,
        /// The participant's accounts of points and chances.
        pub accounts: Vec<AccountView>,
        /// The participant's tags.
        pub tags: Vec<String>,
    }

    /// An account of points or chances.
    pub struct AccountView {
        /// The reward's name.
        pub reward: String,
        /// The reward's title.
        pub title: String,
        /// What can be spent; below zero if points are owed.
        pub balance: i64,
        /// All that was ever earned, spent or not.
        pub earned: u64,
        /// When points expire next.
        pub until: Option<i64>,
        /// How many expire then.
        pub expiring: Option<u64>,
    }

    /// A play.
    pub struct PlayView {
        /// Its name.
        pub play: String,
        /// Its mechanic.
        pub mechanic: &'static str,
        /// Its title.
        pub title: String,
        /// What the participant can do.
        pub actions: Vec<ActionView>,
        /// What has to happen before the participant can open a loop.
        pub missing: Vec<StepView>,
        /// What it costs, if something is sold.
        pub prices: Option<Prices>,
        /// What there is to earn.
        pub offers: Vec<OfferView>,
        /// Goods that are left by the clock, if they are counted.
        pub left: Option<u32>,
    }

    /// The prices of a play that sells something.
    pub struct Prices {
        /// For each member of a group.
        pub together: Option<i64>,
        /// Without a group.
        pub alone: Option<i64>,
    }

    /// A reward on offer.
    pub struct OfferView {
        /// For whom: `initiator`, `helper`, `inviter`, `invitee`, `member`, `leader`, `sharer`, `opener`,
        /// `distributor` or `winner`.
        #[serde(rename = "for")]
        pub side: &'static str,
        /// Its name.
        pub reward: String,
        /// Its title.
        pub title: String,
        /// `coupon`, `cash`, `points`, `goods`, `pass`, `content` or `chance`.
        pub kind: &'static str,
        /// Its money.
        pub amount: Option<i64>,
        /// At which count it is earned.
        pub at: u32,
    }

    /// Something the participant can do, or why not.
    pub struct ActionView {
        /// The act.
        #[serde(rename = "do")]
        pub act: &'static str,
        /// Whether it would be accepted at this moment.
        pub ready: bool,
        /// The rejection it would meet.
        pub code: Option<&'static str>,
        /// The amount to pay.
        pub amount: Option<i64>,
        /// Until when.
        pub until: Option<i64>,
    }

    /// A loop.
    pub struct LoopView {
        /// Its id.
        #[serde(rename = "loop")]
        pub loop_: String,
        /// Its play.
        pub play: String,
        /// Its mechanic.
        pub mechanic: &'static str,
        /// `running`, `complete` or `expired`, by the clock.
        pub status: &'static str,
        /// What the participant is in it.
        pub role: &'static str,
        /// Who opened it, or leads it now.
        pub initiator: String,
        /// How far it is.
        pub have: u32,
        /// How far it has to get; 0 if nothing more can be reached.
        pub need: u32,
        /// When it was opened.
        pub opened: i64,
        /// When it ends.
        pub until: i64,
        /// Who takes part.
        pub people: Vec<PersonView>,
        /// What the participant can do.
        pub actions: Vec<ActionView>,
        /// What it earns the participant and the initiator.
        pub rewards: Vec<RewardView>,
        /// Its parts, as the tasks of a list or the ranks of a board.
        pub items: Vec<ItemView>,
        /// The amount it stands at: the price now, or the money left.
        pub amount: Option<i64>,
        /// Contributions that are held for review.
        pub held: u32,
    }

    /// A part of a loop.
    pub struct ItemView {
        /// What it is: `task`, `tier`, `prize`, `chance`, `entry`, `room`, `level`, `goods`, `rank`, `day`, `share`,
        /// `picture`, `cut`, `order` or `sum`.
        pub kind: &'static str,
        /// Its name, or the participant it is about.
        pub name: String,
        /// How far it is, or its rank.
        pub have: u64,
        /// How far it has to get, or what it costs; 0 if that means nothing.
        pub need: u64,
        /// Where it stands.
        pub status: &'static str,
        /// Money it is about.
        pub amount: Option<i64>,
        /// When.
        pub at: Option<i64>,
    }

    /// Someone who takes part in a loop.
    pub struct PersonView {
        /// Their id; absent for a virtual member.
        pub who: Option<String>,
        /// Since when, where that is kept.
        pub at: Option<i64>,
        /// What they did.
        pub status: &'static str,
    }

    /// A reward of a loop and what is missing.
    pub struct RewardView {
        /// Its name.
        pub reward: String,
        /// Its title.
        pub title: String,
        /// `coupon`, `cash`, `points`, `goods`, `pass`, `content` or `chance`.
        pub kind: &'static str,
        /// Its money.
        pub amount: Option<i64>,
        /// For whom.
        pub to: String,
        /// `locked`, `lost`, `out` or the status of its grant.
        pub status: &'static str,
        /// What unlocks it, in order.
        pub missing: Vec<StepView>,
    }

    /// One step towards something.
    pub struct StepView {
        /// `help`, `help-here`, `join`, `join-here`, `invite`, `pay`, `event`, `wait`, `check-in`, `submit`,
        /// `review`, `return`, `points`, `draw`, `claim`, `redeem`, `enter` or `score`.
        pub need: &'static str,
        /// How often.
        pub count: u32,
        /// Before when, or for `wait` until when.
        pub until: Option<i64>,
        /// The amount to pay.
        pub amount: Option<i64>,
        /// The event, or the item or level that the command names.
        pub name: Option<String>,
    }

    /// A grant of the participant.
    pub struct GrantView {
        /// Its id.
        pub grant: String,
        /// The loop that earned it.
        #[serde(rename = "loop")]
        pub loop_: String,
        /// The reward's name.
        pub reward: String,
        /// The reward's title.
        pub title: String,
        /// `coupon`, `cash`, `points`, `goods`, `pass`, `content` or `chance`.
        pub kind: &'static str,
        /// Its money.
        pub amount: Option<i64>,
        /// For whom.
        pub to: String,
        /// `claimable`, `held`, `reserved`, `fulfilled`, `active`, `used`, `outdated`, `failed` or `revoked`.
        pub status: &'static str,
        /// Until when it is held.
        pub from: Option<i64>,
        /// By when it has to be claimed, activated or used.
        pub until: Option<i64>,
        /// What the participant can do with it.
        pub actions: Vec<ActionView>,
    }
}

/// What a mechanic shows of a loop.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// What the looker is in it, unless initiator or visitor.
    pub role: Option<&'static str>,
    /// How far it is.
    pub have: u32,
    /// How far it has to get.
    pub need: u32,
    /// Who takes part.
    pub people: Vec<PersonLook>,
    /// What the looker has to pay, and until when.
    pub pay: Option<(Money, Time)>,
    /// What it earns.
    pub rewards: Vec<RewardLook>,
    /// Its parts.
    pub items: Vec<ItemLook>,
    /// The amount it stands at.
    pub amount: Option<Money>,
}

/// A part of a loop: a task, a tier, a prize, a rank.
#[derive(Clone, Debug)]
pub struct ItemLook {
    /// What it is, as in [`ItemView::kind`].
    pub kind: &'static str,
    /// What it is called.
    pub name: ItemName,
    /// How far it is, or its rank.
    pub have: u64,
    /// How far it has to get, or what it costs.
    pub need: u64,
    /// Where it stands.
    pub status: &'static str,
    /// Money it is about.
    pub amount: Option<Money>,
    /// When.
    pub at: Option<Time>,
}

/// What a part of a loop is called.
#[derive(Clone, Debug)]
pub enum ItemName {
    /// A name of the document.
    Text(String),
    /// A participant.
    Person(Person),
    /// A reward.
    Reward(Reward),
}

impl ItemLook {
    /// A part without money or time.
    #[must_use]
    pub fn new(kind: &'static str, name: ItemName, have: u64, need: u64, status: &'static str) -> Self {
        ItemLook { kind, name, have, need, status, amount: None, at: None }
    }
}

/// Someone who takes part.
#[derive(Clone, Debug)]
pub struct PersonLook {
    /// Who; nobody for a virtual member.
    pub who: Option<Person>,
    /// Since when.
    pub at: Option<Time>,
    /// What they did.
    pub status: &'static str,
}

impl PersonLook {
    /// A participant.
    #[must_use]
    pub fn new(who: Person, status: &'static str) -> Self {
        PersonLook { who: Some(who), at: None, status }
    }

    /// A virtual member.
    #[must_use]
    pub fn nobody(status: &'static str) -> Self {
        PersonLook { who: None, at: None, status }
    }
}

/// A reward of a loop.
#[derive(Clone, Debug)]
pub struct RewardLook {
    /// The reward.
    pub reward: Reward,
    /// For whom.
    pub to: Person,
    /// The cause its grant has.
    pub cause: u32,
    /// Whether it can still be reached.
    pub open: bool,
    /// What is missing.
    pub missing: Vec<Step>,
    /// Whether its stock and budget are put aside for this loop, so that they cannot be out.
    pub put_aside: bool,
}

impl RewardLook {
    /// A reward and what is missing for it.
    #[must_use]
    pub fn new(reward: Reward, to: Person, cause: u32, open: bool, missing: Vec<Step>) -> Self {
        RewardLook { reward, to, cause, open, missing, put_aside: false }
    }
}

/// One step towards something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is needed.
    pub need: Need,
    /// How often.
    pub count: u32,
    /// Before when.
    pub until: Option<Time>,
    /// The amount to pay.
    pub amount: Option<Money>,
    /// The event.
    pub name: Option<Event>,
    /// What the command names, where that is no event: an item, a level.
    pub item: Option<String>,
}

impl Step {
    /// Something needed this often.
    #[must_use]
    pub fn new(need: Need, count: u32) -> Step {
        Step { need, count, until: None, amount: None, name: None, item: None }
    }
}

/// What a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Other people help.
    Help,
    /// The participant helps this loop.
    HelpHere,
    /// Other people join and pay.
    Join,
    /// The participant joins this loop (and pays the amount, if there is one).
    JoinHere,
    /// New people join and do what qualifies.
    Invite,
    /// The participant pays.
    Pay,
    /// An event of the participant.
    Event,
    /// Time passes.
    Wait,
    /// The participant checks in, on as many further days.
    CheckIn,
    /// Something is handed in.
    Submit,
    /// Something handed in is reviewed.
    Review,
    /// Other people come by what the participant shares.
    Return,
    /// The participant has as many points more.
    Points,
    /// The participant draws.
    Draw,
    /// The participant claims it.
    Claim,
    /// The participant redeems it.
    Redeem,
    /// New people enter a room.
    Enter,
    /// A score grows by as much.
    Score,
}

impl Need {
    fn name(self) -> &'static str {
        match self {
            Need::Help => "help",
            Need::HelpHere => "help-here",
            Need::Join => "join",
            Need::JoinHere => "join-here",
            Need::Invite => "invite",
            Need::Pay => "pay",
            Need::Event => "event",
            Need::Wait => "wait",
            Need::CheckIn => "check-in",
            Need::Submit => "submit",
            Need::Review => "review",
            Need::Return => "return",
            Need::Points => "points",
            Need::Draw => "draw",
            Need::Claim => "claim",
            Need::Redeem => "redeem",
            Need::Enter => "enter",
            Need::Score => "score",
        }
    }
}

/// A reward on offer in a play.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// For whom.
    pub side: Side,
    /// The reward.
    pub reward: Reward,
    /// At which count.
    pub at: u32,
}

/// For whom a reward is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who opens a loop.
    Initiator,
    /// Who helps.
    Helper,
    /// Who invites.
    Inviter,
    /// Who is invited.
    Invitee,
    /// Who is in the group.
    Member,
    /// Who leads the group.
    Leader,
    /// Who shares.
    Sharer,
    /// Who opens a red packet of someone else.
    Opener,
    /// Who earns commission.
    Distributor,
    /// Who wins.
    Winner,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Side::Initiator => "initiator",
            Side::Helper => "helper",
            Side::Inviter => "inviter",
            Side::Invitee => "invitee",
            Side::Member => "member",
            Side::Leader => "leader",
            Side::Sharer => "sharer",
            Side::Opener => "opener",
            Side::Distributor => "distributor",
            Side::Winner => "winner",
        }
    }
}

/// The view of `participant` at `at`, with the loop `asked` for.
#[must_use]
pub fn view(book: &Book, state: &State, participant: &str, at: Time, asked: Option<&str>) -> View {
    let at = at.clamp(state.now, Time::NEVER.max(state.now));
    let who = state.people.find(participant).map(Person);
    let eye = Eye { book, state, participant, who, at };
    let campaign = book.current();
    let status = match at {
        at if at < campaign.runs.from => "planned",
        at if at < campaign.runs.until => "running",
        _ => "ended",
    };
    let mut loops: Vec<Loop> = Vec::new();
    let asked = asked.and_then(|id| state.loop_names.find(id)).map(Loop);
    let held = who.into_iter().flat_map(|who| {
        state.held_of.range((who, Loop(0))..=(who, Loop(u32::MAX))).rev().map(|(_, loop_)| *loop_)
    });
    // The loop for all of a play is everyone's.
    let shared = |(at, play): (usize, &Option<PlayRules>)| {
        let all = play.as_ref().is_some_and(|play| play.rules.loops() == Loops::Shared);
        if all { state.play(Play::at(at)).latest.get() } else { None }
    };
    let shared = campaign.plays.iter().enumerate().filter_map(shared);
    let mine = who.into_iter().flat_map(|who| state.loops_of(who));
    for loop_ in asked.into_iter().chain(shared).chain(held).chain(mine) {
        if loops.len() < LOOPS && !loops.contains(&loop_) {
            loops.push(loop_);
        }
    }
    View {
        campaign: campaign.id.to_string(),
        title: campaign.title.to_string(),
        currency: campaign.currency.code().to_owned(),
        at: at.0,
        status,
        from: campaign.runs.from.0,
        until: campaign.runs.until.0,
        participant: participant.to_owned(),
        inviter: eye.inviter(),
        plays: eye.plays(),
        loops: loops.into_iter().filter_map(|loop_| eye.loop_(loop_)).collect(),
        grants: eye.grants(),
        accounts: eye.accounts(),
        tags: eye.tags(),
    }
}

struct Eye<'v> {
    book: &'v Book,
    state: &'v State,
    participant: &'v str,
    who: Option<Person>,
    at: Time,
}

impl Eye<'_> {
    fn inviter(&self) -> Option<String> {
        let person = self.state.person(self.who?)?;
        Some(self.name(person.inviter.get()?))
    }

    fn name(&self, who: Person) -> String {
        let known = who.index() < self.state.people.len();
        if known { self.state.people.text(who.0).to_owned() } else { self.participant.to_owned() }
    }

    fn plays(&self) -> Vec<PlayView> {
        let campaign = self.book.current();
        let plays = campaign.plays.iter().enumerate();
        plays.filter_map(|(at, play)| Some(self.play(Play::at(at), play.as_ref()?))).collect()
    }

    fn play(&self, play: Play, rules: &PlayRules) -> PlayView {
        let name = self.book.play_name(play);
        let (action, missing) = self.action(Act::Open, |command| command.play = Some(Cow::Borrowed(name)));
        let prices = Prices {
            together: rules.rules.together().map(|price| price.0),
            alone: rules.rules.alone().map(|price| price.0),
        };
        PlayView {
            play: name.to_owned(),
            mechanic: rules.rules.name(),
            title: rules.title.to_string(),
            actions: core::iter::once(action).chain(self.play_actions(play, name, rules)).collect(),
            missing,
            prices: (prices.together.is_some() || prices.alone.is_some()).then_some(prices),
            offers: rules.rules.rewards().into_iter().filter_map(|offer| self.offer(offer)).collect(),
            left: rules.rules.stock().map(|stock| stock.saturating_sub(self.taken(play))),
        }
    }

    /// The goods of a play that are reserved or sold by the clock: what loops that are due give back counts no more.
    fn taken(&self, play: Play) -> u32 {
        let command = Command::new(ASKING, self.at, Act::Tick);
        let due = self.state.agenda.iter().take_while(|(due, _)| *due <= self.at);
        due.fold(self.state.play(play).taken, |taken, (_, loop_)| {
            let cx = &mut Deciding::new(self.book, self.state, &command);
            let of_play = self.state.loop_(*loop_).filter(|head| head.play == play);
            let Some((head, rules)) = of_play.and_then(|head| Some((head, cx.rules(head)?))) else {
                return taken;
            };
            rules.rules.settle(cx, *loop_, head, rules);
            let (mut tallies, mut firsts) = Default::default();
            let mut keep = Keep { play, order: None, goods: 0, tallies: &mut tallies, firsts: &mut firsts };
            let mut progress = head.progress.clone();
            for fact in cx.facts.iter().filter(|fact| fact.loop_() == Some(*loop_)) {
                rules.rules.evolve(&mut progress, fact, self.at, &mut keep);
            }
            taken.saturating_add_signed(keep.goods)
        })
    }

    /// What a participant can do in a play without naming a loop, before there is one.
    fn play_actions(&self, play: Play, name: &str, rules: &PlayRules) -> Vec<ActionView> {
        let command = Command::new(ASKING, self.at, Act::Tick);
        let cx = Deciding::new(self.book, self.state, &command);
        let who = self.who.unwrap_or(Person::at(self.state.people.len()));
        if rules.rules.loops() == Loops::Many || cx.running_loop(play, rules, who).is_some() {
            return Vec::new();
        }
        let acts = rules.rules.acts().iter().filter(|act| is_shown(**act) && **act != Act::Pay);
        acts.map(|act| self.action(*act, |command| command.play = Some(Cow::Borrowed(name))).0).collect()
    }

    fn offer(&self, offer: Offer) -> Option<OfferView> {
        let rules = self.book.reward(offer.reward)?;
        Some(OfferView {
            side: offer.side.name(),
            reward: self.book.reward_name(offer.reward).to_owned(),
            title: rules.title.to_string(),
            kind: rules.kind.as_str(),
            amount: rules.amount.map(|amount| amount.0),
            at: offer.at,
        })
    }

    /// What would become of a command at this moment: the decision itself is asked.
    fn action<'n>(&self, act: Act, fill: impl FnOnce(&mut Command<'n>)) -> (ActionView, Vec<StepView>)
    where
        Self: 'n,
    {
        let mut command = Command::new(ASKING, self.at, act);
        command.by = Some(Cow::Owned(self.participant.to_owned()));
        fill(&mut command);
        let mut view = ActionView { act: act.name(), ready: true, code: None, amount: None, until: None };
        let rejected = match decide(self.book, self.state, &command) {
            Ok(_) => return (view, Vec::new()),
            // The page has to say more, as which item it is about.
            Err(rejection) if rejection.code == Code::CommandMalformed => return (view, Vec::new()),
            Err(rejection) => rejection,
        };
        view.ready = false;
        view.code = Some(rejected.code.name());
        (view, missing(&rejected))
    }

    fn loop_(&self, loop_: Loop) -> Option<LoopView> {
        let head = self.state.loop_(loop_)?;
        let play = self.book.play(head.revision, head.play)?;
        let (book, all) = (self.book, self.state);
        let look = play.rules.look(Looking { book, all, loop_, state: head, who: self.who, at: self.at });
        let id = self.state.loop_names.text(loop_.0);
        let mine = self.who == Some(head.initiator);
        let held: Vec<PersonLook> = self.held(loop_);
        let known = look.people.iter().take(PEOPLE);
        let people = known.chain(held.iter().take(PEOPLE)).map(|person| PersonView {
            who: person.who.map(|who| self.name(who)),
            at: person.at.map(|at| at.0),
            status: person.status,
        });
        Some(LoopView {
            loop_: id.to_owned(),
            play: self.book.play_name(head.play).to_owned(),
            mechanic: play.rules.name(),
            status: status_name(play.rules.status(head, self.at)),
            role: look.role.unwrap_or(if mine { "initiator" } else { "visitor" }),
            initiator: self.name(head.initiator),
            have: look.have,
            need: look.need,
            opened: head.opened.0,
            until: head.until.0,
            people: people.collect(),
            actions: play
                .rules
                .acts()
                .iter()
                .filter(|act| is_shown(**act))
                .filter_map(|act| self.loop_action(*act, id, &look))
                .collect(),
            rewards: look.rewards.iter().filter_map(|reward| self.reward(loop_, head, reward)).collect(),
            items: look.items.iter().take(ITEMS).map(|item| self.item(item)).collect(),
            amount: look.amount.map(|amount| amount.0),
            held: u32::try_from(held.len()).unwrap_or(u32::MAX),
        })
    }

    /// Whose contributions to a loop are held for review.
    fn held(&self, loop_: Loop) -> Vec<PersonLook> {
        let held = self.state.held.range((loop_, Person(0))..=(loop_, Person(u32::MAX)));
        let look = |who: Person, at: Time| PersonLook { at: Some(at), ..PersonLook::new(who, "held") };
        held.map(|((_, who), held)| look(*who, held.at)).collect()
    }

    fn item(&self, item: &ItemLook) -> ItemView {
        let name = match &item.name {
            ItemName::Text(text) => text.clone(),
            ItemName::Person(who) => self.name(*who),
            ItemName::Reward(reward) => self.book.reward_name(*reward).to_owned(),
        };
        ItemView {
            kind: item.kind,
            name,
            have: item.have,
            need: item.need,
            status: item.status,
            amount: item.amount.map(|amount| amount.0),
            at: item.at.map(|at| at.0),
        }
    }

    fn accounts(&self) -> Vec<AccountView> {
        let Some(who) = self.who else { return Vec::new() };
        let mine = self.state.accounts.range((who, Reward(0))..=(who, Reward(u16::MAX)));
        let view = |((_, reward), account): (&(Person, Reward), &Account)| {
            let rules = self.book.reward(*reward)?;
            let next = account.next_expiry(self.at);
            Some(AccountView {
                reward: self.book.reward_name(*reward).to_owned(),
                title: rules.title.to_string(),
                balance: account.balance(self.at),
                earned: account.earned(),
                until: next.map(|(until, _)| until.0),
                expiring: next.map(|(_, points)| points),
            })
        };
        mine.filter_map(view).collect()
    }

    fn tags(&self) -> Vec<String> {
        let Some(who) = self.who else { return Vec::new() };
        let from = (who, Box::<str>::default());
        let mine = self.state.tags.range(from..).take_while(|(tagged, _)| *tagged == who);
        mine.map(|(_, tag)| tag.to_string()).collect()
    }

    fn loop_action(&self, act: Act, id: &str, look: &Look) -> Option<ActionView> {
        if act == Act::Pay {
            let (amount, until) = look.pay?;
            let (amount, until) = (Some(amount.0), Some(until.0));
            return Some(ActionView { act: act.name(), ready: true, code: None, amount, until });
        }
        Some(self.action(act, |command| command.loop_ = Some(Cow::Owned(id.to_owned()))).0)
    }

    fn reward(&self, loop_: Loop, head: &LoopState, look: &RewardLook) -> Option<RewardView> {
        let rules = self.book.reward(look.reward)?;
        let over = look.missing.is_empty() || head.status != Status::Running;
        let status = match self.granted(loop_, look).filter(|_| over) {
            Some((handle, grant)) => rewards::status(self.state, handle, grant, self.at).0,
            None if head.status == Status::Complete || look.missing.is_empty() => "out",
            None if !look.open => "lost",
            None if look.put_aside || self.is_available(loop_, look) => "locked",
            None => "out",
        };
        let missing = if status == "locked" { look.missing.as_slice() } else { &[] };
        Some(RewardView {
            reward: self.book.reward_name(look.reward).to_owned(),
            title: rules.title.to_string(),
            kind: rules.kind.as_str(),
            amount: rules.amount.map(|amount| amount.0),
            to: self.name(look.to),
            status,
            missing: missing.iter().map(|step| self.step(step)).collect(),
        })
    }

    /// The latest grant of what a row of a loop shows; a fallback stands for the reward it replaced.
    fn granted(&self, loop_: Loop, look: &RewardLook) -> Option<(Grant, &GrantState)> {
        rewards::with_fallbacks(self.book, look.reward).find_map(|(reward, _)| {
            let same = |(handle, grant): &(Grant, &GrantState)| {
                let terms = self.state.terms(*handle, grant);
                grant.cause == look.cause
                    && grant.to == look.to
                    && terms.is_some_and(|terms| terms.reward == reward)
            };
            self.state.grants_of_loop(loop_).find(same)
        })
    }

    /// Whether the reward, or one it falls back to, could be granted at this moment.
    fn is_available(&self, loop_: Loop, look: &RewardLook) -> bool {
        let command = Command::new(ASKING, self.at, Act::Tick);
        let cx = Deciding::new(self.book, self.state, &command);
        rewards::with_fallbacks(self.book, look.reward).any(|(reward, rules)| {
            rewards::obstacle(&cx, reward, rules.amount, look.to).is_none()
                && !guard::blocks_grant(&cx, loop_, reward, rules.amount, look.to)
        })
    }

    /// What the owner of a grant can do with it at this moment.
    fn grant_actions(&self, grant: &GrantState, id: &str) -> Vec<ActionView> {
        let act = match grant.status {
            GrantStatus::Claimable => Act::Claim,
            GrantStatus::Fulfilled => Act::Activate,
            _ => return Vec::new(),
        };
        let action = self.action(act, |command| command.grant = Some(Cow::Owned(id.to_owned()))).0;
        Some(action).filter(|action| action.ready).into_iter().collect()
    }

    fn step(&self, step: &Step) -> StepView {
        StepView {
            need: step.need.name(),
            count: step.count,
            until: step.until.map(|until| until.0),
            amount: step.amount.map(|amount| amount.0),
            name: step
                .name
                .map(|event| self.book.names.event_name(event).to_owned())
                .or_else(|| step.item.clone()),
        }
    }

    fn grants(&self) -> Vec<GrantView> {
        let Some(who) = self.who else { return Vec::new() };
        let grants = self.state.grants_of(who).take(GRANTS);
        grants
            .filter_map(|(handle, grant)| {
                let terms = self.state.terms(handle, grant)?;
                let rules = self.book.reward(terms.reward)?;
                let held = rewards::held_until(self.state, handle, self.at);
                let id = GrantId { loop_: grant.loop_, n: grant.n };
                let loop_ = self.state.loop_names.text(id.loop_.0);
                let name = format!("{loop_}.{}", id.n);
                let (status, until) = rewards::status(self.state, handle, grant, self.at);
                Some(GrantView {
                    actions: self.grant_actions(grant, &name),
                    grant: name,
                    loop_: loop_.to_owned(),
                    reward: self.book.reward_name(terms.reward).to_owned(),
                    title: rules.title.to_string(),
                    kind: rules.kind.as_str(),
                    amount: terms.amount.map(|amount| amount.0),
                    to: self.name(grant.to),
                    status,
                    from: held.map(|until| until.0),
                    until: until.map(|until| until.0),
                })
            })
            .collect()
    }
}

/// Whether a page offers the act; the others are the backend's.
fn is_shown(act: Act) -> bool {
    act == Act::Pay || !act.needs_secret_key()
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Complete => "complete",
        Status::Running => "running",
        Status::Expired => "expired",
    }
}

/// The steps that open the way a rejection bars, where there are any.
#[must_use]
pub fn missing(rejection: &Rejection<'_>) -> Vec<StepView> {
    let step = |need: Need| StepView {
        need: need.name(),
        count: 1,
        until: rejection.until.map(|until| until.0),
        amount: rejection.amount.map(|amount| amount.0),
        name: rejection.name.map(str::to_owned),
    };
    match rejection.code {
        Code::EventRequired | Code::NotDistributor => vec![step(Need::Event)],
        Code::CampaignNotStarted | Code::GrantHeld | Code::DrawNotOpen => vec![step(Need::Wait)],
        Code::LimitReached | Code::DeviceLimit if rejection.until.is_some() => {
            vec![StepView { name: None, amount: None, ..step(Need::Wait) }]
        }
        Code::RoomFull if rejection.name.is_some() => vec![step(Need::Enter)],
        Code::UnderReview => vec![step(Need::Review)],
        Code::AlreadyCheckedIn if rejection.until.is_some() => vec![step(Need::Wait)],
        Code::NoChance if rejection.until.is_some() => vec![step(Need::Wait)],
        Code::PacketLocked => vec![StepView { count: rejection.most.unwrap_or(1), ..step(Need::Help) }],
        Code::PointsShort => {
            vec![StepView { count: rejection.most.unwrap_or(0), ..step(Need::Points) }]
        }
        _ => Vec::new(),
    }
}
