//! What a mechanic shows of a loop, before names stand for handles.

use crate::engine::handle::{Event, Person, Reward};
use crate::engine::money::Money;
use crate::engine::time::Time;

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
    pub(super) fn name(self) -> &'static str {
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
    pub(super) fn name(self) -> &'static str {
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
