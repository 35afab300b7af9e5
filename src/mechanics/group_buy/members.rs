//! The members of a group: who holds a slot, who has paid, and what that does to the goods.

use super::super::Kept;
use crate::engine::handle::{Order, Person};
use crate::engine::pack::packed;
use crate::engine::time::Time;
use crate::engine::view::PersonLook;

/// The members of a group in the order of joining, and the virtual ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    pub(super) members: Vec<Member>,
    pub(super) filled: u32,
    pub(super) complete: bool,
}

/// A member of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) who: Person,
    pub(super) joined: Time,
    pub(super) until: Time,
    pub(super) order: Option<Order>,
    pub(super) standing: Standing,
}

/// Where a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Reserved,
    Paid,
    Lapsed,
    Left,
    /// The group expired; the refund is due.
    Owed,
    Refunded,
}

impl Progress {
    pub(super) fn find(&self, who: Person) -> Option<(u32, Member)> {
        (0u32..).zip(&self.members).find(|(_, member)| member.who == who).map(|(at, member)| (at, *member))
    }

    /// A participant who comes back stands at the end of the order.
    pub(super) fn join(&mut self, member: Member) {
        self.members.retain(|other| other.who != member.who);
        self.members.push(member);
    }

    pub(super) fn set(&mut self, who: Person, standing: Standing, order: Option<Order>) {
        if let Some(member) = self.members.iter_mut().find(|member| member.who == who) {
            member.standing = standing;
            member.order = order;
        }
    }

    /// A refund before completion is told as `left`; after it the member keeps the slot, marked.
    pub(super) fn refund(&mut self, order: Option<Order>) -> i32 {
        let complete = self.complete;
        let Some(member) = self.members.iter_mut().find(|member| order.is_some() && member.order == order)
        else {
            return 0;
        };
        match member.standing {
            Standing::Paid if complete => {
                member.standing = Standing::Refunded;
                -1
            }
            Standing::Owed => {
                member.standing = Standing::Refunded;
                0
            }
            _ => 0,
        }
    }

    /// The goods of those who paid go back; their money is owed.
    pub(super) fn expire(&mut self) -> i32 {
        let mut back = 0;
        for member in self.members.iter_mut().filter(|member| member.standing == Standing::Paid) {
            member.standing = Standing::Owed;
            back -= 1;
        }
        back
    }

    /// Slots that are taken at this moment.
    pub(super) fn slots(&self, at: Time) -> u32 {
        let taken = self.members.iter().filter(|member| member.holds_slot(at)).count();
        u32::try_from(taken).unwrap_or(u32::MAX)
    }

    /// Members who have paid, including those who got or will get it back after the group ended.
    pub(super) fn paid(&self) -> u32 {
        let paid = |member: &&Member| {
            matches!(member.standing, Standing::Paid | Standing::Owed | Standing::Refunded)
        };
        u32::try_from(self.members.iter().filter(paid).count()).unwrap_or(u32::MAX)
    }
}

impl Member {
    pub(super) fn holds_slot(&self, at: Time) -> bool {
        self.standing == Standing::Paid || (self.standing == Standing::Reserved && at < self.until)
    }

    /// Whether a page shows them as one of the group, in its life or after it.
    pub(super) fn belongs(&self, at: Time) -> bool {
        self.holds_slot(at) || matches!(self.standing, Standing::Owed | Standing::Refunded)
    }

    pub(super) fn look(&self, at: Time) -> PersonLook {
        let status = match self.standing {
            Standing::Reserved if at < self.until => "reserved",
            Standing::Reserved | Standing::Lapsed => "lapsed",
            Standing::Paid => "paid",
            Standing::Left => "left",
            Standing::Owed => "refund-due",
            Standing::Refunded => "refunded",
        };
        PersonLook { at: Some(self.joined), ..PersonLook::new(self.who, status) }
    }
}

packed! {
    Progress { filled, complete, members }
    Member { who, joined, until, order, standing }
}

packed! { enum Standing { Reserved, Paid, Lapsed, Left, Owed, Refunded } }

impl Kept for Progress {
    fn memory(&self) -> usize {
        self.members.capacity() * size_of::<Member>()
    }

    fn knows(&self, who: Person) -> bool {
        self.members.iter().any(|member| member.who == who)
    }
}
