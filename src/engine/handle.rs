//! Handles: small numbers that stand for names inside the engine.

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident($int:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $int);

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
    /// A play of the campaign.
    Play(u16);
    /// A reward of the catalogue.
    Reward(u16);
    /// A touchpoint of the campaign.
    Touchpoint(u16);
    /// A named event that a play waits for.
    Event(u16);
}
