//! What views are made of, as pages read them.

use serde::Serialize;

/// Types that only tell: what serialises, compares and has a JSON Schema alike.
macro_rules! shown {
    ($($(#[$doc:meta])* pub struct $Name:ident { $($(#[$field_doc:meta])* pub $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        pub struct $Name { $($(#[$field_doc])* pub $field: $type,)* }
    )*};
}
#[cfg(feature = "complete")]
pub(crate) use shown;

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
