//! Facts: what happened. One table defines each fact with all its forms: type, JSON, binary, schema.

use super::field::{Field, GrantId, Names, Reason, Resolve, Slot, Told, Wire};
use super::forms::{self, FieldRow, Form, Json, Packed, Wired};
use super::handle::{Event, LiveCode, Loop, Order, Person, Play, Reward, Target, Touchpoint};
use super::money::Money;
use super::pack::Reader;
use super::time::Time;
use crate::attribution::code::ReferralCode;
use crate::json::write::Piece;

/// A kind of fact.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name as a JSON member: `,"kind":"…"`.
    pub member: Piece<24>,
    /// Its number in the compact forms.
    pub number: u8,
    /// Its fields.
    pub fields: &'static [FieldRow],
}

impl Row {
    /// Its name.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.member.text().split('"').nth(3).unwrap_or_default()
    }
}

/// No kind of fact has more fields.
const MOST_FIELDS: usize = 8;

#[expect(clippy::indexing_slicing, reason = "runs while compiling; `get` is no const function")]
const _: () = {
    let mut at = 0;
    while at < Fact::TABLE.len() {
        assert!(Fact::TABLE[at].fields.len() <= MOST_FIELDS, "a kind of fact has too many fields");
        at += 1;
    }
};

/// The row of a kind by its number, found while compiling: the table is there once.
#[expect(clippy::indexing_slicing, reason = "runs while compiling; `get` is no const function")]
const fn row_of(number: u8) -> &'static Row {
    let mut at = 0;
    while Fact::TABLE[at].number != number {
        at += 1;
    }
    &Fact::TABLE[at]
}

macro_rules! facts {
    (row $number:literal, $kind:literal, $($key:literal: $type:ty,)*) => {
        Row {
            member: Piece::new(concat!(",\"kind\":\"", $kind, "\"")),
            number: $number,
            fields: &[$(facts!(field $key: $type),)*],
        }
    };
    (field $key:literal: $type:ty) => {
        FieldRow {
            member: Piece::new(if <$type as Field<'_>>::KIND.is_text() {
                concat!(",\"", $key, "\":\"")
            } else {
                concat!(",\"", $key, "\":")
            }),
            kind: <$type as Field<'_>>::KIND,
            optional: <$type as Field<'_>>::OPTIONAL,
        }
    };
    (
        $(#[$enum_doc:meta])*
        pub enum $Fact:ident<$life:lifetime> {
            $($(#[doc = $doc:literal])* $Name:ident = $number:literal, $kind:literal {
                $($(#[doc = $field_doc:literal])* $field:ident / $key:literal: $type:ty,)*
            })*
        }
    ) => {
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $Fact<$life> {
            $($(#[doc = $doc])* $Name { $($(#[doc = $field_doc])* $field: $type,)* },)*
        }

        impl<$life> $Fact<$life> {
            /// The name in the `kind` field.
            #[must_use]
            pub fn kind(&self) -> &str {
                match self { $($Fact::$Name { .. } => $kind,)* }
            }

            /// Tells a form everything, by code of its own for each kind. The page's build has less code instead.
            #[cfg(feature = "complete")]
            #[inline]
            fn tell(&self, form: &mut impl Form) {
                match *self {
                    $($Fact::$Name { $($field,)* } => {
                        form.kind(const { row_of($number) });
                        $(form.field(&const { facts!(field $key: $type) }, $field.slot());)*
                    })*
                }
            }

            /// Tells a form everything.
            #[cfg(not(feature = "complete"))]
            fn tell(&self, form: &mut impl Form) {
                let (row, slots) = self.slots();
                form.kind(row);
                for (field, slot) in row.fields.iter().zip(&slots) {
                    form.field(field, *slot);
                }
            }

            /// The row of this kind in [`Fact::TABLE`], and the values of its fields.
            #[cfg(not(feature = "complete"))]
            fn slots(&self) -> (&'static Row, [Slot<$life>; MOST_FIELDS]) {
                let mut slots = [Slot::None; MOST_FIELDS];
                let mut places = slots.iter_mut();
                let row: &'static Row = match *self {
                    $($Fact::$Name { $($field,)* } => {
                        $(if let Some(place) = places.next() { *place = $field.slot(); })*
                        const { row_of($number) }
                    })*
                };
                (row, slots)
            }

            /// The fact with this number and these fields.
            #[inline(never)]
            fn build(number: u8, slots: &[Slot<$life>]) -> Option<Self> {
                let mut slots = slots.iter();
                match number {
                    $($number => Some($Fact::$Name { $($field: Field::of(*slots.next()?)?,)* }),)*
                    _ => None,
                }
            }

            /// Every kind.
            pub const TABLE: &'static [Row] = &[$(facts!(row $number, $kind, $($key: $type,)*),)*];

            /// The documentation of every kind and of its fields.
            #[cfg(feature = "schema")]
            pub const DOCS: &'static [(&'static str, &'static [&'static str])] = &[
                $((concat!($($doc, "\n",)*), &[$(concat!($($field_doc, "\n",)*),)*]),)*
            ];
        }
    };
}

