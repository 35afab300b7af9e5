//! What happened, told to any backend: records, the forms they are sent in, and the outbox that loses none of them.
//!
//! Nothing here sends or stores. [`outbox::Outbox`] is told what happened (a record to keep, an answer, a page that is
//! hidden) and says what to do next (write this, send that, wake me then); the package has adapters for browsers,
//! mini-programs and files. So what it promises can be tried with hundreds of thousands of crashes in a second.

pub mod encode;
pub mod outbox;
pub mod privacy;
pub mod record;
pub mod sink;

pub use encode::{Body, Form, encode};
pub use outbox::{Consent, Effect, Input, Outbox, Settings};
pub use record::Draft;
