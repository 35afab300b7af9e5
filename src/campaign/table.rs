//! The named entries of a campaign, by handle.

use std::ops::Deref;

use super::decode::{Cx, Decode};
use super::names::{Kind, check_name};
use super::problem::code;
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

impl<T: Entry, const MIN: usize, const MAX: usize> Decode for Table<T, MIN, MAX> {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if !cx.is_object(node) {
            return None;
        }
        let count = node.members().len();
        if !(MIN..=MAX).contains(&count) {
            let (code, subject) =
                (if count == 0 { code::LIST_EMPTY } else { code::LIST_LENGTH }, cx.subject());
            cx.error(
                code,
                node.start,
                format!("{subject} must have {MIN} to {MAX} entries; it has {count}."),
                format!("{subject} 应有 {MIN} 到 {MAX} 项，现在有 {count} 项。"),
            );
            return None;
        }
        let mut entries = Vec::new();
        for member in node.members() {
            cx.within(&member.key, |cx| {
                let well_named = check_name(&member.key, member.key_start, cx);
                // A long key would be repeated in the pointer of every problem below it.
                if !well_named && member.key.len() > LONGEST_KEY {
                    return;
                }
                let entry = T::decode(&member.value, cx);
                if let Some(position) = cx.scope.declared(T::KIND, &member.key) {
                    if entries.len() <= position {
                        entries.resize_with(position + 1, || None);
                    }
                    if let Some(slot) = entries.get_mut(position) {
                        *slot = entry;
                    }
                }
            });
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

const LONGEST_KEY: usize = 80;
