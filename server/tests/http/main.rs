//! The server as its clients meet it: a real process on a loopback port, spoken to over HTTP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod admission;
mod crash;
mod keys;
mod limits;
mod links;
mod live;
mod live_codes;
mod operation;
mod store;
mod support;
