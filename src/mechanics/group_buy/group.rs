//! A group while a command changes it: joining, paying, leaving, and what the clock does.

use super::super::{Mechanic, On, Payment};
use super::members::{Member, Progress, Standing};
use super::{LEADER, Rules};
use crate::engine::deciding::Deciding;
use crate::engine::fact::Fact;
use crate::engine::field::Reason;
use crate::engine::handle::{Loop, Order, Person, Play};
use crate::engine::money::Money;
use crate::engine::state::{LoopState, Status};
use crate::engine::time::Time;
use crate::gather::Gather;
use crate::rewards::{self, Portion};

/// A group while a command changes it: facts are applied to a copy as they are decided, so that each decision
/// sees the ones before it.
pub(super) struct Group<'x, 's, 'c> {
    pub(super) rules: &'x Rules,
    pub(super) cx: &'x mut Deciding<'s, 'c>,
    pub(super) loop_: Loop,
    pub(super) play: Play,
    pub(super) status: Status,
    pub(super) leader: Person,
    pub(super) until: Time,
    pub(super) progress: Progress,
}

impl<'x, 's, 'c> Group<'x, 's, 'c> {
    pub(super) fn new(rules: &'x Rules, cx: &'x mut Deciding<'s, 'c>, on: &On<'_, '_, Progress>) -> Self {
        let LoopState { play, status, initiator: leader, until, .. } = *on.state;
        let (loop_, progress) = (on.loop_, on.progress.clone());
        let mut group = Group { rules, cx, loop_, play, status, leader, until, progress };
        for at in 0..group.cx.facts.len() {
            // This command may have settled the group already.
            if let Some(fact) = group.cx.facts.get(at).copied().filter(|fact| fact.loop_() == Some(loop_)) {
                group.apply(&fact, None);
            }
        }
        group
    }

    pub(super) fn emit(&mut self, fact: Fact<'c>, order: Option<Order>) {
        self.apply(&fact, order);
        self.cx.emit(fact);
    }

    pub(super) fn apply(&mut self, fact: &Fact<'c>, order: Option<Order>) {
        self.rules.rehearse(&mut self.progress, fact, self.cx.at, (self.play, order));
        match *fact {
            Fact::Completed { .. } => self.status = Status::Complete,
            Fact::Expired { .. } => self.status = Status::Expired,
            Fact::Succeeded { by, .. } => self.leader = by,
            _ => {}
        }
    }

    pub(super) fn join(&mut self, by: Person, device: Option<&'c str>) {
        let until = self.cx.at.after(self.rules.pay_within).min(self.until);
        self.emit(Fact::Joined { loop_: self.loop_, by, until, device }, None);
    }

    pub(super) fn paid(&mut self, payment: Payment<'c>) {
        let Payment { by, order, amount } = payment;
        let handle = self.cx.order(order);
        self.emit(Fact::Paid { loop_: self.loop_, by, order, amount }, Some(handle));
        if self.progress.paid() >= self.rules.largest() {
            self.complete();
        }
    }

    pub(super) fn too_late(&mut self, payment: Payment<'c>, reason: Reason) {
        let Payment { by, order, amount } = payment;
        let handle = self.cx.order(order);
        self.emit(Fact::Late { loop_: self.loop_, by, order, amount }, None);
        self.emit(Fact::RefundDue { loop_: self.loop_, by, order: handle, amount, reason }, None);
    }

    pub(super) fn complete(&mut self) {
        self.emit(Fact::Completed { loop_: self.loop_ }, None);
        let paid: Vec<(u32, Person)> = (1..)
            .zip(&self.progress.members)
            .filter(|(_, member)| member.standing == Standing::Paid)
            .map(|(cause, member)| (cause, member.who))
            .gather();
        let saved = self.rules.price.minus(self.rules.price_for(self.progress.paid()));
        for (cause, who) in paid {
            for reward in &self.rules.give {
                rewards::grant(self.cx, self.loop_, *reward, who, cause);
            }
            if let Some(reward) = self.rules.rebate.filter(|_| saved > Money(0)) {
                let portion = Portion { amount: Some(saved), points: None };
                rewards::grant_portion(self.cx, self.loop_, reward, who, cause, portion);
            }
        }
        for reward in &self.rules.give_leader {
            rewards::grant(self.cx, self.loop_, *reward, self.leader, LEADER);
        }
    }

    /// Frees the slots whose time to pay is over; who leads is decided once they are all gone.
    pub(super) fn lapse(&mut self) {
        let at = self.cx.at;
        let over = |member: &&Member| member.standing == Standing::Reserved && at >= member.until;
        let lapsed: Vec<Person> = self.progress.members.iter().filter(over).map(|member| member.who).gather();
        for by in lapsed.iter().copied() {
            self.emit(Fact::Lapsed { loop_: self.loop_, by }, None);
        }
        if lapsed.contains(&self.leader) {
            self.succeed();
        }
    }

    /// The next member who holds a slot leads; without one the group ends.
    pub(super) fn succeed(&mut self) {
        let next = self
            .progress
            .members
            .iter()
            .find(|member| member.holds_slot(self.cx.at))
            .map(|member| member.who);
        match next {
            Some(by) => self.emit(Fact::Succeeded { loop_: self.loop_, by }, None),
            None => self.emit(Fact::Expired { loop_: self.loop_ }, None),
        }
    }

    pub(super) fn leave(&mut self, by: Person, refund: bool) {
        let Some((_, member)) = self.progress.find(by) else { return };
        self.emit(Fact::Left { loop_: self.loop_, by }, None);
        if let (true, Some(order)) = (refund, member.order) {
            self.refund(by, order, Reason::Left);
        }
        if self.leader == by {
            self.succeed();
        }
    }

    pub(super) fn refund(&mut self, by: Person, order: Order, reason: Reason) {
        let amount = self.cx.state.orders.get(order.index()).map_or(self.rules.price, |known| known.amount);
        self.emit(Fact::RefundDue { loop_: self.loop_, by, order, amount, reason }, None);
    }

    /// Brings the group up to the clock: lapses, then at its end completion by virtual members or expiry.
    pub(super) fn settle(&mut self) {
        if self.status != Status::Running {
            return;
        }
        self.lapse();
        if self.status != Status::Running || self.cx.at < self.until {
            return;
        }
        if self.rules.succeeds(&self.progress) {
            let count = self.rules.size.get().saturating_sub(self.progress.paid());
            if count > 0 {
                self.emit(Fact::Filled { loop_: self.loop_, count }, None);
            }
            self.complete();
            return;
        }
        let members = self.progress.members.clone();
        self.emit(Fact::Expired { loop_: self.loop_ }, None);
        for member in members.iter().filter(|member| member.standing == Standing::Paid) {
            if let Some(order) = member.order {
                self.refund(member.who, order, Reason::Expired);
            }
        }
    }
}
