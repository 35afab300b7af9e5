//! The named entries of a campaign, by handle.

use std::ops::Deref;

use super::decode::{Blank, Cx, Decode};
use super::names::{Kind, check_name};
use super::units::has_right_length;
use crate::json::tree::Node;

/// A type of entry that a document lists by name.
pub(crate) trait Entry: Decode {
    /// What the names are names of.
    const KIND: Kind;

    /// Checks the entries against each other.
    fn check_all(_entries: &[Option<Self>], _node: &Node<'_>, _cx: &mut Cx) {}
}

/// Entries by handle; `None` for a name that only earlier revisions have.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<T, const MIN: usize, const MAX: usize>(Vec<Option<T>>);

impl<T, const MIN: usize, const MAX: usize> Default for Table<T, MIN, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MIN: usize, const MAX: usize> Deref for Table<T, MIN, MAX> {
    type Target = [Option<T>];

    fn deref(&self) -> &[Option<T>] {
        &self.0
    }
}

impl<T, const MIN: usize, const MAX: usize> Table<T, MIN, MAX> {
    /// Puts an entry where the document has none.
    pub(super) fn fill(&mut self, position: usize, entry: impl FnOnce() -> T) {
        if self.0.len() <= position {
            self.0.resize_with(position + 1, || None);
        }
        if let Some(slot) = self.0.get_mut(position).filter(|slot| slot.is_none()) {
            *slot = Some(entry());
        }
    }
}

impl<T, const MIN: usize, const MAX: usize> Blank for Table<T, MIN, MAX> {
    fn blank() -> Self {
        Self(Vec::new())
    }
}

impl<T: Entry, const MIN: usize, const MAX: usize> Decode for Table<T, MIN, MAX> {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let mut entries = Vec::new();
        let read = &mut |value: &Node<'_>, position: Option<usize>, cx: &mut Cx| {
            let entry = T::decode(value, cx);
            let Some(position) = position else { return };
            if entries.len() <= position {
                entries.resize_with(position + 1, || None);
            }
            if let Some(slot) = entries.get_mut(position) {
                *slot = entry;
            }
        };
        if !each_named(node, cx, T::KIND, (MIN, MAX), read) {
            return None;
        }
        // An entry that could not be read has been reported; the others are checked all the same.
        T::check_all(&entries, node, cx);
        Some(Self(entries))
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "propertyNames": { "pattern": super::names::NAME_PATTERN },
            "additionalProperties": T::shape(),
            "minProperties": MIN,
            "maxProperties": MAX
        })
    }
}

/// Reads the entries of an object of named ones, each with the position of its name; whether it is such an object.
#[inline(never)]
fn each_named(
    node: &Node<'_>,
    cx: &mut Cx,
    kind: Kind,
    (min, max): (usize, usize),
    read: &mut dyn FnMut(&Node<'_>, Option<usize>, &mut Cx),
) -> bool {
    if !cx.is_object(node) || !has_right_length(node, cx, node.members().len(), min, max) {
        return false;
    }
    for member in node.members() {
        cx.within(&member.key, |cx| {
            let well_named = check_name(&member.key, member.key_start, cx);
            // A long key would be repeated in the pointer of every problem below it.
            if well_named || member.key.len() <= LONGEST_KEY {
                let position = cx.scope.declared(kind, &member.key);
                read(&member.value, position, cx);
            }
        });
    }
    true
}

const LONGEST_KEY: usize = 80;
