//! Where pages report what happens, and the outbox that loses none of it.
//!
//! Nothing here sends, stores or knows what a record says. [`outbox::Outbox`] is told what happened to a record (it is
//! made, written, answered) and says what to do next (write this, send those, wake me then). The package makes records,
//! brings them into the form of a destination and stores them (`pkg-template/src/report`), because text is shorter to
//! handle in JavaScript, where pages, mini-programs and Node share it.

pub mod outbox;
pub mod privacy;
pub mod sink;

pub use outbox::{Consent, Effect, End, Input, Outbox};
pub use sink::Form;
