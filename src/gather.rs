//! Lists from iterators.

use crate::campaign::decode::COMPLETE;

/// Iterators that become lists.
pub(crate) trait Gather: Iterator + Sized {
    /// The items as a list, as `collect` gives it. That asks for the right room at once, by code that has the whole iterator
    /// in it up to three times; the page's build takes the items one after the other.
    fn gather(self) -> Vec<Self::Item> {
        if COMPLETE {
            return self.collect();
        }
        let mut list = Vec::new();
        for item in self {
            list.push(item);
        }
        list
    }
}

impl<I: Iterator> Gather for I {}
