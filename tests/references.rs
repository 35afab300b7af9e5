//! Each mechanic beside a naive reference of its own, written from the prose of its rules.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/model/mod.rs"]
mod model;
#[path = "support/plans.rs"]
mod plans;
#[path = "support/reference/mod.rs"]
mod reference;