facts! {
    /// Something that happened. Facts rebuild the state; nothing else changes it.
    pub enum Fact<'a> {
        /// A participant was seen for the first time.
        Met = 0, "met" {
            /// The participant.
            who / "who": &'a str,
        }
        /// The first attribution of a participant.
        Arrived = 1, "arrived" {
            /// The participant.
            who / "who": Person,
            /// Where they met the campaign.
            touchpoint / "touchpoint": Option<Touchpoint>,
            /// Who shared what they arrived by.
            inviter / "inviter": Option<Person>,
            /// How many shares lie between them and the campaign itself.
            depth / "depth": u32,
            /// When it was, if it was told late.
            when / "when": Option<Time>,
        }
        /// A share handle and referral code were allocated.
        Shared = 2, "shared" {
            /// Who shares.
            who / "who": Person,
            /// What they share; in general if absent.
            loop_ / "loop": Option<Loop>,
            /// The 40-bit number that tokens carry.
            handle / "handle": u64,
            /// The code a person types.
            code / "code": ReferralCode,
        }
        /// A loop was opened.
        Opened = 3, "opened" {
            /// The id of the new loop.
            loop_ / "loop": &'a str,
            /// The play it is a run of.
            play / "play": Play,
            /// The initiator.
            by / "by": Person,
            /// When it ends at the latest.
            until / "until": Time,
            /// The order that entitled the initiator to open it.
            order / "order": Option<Order>,
            /// The device, when a limit counts devices.
            device / "device": Option<&'a str>,
        }
        /// A helper helped.
        Helped = 4, "helped" {
            /// The loop.
            loop_ / "loop": Loop,
            /// The helper.
            by / "by": Person,
            /// Helpers so far.
            have / "have": u32,
            /// Helpers needed.
            need / "need": u32,
            /// The device, when a limit counts devices.
            device / "device": Option<&'a str>,
        }
        /// A loop reached its goal.
        Completed = 5, "completed" {
            /// The loop.
            loop_ / "loop": Loop,
        }
        /// A participant joined: bound as an invitee, or a slot reserved.
        Joined = 6, "joined" {
            /// The loop.
            loop_ / "loop": Loop,
            /// Who joined.
            by / "by": Person,
            /// Until when it counts if nothing follows.
            until / "until": Time,
            /// The device, when a limit counts devices.
            device / "device": Option<&'a str>,
        }
        /// An invitee did what qualifies.
        Qualified = 7, "qualified" {
            /// The inviter's loop.
            loop_ / "loop": Loop,
            /// The invitee.
            by / "by": Person,
            /// Qualified invitees now.
            have / "have": u32,
            /// The order behind it.
            order / "order": Option<Order>,
        }
        /// A qualification was taken back.
        Voided = 8, "voided" {
            /// The inviter's loop.
            loop_ / "loop": Loop,
            /// The invitee.
            by / "by": Person,
            /// Qualified invitees now.
            have / "have": u32,
        }
        /// A reserved slot was paid.
        Paid = 9, "paid" {
            /// The group.
            loop_ / "loop": Loop,
            /// The member.
            by / "by": Person,
            /// The order.
            order / "order": &'a str,
            /// What was paid.
            amount / "amount": Money,
        }
        /// Bought alone, without a group.
        Bought = 10, "bought" {
            /// The play.
            play / "play": Play,
            /// The buyer.
            by / "by": Person,
            /// The order.
            order / "order": &'a str,
            /// What was paid.
            amount / "amount": Money,
        }
        /// A reservation ran out unpaid.
        Lapsed = 11, "lapsed" {
            /// The group.
            loop_ / "loop": Loop,
            /// The member.
            by / "by": Person,
        }
        /// A member gave the slot back.
        Left = 12, "left" {
            /// The group.
            loop_ / "loop": Loop,
            /// The member.
            by / "by": Person,
        }
        /// The next member became leader.
        Succeeded = 13, "succeeded" {
            /// The group.
            loop_ / "loop": Loop,
            /// The new leader.
            by / "by": Person,
        }
        /// Virtual members filled the group.
        Filled = 14, "filled" {
            /// The group.
            loop_ / "loop": Loop,
            /// How many virtual members.
            count / "count": u32,
        }
        /// A loop ended without reaching its goal.
        Expired = 15, "expired" {
            /// The loop.
            loop_ / "loop": Loop,
        }
        /// The backend must pay an order back.
        RefundDue = 16, "refund-due" {
            /// The group.
            loop_ / "loop": Loop,
            /// To whom.
            by / "by": Person,
            /// The order.
            order / "order": Order,
            /// How much.
            amount / "amount": Money,
            /// Why.
            reason / "reason": Reason,
        }
        /// An order was refunded.
        Refunded = 17, "refunded" {
            /// The order.
            order / "order": Order,
            /// How much.
            amount / "amount": Money,
        }
        /// An event of the site was recorded.
        Happened = 18, "happened" {
            /// The participant.
            by / "by": Person,
            /// Its name.
            name / "name": Event,
            /// The order behind it.
            order / "order": Option<&'a str>,
            /// Its amount.
            amount / "amount": Option<Money>,
            /// When it was, if it was told late.
            when / "when": Option<Time>,
        }
        /// A reward was reserved for a participant.
        Granted = 19, "granted" {
            /// The grant.
            grant / "grant": GrantId,
            /// The reward.
            reward / "reward": Reward,
            /// For whom.
            to / "to": Person,
            /// The money it stands for.
            amount / "amount": Option<Money>,
            /// Held until then.
            until / "until": Option<Time>,
            /// By when the participant has to claim it.
            claim_by / "claimBy": Option<Time>,
            /// What in the loop earned it, numbered by the mechanic.
            cause / "cause": u32,
        }
        /// A reward was reached but not granted.
        Withheld = 20, "withheld" {
            /// The loop.
            loop_ / "loop": Loop,
            /// The reward.
            reward / "reward": Reward,
            /// For whom.
            to / "to": Person,
            /// Why.
            reason / "reason": Reason,
        }
        /// A reward was handed over.
        Fulfilled = 21, "fulfilled" {
            /// The grant.
            grant / "grant": GrantId,
            /// By when the participant has to activate it, or can use it.
            until / "until": Option<Time>,
        }
        /// A reward could not be handed over; stock and budget were returned.
        Failed = 22, "failed" {
            /// The grant.
            grant / "grant": GrantId,
            /// Why, in the backend's words.
            reason / "reason": Option<&'a str>,
        }
        /// A reward was taken back; stock and budget were returned.
        Revoked = 23, "revoked" {
            /// The grant.
            grant / "grant": GrantId,
            /// Whether it had been handed over, so that the participant owes it.
            owed / "owed": bool,
            /// Why, in the backend's words.
            reason / "reason": Option<&'a str>,
        }
        /// A payment came too late to count; a refund is due.
        Late = 24, "late" {
            /// The group.
            loop_ / "loop": Loop,
            /// Who paid.
            by / "by": Person,
            /// The order.
            order / "order": &'a str,
            /// What was paid.
            amount / "amount": Money,
        }
        /// A participant checked in.
        CheckedIn = 25, "checked-in" {
            /// The participant's loop.
            loop_ / "loop": Loop,
            /// The participant.
            by / "by": Person,
            /// The local day, counted from 1970-01-01.
            day / "day": u32,
            /// Days in a row, this one among them.
            streak / "streak": u32,
        }
        /// One unit of a task was done.
        Done = 26, "done" {
            /// The participant's loop.
            loop_ / "loop": Loop,
            /// Who did it: the participant, or a friend.
            by / "by": Person,
            /// The task, by its place in the rules.
            task / "task": u32,
            /// Units so far.
            have / "have": u32,
            /// Units needed.
            need / "need": u32,
            /// The order behind it.
            order / "order": Option<Order>,
        }
        /// One unit of a task no longer counts.
        Undone = 27, "undone" {
            /// The participant's loop.
            loop_ / "loop": Loop,
            /// Whose doing it was.
            by / "by": Person,
            /// The task, by its place in the rules.
            task / "task": u32,
            /// Units now.
            have / "have": u32,
        }
        /// Someone came by what a participant shared.
        Returned = 28, "returned" {
            /// The sharer's loop.
            loop_ / "loop": Loop,
            /// Who came.
            by / "by": Person,
            /// Visits that count so far.
            have / "have": u32,
        }
        /// A helper cut the price.
        Cut = 29, "cut" {
            /// The loop.
            loop_ / "loop": Loop,
            /// The helper.
            by / "by": Person,
            /// By how much.
            amount / "amount": Money,
            /// The price now.
            price / "price": Money,
            /// Cuts so far.
            have / "have": u32,
            /// The device, when a limit counts devices.
            device / "device": Option<&'a str>,
        }
        /// Something was handed in.
        Submitted = 30, "submitted" {
            /// The participant's loop.
            loop_ / "loop": Loop,
            /// The participant.
            by / "by": Person,
            /// Its number within the loop, from 1.
            n / "n": u32,
            /// What it is for.
            name / "name": Option<&'a str>,
            /// The picture's fingerprint.
            hash / "hash": Option<&'a str>,
            /// By when it is to be reviewed, or when it opens.
            until / "until": Option<Time>,
        }
        /// What was handed in is accepted.
        Approved = 31, "approved" {
            /// The participant's loop.
            loop_ / "loop": Loop,
            /// Who handed it in.
            by / "by": Person,
            /// Its number within the loop.
            n / "n": u32,
        }
        /// What was handed in is not accepted.
        Declined = 32, "declined" {
            /// The participant's loop.
            loop_ / "loop": Loop,
            /// Who handed it in.
            by / "by": Person,
            /// Its number within the loop.
            n / "n": u32,
            /// Why, in the backend's words.
            reason / "reason": Option<&'a str>,
        }
        /// A draw was made.
        Drawn = 33, "drawn" {
            /// The loop.
            loop_ / "loop": Loop,
            /// Who drew.
            by / "by": Person,
            /// The number of the draw within the loop, from 1.
            n / "n": u32,
            /// The random number it rests on.
            ticket / "ticket": u64,
            /// The prize; none for a blank.
            prize / "prize": Option<Reward>,
        }
        /// A share or a step was claimed.
        Claimed = 34, "claimed" {
            /// The loop.
            loop_ / "loop": Loop,
            /// Who claimed.
            by / "by": Person,
            /// The number of the share or step.
            n / "n": u32,
            /// The money it is.
            amount / "amount": Option<Money>,
        }
        /// Stock and budget were put aside for a loop.
        SetAside = 35, "set-aside" {
            /// The loop.
            loop_ / "loop": Loop,
            /// The reward.
            reward / "reward": Reward,
            /// How many pieces.
            count / "count": u32,
            /// How much money.
            amount / "amount": Money,
        }
        /// Stock and budget put aside are free again, or about to be granted.
        Freed = 36, "freed" {
            /// The loop.
            loop_ / "loop": Loop,
            /// The reward.
            reward / "reward": Reward,
            /// How many pieces.
            count / "count": u32,
            /// How much money.
            amount / "amount": Money,
        }
        /// A grant of points was added to an account.
        Credited = 37, "credited" {
            /// The grant.
            grant / "grant": GrantId,
            /// The reward whose account it is.
            reward / "reward": Reward,
            /// Whose account.
            to / "to": Person,
            /// How many points.
            points / "points": u32,
            /// When they expire.
            until / "until": Option<Time>,
        }
        /// Points were spent.
        Spent = 38, "spent" {
            /// The loop they were spent in.
            loop_ / "loop": Loop,
            /// The reward whose account it is.
            reward / "reward": Reward,
            /// Who spent them.
            by / "by": Person,
            /// How many points.
            points / "points": u32,
        }
        /// A contribution is held until it is reviewed.
        Held = 39, "held" {
            /// The loop.
            loop_ / "loop": Loop,
            /// Whose contribution.
            by / "by": Person,
            /// The act.
            act / "act": &'a str,
            /// Why.
            reason / "reason": Reason,
            /// The device, when a rule counts devices.
            device / "device": Option<&'a str>,
            /// The network, when a rule counts networks.
            network / "network": Option<&'a str>,
        }
        /// A held contribution counts after all.
        Released = 40, "released" {
            /// The loop.
            loop_ / "loop": Loop,
            /// Whose contribution.
            by / "by": Person,
        }
        /// A held contribution does not count.
        Discarded = 41, "discarded" {
            /// The loop.
            loop_ / "loop": Loop,
            /// Whose contribution.
            by / "by": Person,
            /// Why, in the backend's words.
            reason / "reason": Option<&'a str>,
        }
        /// A participant entered a room.
        Entered = 42, "entered" {
            /// The inviter's loop.
            loop_ / "loop": Loop,
            /// Who entered.
            by / "by": Person,
            /// The room.
            room / "room": &'a str,
        }
        /// A participant left a room.
        Exited = 43, "exited" {
            /// The inviter's loop.
            loop_ / "loop": Loop,
            /// Who left.
            by / "by": Person,
            /// The room.
            room / "room": &'a str,
        }
        /// A score on a leaderboard changed.
        Scored = 44, "scored" {
            /// The leaderboard's loop.
            loop_ / "loop": Loop,
            /// Whose score.
            by / "by": Person,
            /// The score now.
            have / "have": u64,
        }
        /// A cycle of a leaderboard ended with someone on this rank.
        Ranked = 45, "ranked" {
            /// The leaderboard's loop.
            loop_ / "loop": Loop,
            /// Who.
            by / "by": Person,
            /// The rank, from 1.
            rank / "rank": u32,
            /// The score.
            have / "have": u64,
        }
        /// A commission was earned by an order.
        Earned = 46, "earned" {
            /// The distributor's loop.
            loop_ / "loop": Loop,
            /// Who bought.
            by / "by": Person,
            /// The order.
            order / "order": Option<Order>,
            /// 1 for who brought the buyer, 2 for who brought them.
            level / "level": u32,
            /// What the commission is reckoned on.
            base / "base": Money,
            /// The commission.
            amount / "amount": Money,
        }
        /// A pass or coupon began to be used.
        Activated = 47, "activated" {
            /// The grant.
            grant / "grant": GrantId,
            /// Until when it can be used.
            until / "until": Option<Time>,
        }
        /// A reward was used.
        Used = 48, "used" {
            /// The grant.
            grant / "grant": GrantId,
            /// Whether it is used up by that; a pass can be used again.
            over / "over": bool,
        }
        /// A reward was not claimed, activated or used in time.
        Outdated = 49, "outdated" {
            /// The grant.
            grant / "grant": GrantId,
        }
        /// A reward could have been taken back, and the rules let the participant keep it.
        Kept = 50, "kept" {
            /// The grant.
            grant / "grant": GrantId,
        }
        /// Points of a grant that was taken back left the account.
        Debited = 52, "debited" {
            /// The grant.
            grant / "grant": GrantId,
            /// The reward whose account it is.
            reward / "reward": Reward,
            /// Whose account.
            from / "from": Person,
            /// How many points.
            points / "points": u32,
            /// Whether the account may fall below zero by it.
            owed / "owed": bool,
        }
        /// The participant claimed a reward in time.
        Collected = 61, "collected" {
            /// The grant.
            grant / "grant": GrantId,
        }
        /// Points paid for a grant went back to the account.
        Repaid = 62, "repaid" {
            /// The grant that failed or was taken back.
            grant / "grant": GrantId,
            /// The reward whose account it is.
            reward / "reward": Reward,
            /// Whose account.
            to / "to": Person,
            /// How many points.
            points / "points": u32,
            /// When they expire.
            until / "until": Option<Time>,
        }
        /// A participant was given a tag.
        Tagged = 51, "tagged" {
            /// The participant.
            by / "by": Person,
            /// The tag.
            name / "name": &'a str,
            /// When it ends; never if absent.
            until / "until": Option<Time>,
        }
        /// Where something that this command led to was done, when a rule counts that. Devices and networks are
        /// told by the numbers they are counted under.
        Traced = 70, "traced" {
            /// The loop.
            loop_ / "loop": Option<Loop>,
            /// The play, where there is no loop.
            play / "play": Option<Play>,
            /// Who did it, or was granted a reward.
            by / "by": Person,
            /// What counts, as limits name it.
            act / "act": &'a str,
            /// The reward that was granted.
            reward / "reward": Option<Reward>,
            /// The money that was granted or paid.
            amount / "amount": Money,
            /// The device; 0 if no rule counts it.
            device / "device": u32,
            /// The network; 0 if no rule counts it.
            network / "network": u32,
        }
        /// A participant no longer has a tag.
        Untagged = 85, "untagged" {
            /// The participant.
            by / "by": Person,
            /// The tag.
            name / "name": &'a str,
        }
        /// A participant who had arrived before met the campaign again.
        Touched = 86, "touched" {
            /// The participant.
            who / "who": Person,
            /// Where.
            touchpoint / "touchpoint": Option<Touchpoint>,
            /// Who shared what they came by.
            inviter / "inviter": Option<Person>,
            /// When it was, if it was told late.
            when / "when": Option<Time>,
        }
        /// A participant is somebody's customer from now on.
        Bound = 87, "bound" {
            /// The participant.
            who / "who": Person,
            /// Their inviter.
            inviter / "inviter": Person,
            /// Until when nobody else can become that; without end if absent.
            until / "until": Option<Time>,
        }
        /// Two ids are one person's.
        Merged = 89, "merged" {
            /// The main id: the one that the campaign met first.
            who / "who": Person,
            /// The main id of the other ids until now.
            other / "other": Person,
        }
        /// A participant is not somebody's customer, although they came by what that one shared.
        NotBound = 88, "not-bound" {
            /// The participant.
            who / "who": Person,
            /// Whose customer they are not.
            inviter / "inviter": Person,
            /// `self`, `cycle`, `not-new` or `protected`.
            reason / "reason": Reason,
        }
        /// A scan of a live code was led to a target.
        Routed = 80, "routed" {
            /// Who scanned.
            by / "by": Person,
            /// The live code.
            code / "liveCode": LiveCode,
            /// Where they were led.
            target / "target": Target,
            /// Until when a place is kept for them; absent if they are there already.
            until / "until": Option<Time>,
            /// Whether they were led there before.
            again / "again": bool,
            /// Where the code was seen, if the scan told.
            touchpoint / "touchpoint": Option<Touchpoint>,
        }
        /// No target of a live code took a scan.
        TurnedAway = 81, "turned-away" {
            /// Who scanned.
            by / "by": Person,
            /// The live code.
            code / "liveCode": LiveCode,
            /// `full` if there was no room, `closed` if nobody was there.
            reason / "reason": Reason,
        }
        /// A participant added the account, or joined the group, of a target.
        Added = 82, "added" {
            /// The participant.
            by / "by": Person,
            /// The live code.
            code / "liveCode": LiveCode,
            /// The target.
            target / "target": Target,
        }
        /// A participant is no longer with a target.
        Dropped = 83, "dropped" {
            /// The participant.
            by / "by": Person,
            /// The live code.
            code / "liveCode": LiveCode,
            /// The target.
            target / "target": Target,
        }
        /// A target of a live code was switched, or its health was reported.
        Switched = 84, "switched" {
            /// The live code.
            code / "liveCode": LiveCode,
            /// The target.
            target / "target": Target,
            /// `online`, `offline`, `well`, `full` or `banned`.
            to / "to": &'a str,
        }
    }
}

