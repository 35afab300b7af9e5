//! Each mechanic beside a naive reference of its own, written from the prose of its rules.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/reference/mod.rs"]
mod reference;
