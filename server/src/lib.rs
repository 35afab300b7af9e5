//! kfactor-server: the reference backend of kfactor.
//!
//! One binary with an embedded SQLite. Each campaign has one ordered log and one engine, and one keeper that
//! takes commands in batches, decides them in memory, makes them durable and only then answers.
//!
//! ```text
//! request ── auth, limits ──> keeper: stamp, decide ──> log: append, sync ──> answer
//!                                                            └──> hub ──> server-sent events
//! ```

pub mod answer;
pub mod api;
pub mod app;
pub mod auth;
pub mod campaigns;
pub mod clock;
pub mod config;
pub mod demo;
pub mod envelope;
pub mod error;
pub mod keeper;
pub mod limit;
pub mod live;
pub mod livecode;
pub mod log;
pub mod machine;
pub mod metrics;
pub mod secrets;
pub mod short;
pub mod snapshots;
pub mod store;
pub mod words;