impl Fact<'_> {
    /// Appends the rest of the fact as a JSON object, as in `docs/protocol.md`: everything behind `id` and `at`.
    pub fn write(&self, names: &Names<'_>, out: &mut Vec<u8>) {
        self.tell(&mut Json { names, out });
        out.push(b'}');
    }

    /// Appends the compact form that [`Fact::unpack`] reads.
    pub fn pack(&self, told: &Told<'_>, out: &mut Vec<u8>) {
        self.tell(&mut Packed { told, out });
    }

    /// Appends the form that crosses the WebAssembly boundary: handles become text.
    pub fn wire(&self, wire: &Wire<'_>, out: &mut Vec<u8>) {
        self.tell(&mut Wired { wire, out });
    }

    /// The loop a fact is about.
    #[must_use]
    pub fn loop_(&self) -> Option<Loop> {
        match *self {
            Fact::Shared { loop_, .. } => loop_,
            Fact::Helped { loop_, .. }
            | Fact::Completed { loop_ }
            | Fact::Joined { loop_, .. }
            | Fact::Qualified { loop_, .. }
            | Fact::Voided { loop_, .. }
            | Fact::Paid { loop_, .. }
            | Fact::Lapsed { loop_, .. }
            | Fact::Left { loop_, .. }
            | Fact::Succeeded { loop_, .. }
            | Fact::Filled { loop_, .. }
            | Fact::Expired { loop_ }
            | Fact::Late { loop_, .. }
            | Fact::RefundDue { loop_, .. }
            | Fact::CheckedIn { loop_, .. }
            | Fact::Done { loop_, .. }
            | Fact::Undone { loop_, .. }
            | Fact::Returned { loop_, .. }
            | Fact::Cut { loop_, .. }
            | Fact::Submitted { loop_, .. }
            | Fact::Approved { loop_, .. }
            | Fact::Declined { loop_, .. }
            | Fact::Drawn { loop_, .. }
            | Fact::Claimed { loop_, .. }
            | Fact::SetAside { loop_, .. }
            | Fact::Freed { loop_, .. }
            | Fact::Spent { loop_, .. }
            | Fact::Held { loop_, .. }
            | Fact::Released { loop_, .. }
            | Fact::Discarded { loop_, .. }
            | Fact::Entered { loop_, .. }
            | Fact::Exited { loop_, .. }
            | Fact::Scored { loop_, .. }
            | Fact::Ranked { loop_, .. }
            | Fact::Earned { loop_, .. }
            | Fact::Withheld { loop_, .. } => Some(loop_),
            Fact::Granted { grant, .. }
            | Fact::Fulfilled { grant, .. }
            | Fact::Collected { grant }
            | Fact::Repaid { grant, .. }
            | Fact::Failed { grant, .. }
            | Fact::Revoked { grant, .. }
            | Fact::Activated { grant, .. }
            | Fact::Used { grant, .. }
            | Fact::Outdated { grant }
            | Fact::Credited { grant, .. }
            | Fact::Debited { grant, .. }
            | Fact::Kept { grant } => Some(grant.loop_),
            Fact::Met { .. }
            | Fact::Arrived { .. }
            | Fact::Opened { .. }
            | Fact::Bought { .. }
            | Fact::Refunded { .. }
            | Fact::Tagged { .. }
            | Fact::Untagged { .. }
            | Fact::Touched { .. }
            | Fact::Bound { .. }
            | Fact::Merged { .. }
            | Fact::NotBound { .. }
            | Fact::Traced { .. }
            | Fact::Routed { .. }
            | Fact::TurnedAway { .. }
            | Fact::Added { .. }
            | Fact::Dropped { .. }
            | Fact::Switched { .. }
            | Fact::Happened { .. } => None,
        }
    }
}

impl<'a> Fact<'a> {
    /// Reads the compact form.
    pub fn unpack(told: &Told<'a>, reader: &mut Reader<'a>) -> Option<Self> {
        let number = reader.byte()?;
        let row = Fact::TABLE.iter().find(|row| row.number == number)?;
        Fact::of_row(row, |field| forms::unpack(field, told, reader))
    }

    /// Reads a fact from its kind and the fields of its JSON object.
    pub fn resolve(kind: &str, with: &mut Resolve<'_, 'a>) -> Option<Self> {
        let row = Fact::TABLE.iter().find(|row| row.kind() == kind)?;
        Fact::of_row(row, |field| forms::resolve(field, with))
    }

    fn of_row(row: &Row, mut read: impl FnMut(&FieldRow) -> Option<Slot<'a>>) -> Option<Self> {
        let mut slots = [Slot::None; MOST_FIELDS];
        for (slot, field) in slots.iter_mut().zip(row.fields) {
            *slot = read(field)?;
        }
        Fact::build(row.number, &slots)
    }
}
