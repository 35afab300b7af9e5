//! Ids of one person: what a backend found out about who is who.
//!
//! A `merge` changes nothing but this. Everything else is asked under all ids of a person: what they did, have and are in.
//! So it makes no difference in which order ids are merged, and what was decided stays as it was decided.

use super::handle::{Loop, Person};
use super::pack::{Packed, Unpacker};
use super::state::{LoopState, State};
use crate::gather::Gather;
use crate::sorted::Sorted;

/// Which ids belong together. The id that the campaign met first is the main one.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    /// The main id of each other id.
    main: Sorted<Person, Person>,
    /// All ids of a person with several, by the main one, in the order in which they were met.
    all: Sorted<Person, Vec<Person>>,
}

impl Ids {
    /// Whether no ids were merged.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.main.is_empty()
    }

    /// The main id of a person.
    #[must_use]
    #[inline]
    pub fn main(&self, of: Person) -> Person {
        if self.is_empty() { of } else { self.main.get(&of).copied().unwrap_or(of) }
    }

    /// Whether two ids are one person's.
    #[must_use]
    #[inline]
    pub fn is_same(&self, one: Person, other: Person) -> bool {
        one == other || self.main(one) == self.main(other)
    }

    /// All ids of a person, the main one first.
    #[inline]
    #[must_use]
    pub fn each(&self, of: Person) -> Each<'_> {
        if self.is_empty() { Each { alone: Some(of), several: [].iter() } } else { self.each_of(of) }
    }

    #[cold]
    fn each_of(&self, of: Person) -> Each<'_> {
        let main = self.main(of);
        match self.all.get(&main) {
            Some(all) => Each { alone: None, several: all.iter() },
            None => Each { alone: Some(main), several: [].iter() },
        }
    }

    /// Merges the ids of two people.
    pub fn merge(&mut self, one: Person, other: Person) {
        let (one, other) = (self.main(one), self.main(other));
        if one == other {
            return;
        }
        let mut all: Vec<Person> = self.each(one).gather();
        for id in self.each(other) {
            all.insert(all.partition_point(|known| *known < id), id);
        }
        self.all.remove(&one);
        self.all.remove(&other);
        let Some(main) = all.first().copied() else { return };
        self.main.remove(&main);
        for id in all.iter().skip(1) {
            self.main.insert(*id, main);
        }
        self.all.insert(main, all);
    }

    /// Everybody whom it names.
    pub fn people(&self) -> impl Iterator<Item = Person> + '_ {
        self.main.iter().flat_map(|(id, main)| [*id, *main])
    }
}

impl Packed for Ids {
    fn pack(&self, out: &mut Vec<u8>) {
        self.main.pack(out);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let mut ids = Ids::default();
        from.each(|from| {
            let (id, main) = from.read();
            ids.merge(id, main);
        });
        ids
    }
}

/// The ids of a person. A type of its own, because it is walked in many places and an adaptor would be compiled in each.
#[derive(Clone, Debug)]
pub struct Each<'i> {
    alone: Option<Person>,
    several: core::slice::Iter<'i, Person>,
}

impl Each<'_> {
    /// Of nobody.
    #[must_use]
    pub fn nobody() -> Self {
        Each { alone: None, several: [].iter() }
    }
}

impl Iterator for Each<'_> {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        self.alone.take().or_else(|| self.several.next().copied())
    }
}

impl State {
    /// As whom somebody acts in a loop: under the id under which they stand in it already, else under their main id.
    #[must_use]
    #[inline]
    pub fn stands_as(&self, who: Person, loop_: Loop, head: &LoopState) -> Person {
        if self.ids.is_empty() { who } else { self.stands_as_one(who, loop_, head) }
    }

    #[cold]
    fn stands_as_one(&self, who: Person, loop_: Loop, head: &LoopState) -> Person {
        let stands = |id: &Person| {
            head.initiator == *id
                || head.opener == *id
                || head.progress.knows(*id)
                || self.held.contains_key(&(loop_, *id))
                || self.discarded.contains(&(loop_, *id))
        };
        self.ids.each(who).find(stands).unwrap_or(who)
    }
}
