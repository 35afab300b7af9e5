//! Identity: the ids that belong to one person, merged by union-find.

use std::collections::BTreeMap;

/// Sets of ids of one person each, with the ids of a person whom the site knows kept apart.
///
/// Which ids belong together does not depend on the order of the merges, unless one is refused.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    numbers: BTreeMap<String, usize>,
    names: Vec<String>,
    parents: Vec<usize>,
    /// The smallest known id of each set, by its root.
    known: Vec<Option<usize>>,
}

impl Identities {
    /// The number of an id, known or new.
    pub fn number(&mut self, id: &str) -> usize {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let number = self.names.len();
        self.names.push(id.to_owned());
        self.parents.push(number);
        self.known.push(None);
        self.numbers.insert(id.to_owned(), number);
        number
    }

    /// Notes that an id is that of somebody who registered.
    pub fn mark_known(&mut self, id: usize) {
        let root = self.root(id);
        if let Some(known) = self.known.get_mut(root).filter(|known| known.is_none()) {
            *known = Some(id);
        }
    }

    /// Merges the sets of two ids. False if both are of people who registered, each for themselves: nothing changes then.
    pub fn merge(&mut self, one: usize, other: usize) -> bool {
        let (one, other) = (self.root(one), self.root(other));
        if one == other {
            return true;
        }
        let known = |at: usize| self.known.get(at).copied().flatten();
        let (a, b) = (known(one), known(other));
        if a.is_some() && b.is_some() {
            return false;
        }
        // The smaller number is the root, so that the order of merges leaves no trace.
        let (root, child) = (one.min(other), one.max(other));
        if let (Some(parent), Some(known)) = (self.parents.get_mut(child), self.known.get_mut(root)) {
            (*parent, *known) = (root, a.or(b));
        }
        true
    }

    /// The number that stands for all ids of a person.
    #[must_use]
    pub fn root(&self, id: usize) -> usize {
        let mut at = id;
        while let Some(parent) = self.parents.get(at).copied().filter(|parent| *parent != at) {
            at = parent;
        }
        at
    }

    /// How a person is called: the id they registered with, else the smallest of their ids.
    #[must_use]
    pub fn name(&self, id: usize) -> &str {
        let root = self.root(id);
        if let Some(known) = self.known.get(root).copied().flatten() {
            return self.names.get(known).map_or("", String::as_str);
        }
        let mine = (0..self.names.len()).filter(|at| self.root(*at) == root);
        mine.filter_map(|at| self.names.get(at)).min().map_or("", String::as_str)
    }
}
