//! View: all a page needs to show one participant, decided by the same rules as the commands.

mod looks;
mod shapes;

pub use looks::{ItemLook, ItemName, Look, Need, Offer, PersonLook, RewardLook, Side, Step};
#[cfg(feature = "complete")]
pub(crate) use shapes::shown;
pub use shapes::{
    AccountView, ActionView, GrantView, ItemView, LoopView, OfferView, PersonView, PlayView, Prices,
    RewardView, StepView, View,
};

use std::borrow::Cow;

use super::book::Book;
use super::command::{Act, Command};
use super::decide::decide;
use super::deciding::Deciding;
use super::field::GrantId;
use super::handle::{Grant, Loop, Person, Play, Reward};
use super::rejection::{Code, Rejection};
use super::state::{GrantState, GrantStatus, LoopState, State, Status};
use super::time::Time;
use crate::campaign::play::PlayRules;
use crate::gather::Gather;
use crate::mechanics::{Keep, Looking, Loops};
use crate::rewards;
use crate::rewards::points::Account;
use crate::sorted::SortedSet;

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

/// The view of `participant` at `at`, with the loop `asked` for.
#[must_use]
pub fn view(book: &Book, state: &State, participant: &str, at: Time, asked: Option<&str>) -> View {
    let at = at.clamp(state.now, Time::NEVER.max(state.now));
    let who = state.people.find(participant).map(|id| state.ids.main(Person(id)));
    let eye = Eye { book, state, participant, who, at };
    let campaign = book.current();
    let status = match at {
        at if at < campaign.runs.from => "planned",
        at if at < campaign.runs.until => "running",
        _ => "ended",
    };
    let mut loops: Vec<Loop> = Vec::new();
    let asked = asked.and_then(|id| state.loop_names.find(id)).map(Loop);
    let held = who.into_iter().flat_map(|who| state.ids.each(who)).flat_map(|who| {
        state.held_of.between((who, Loop(0)), (who, Loop(u32::MAX))).rev().map(|(_, loop_)| *loop_)
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
        loops: loops.into_iter().filter_map(|loop_| eye.loop_(loop_)).gather(),
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
        Some(self.name(self.state.inviter(self.who?)?))
    }

    fn name(&self, who: Person) -> String {
        let known = who.index() < self.state.people.len();
        if known { self.state.people.text(who.0).to_owned() } else { self.participant.to_owned() }
    }

    fn plays(&self) -> Vec<PlayView> {
        let campaign = self.book.current();
        let plays = campaign.plays.iter().enumerate();
        plays.filter_map(|(at, play)| Some(self.play(Play::at(at), play.as_ref()?))).gather()
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
            actions: core::iter::once(action).chain(self.play_actions(play, name, rules)).gather(),
            missing,
            prices: (prices.together.is_some() || prices.alone.is_some()).then_some(prices),
            offers: rules.rules.rewards().into_iter().filter_map(|offer| self.offer(offer)).gather(),
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
            let Some(mut progress) = head.progress.copied(&rules.rules) else { return taken };
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
        let acts = acts.filter(|act| rules.rules.has_use_of(**act));
        acts.map(|act| self.action(*act, |command| command.play = Some(Cow::Borrowed(name))).0).gather()
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
        let who = self.who.map(|who| all.stands_as(who, loop_, head));
        let look = play.rules.look(Looking { book, all, loop_, state: head, who, at: self.at });
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
            people: people.gather(),
            actions: play
                .rules
                .acts()
                .iter()
                .filter(|act| is_shown(**act) && play.rules.has_use_of(**act))
                .filter_map(|act| self.loop_action(*act, id, &look))
                .gather(),
            rewards: look.rewards.iter().filter_map(|reward| self.reward(loop_, head, reward)).gather(),
            items: look.items.iter().take(ITEMS).map(|item| self.item(item)).gather(),
            amount: look.amount.map(|amount| amount.0),
            held: u32::try_from(held.len()).unwrap_or(u32::MAX),
        })
    }

    /// Whose contributions to a loop are held for review.
    fn held(&self, loop_: Loop) -> Vec<PersonLook> {
        let held = self.state.held.between((loop_, Person(0)), (loop_, Person(u32::MAX)));
        let look = |who: Person, at: Time| PersonLook { at: Some(at), ..PersonLook::new(who, "held") };
        held.map(|((_, who), held)| look(*who, held.at)).gather()
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
        let mine = self.state.accounts.between((who, Reward(0)), (who, Reward(u16::MAX)));
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
        mine.filter_map(view).gather()
    }

    fn tags(&self) -> Vec<String> {
        let Some(who) = self.who else { return Vec::new() };
        let of = |who: u32| (Person(who), Box::<str>::default());
        let mine = |who: Person| {
            let (from, to) = (of(who.0), of(who.0.saturating_add(1)));
            self.state.tags.between(from, to).filter(move |(tagged, _)| *tagged == who)
        };
        let stands = |(who, tag): &&(Person, Box<str>)| self.state.id_has_tag(*who, tag, self.at);
        let all = self.state.ids.each(who).flat_map(mine).filter(stands);
        let all: SortedSet<&str> = all.map(|(_, tag)| &**tag).collect();
        all.iter().map(|tag| (*tag).to_owned()).gather()
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
            missing: missing.iter().map(|step| self.step(step)).gather(),
        })
    }

    /// The latest grant of what a row of a loop shows; a fallback stands for the reward it replaced.
    fn granted(&self, loop_: Loop, look: &RewardLook) -> Option<(Grant, GrantState)> {
        rewards::with_fallbacks(self.book, look.reward).find_map(|(reward, _)| {
            let same = |(handle, grant): &(Grant, GrantState)| {
                let terms = self.state.terms(*handle, *grant);
                grant.cause == look.cause
                    && grant.to == look.to
                    && terms.is_some_and(|terms| terms.reward == reward)
            };
            self.state.grants_of_loop(loop_).find(same)
        })
    }

    /// Whether the reward, or one it falls back to, could be granted at this moment.
    fn is_available(&self, loop_: Loop, look: &RewardLook) -> bool {
        rewards::seems_obtainable(self.book, self.state, self.at, loop_, look.reward, look.to)
    }

    /// What the owner of a grant can do with it at this moment.
    fn grant_actions(&self, grant: GrantState, id: &str) -> Vec<ActionView> {
        let act = match grant.status {
            GrantStatus::Claimable => Act::Claim,
            GrantStatus::Fulfilled => Act::Activate,
            _ => return Vec::new(),
        };
        let action = self.action(act, |command| command.grant = Some(Cow::Owned(id.to_owned()))).0;
        Some(action).filter(|action| action.ready).into_iter().gather()
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
            .gather()
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
