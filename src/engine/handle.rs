//! Handles: small numbers that stand for names inside the engine.

use super::column::Cell;

/// A handle or none, in no more space than the handle: the largest number means none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Maybe<H>(H);

/// A handle that can be absent.
pub trait Absent: Copy + PartialEq {
    /// The number that means none; no table grows that large.
    const NONE: Self;
}

impl<H: Absent> Maybe<H> {
    /// None.
    pub const NONE: Maybe<H> = Maybe(H::NONE);

    /// The handle, if there is one.
    #[must_use]
    #[inline]
    pub fn get(self) -> Option<H> {
        (self.0 != H::NONE).then_some(self.0)
    }

    /// Puts a handle in its place; what was there before.
    pub fn replace(&mut self, handle: H) -> Maybe<H> {
        core::mem::replace(self, Maybe(handle))
    }
}

impl<H: Absent> From<Option<H>> for Maybe<H> {
    fn from(handle: Option<H>) -> Self {
        Maybe(handle.unwrap_or(H::NONE))
    }
}

/// None is 0, and a handle one more than its number.
impl<H: Absent + Cell> Cell for Maybe<H> {
    #[inline]
    fn number(self) -> u32 {
        self.get().map_or(0, |handle| handle.number().wrapping_add(1))
    }

    #[inline]
    fn numbered(number: u32) -> Self {
        Maybe(number.checked_sub(1).map_or(H::NONE, H::numbered))
    }
}

impl<H: Absent + core::fmt::Debug> core::fmt::Debug for Maybe<H> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.get().fmt(f)
    }
}

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident($int:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $int);

        impl Absent for $name {
            const NONE: Self = Self(<$int>::MAX);
        }

        impl Cell for $name {
            #[inline]
            fn number(self) -> u32 {
                u32::from(self.0)
            }

            #[inline]
            fn numbered(number: u32) -> Self {
                Self(<$int>::try_from(number).unwrap_or(<$int>::MAX))
            }
        }

        impl $name {
            /// The position this handle stands for.
            #[must_use]
            #[inline]
            pub fn index(self) -> usize {
                // The targets have at least 32-bit pointers, so nothing is lost.
                usize::try_from(self.0).unwrap_or(usize::MAX)
            }

            /// The handle of a position; positions beyond the type's range saturate.
            #[must_use]
            #[inline]
            pub fn at(position: usize) -> Self {
                Self(<$int>::try_from(position).unwrap_or(<$int>::MAX))
            }
        }
    )*};
}

handles! {
    /// A participant known to the campaign.
    Person(u32);
    /// A loop that was opened.
    Loop(u32);
    /// A grant; numbered over the whole campaign in the order of the log.
    Grant(u32);
    /// An order the site told of.
    Order(u32);
    /// A participation; numbered over the whole campaign in the order of the log.
    PartAt(u32);
    /// A play of the campaign.
    Play(u16);
    /// A reward of the catalogue.
    Reward(u16);
    /// A touchpoint of the campaign.
    Touchpoint(u16);
    /// A named event that a play waits for.
    Event(u16);
    /// A live code of the campaign.
    LiveCode(u16);
    /// A target of a live code.
    Target(u16);
}
