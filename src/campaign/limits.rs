//! Limits on how often something may be done.

use super::document::{choices, document};
use super::units::Int;
use crate::engine::time::Period;

document! {
    /// How many accepted actions one person or device has in a period. In a play it counts within that
    /// play, in the campaign across all plays.
    pub struct Limit {
        /// Whom it counts for.
        pub per: Per,
        /// The calendar period, in the campaign's timezone.
        pub every: Period,
        /// How many actions in one period.
        pub most: Int<1, 1_000_000>,
    }
}

choices! {
    /// Whom a limit counts for.
    pub enum Per {
        /// A participant who helps or joins.
        Helper = "helper",
        /// A participant who opens loops.
        Initiator = "initiator",
        /// A participant in any role.
        Participant = "participant",
        /// A device, when the command names one.
        Device = "device",
    }
}
