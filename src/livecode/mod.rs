//! Live codes (活码): one printed code that leads each scan to a staff account (渠道活码) or a chat group (群活码).
//!
//! * A `scan` names the code; the engine answers with `routed` to a target, or with `turned-away`. Later `add` tells
//!   that the person added the account or joined the group, `drop` that they left. Loads count adds, never scans.
//! * A target is **open** if it is online, healthy, within its hours and has room. Hours of a date come before those
//!   of the day of the week, and these before the usual ones; the end is not included, and hours over midnight belong to
//!   the day they begin on.
//! * **Room**: a place is kept for whoever was led to a target until they add it or the code's `hold` is over. What was
//!   added on the local day and the places kept stay within `daily`; who is there and the places kept stay within
//!   `total`. So among any number of scans at once no more are led to a target than it has room for. An `add` that comes
//!   after its place was given away is recorded all the same: it has happened.
//! * **Strategies** choose among the open targets. `round-robin` and `weighted` show the least shown first, in proportion
//!   to the weights; a target that was away goes on level with the others and has nothing to catch up with. `in-order`
//!   goes through the list, one target for each scan; `fill` leads to the first until it is full; `least-loaded` to the
//!   one with the fewest adds of the day and places kept; `random` draws by weight, from the campaign's seed.
//! * **Spare** targets are asked when no other is open. When none of them is open either, the scan is turned away to the
//!   `fallback` page.
//! * **Sticky**: someone for whom a place is kept is led to it again and takes no second one. Afterwards `sticky` says when
//!   the same target is shown again: `never`, `while-open`, `though-full`, or `always`, which only a ban ends.
//! * The backend says with `switch` that a target is `online` or `offline`, or `well`, `full` or `banned`.
//!
//! A live code is printed once and works as long as the document has it, before and after the campaign runs as well.
//!
//! # Example
//! Anna (weight 2, 200 a day, until 21:00) and Bo (weight 1) share a counter. Of three scans before 21:00 Anna gets the
//! first, Bo the second, Anna the third. At 21:00 only Bo is left. After Anna has been added 200 times she is full until
//! local midnight.

mod check;
pub mod link;
pub mod route;
pub mod rules;
pub mod schedule;
pub mod state;
#[cfg(feature = "complete")]
pub mod view;

pub use rules::{LiveCodeKind, LiveCodeRules, Sticky, Strategy, TargetRules};
pub use schedule::Schedule;
pub use state::{Health, LiveCodes, TargetState, evolve};
