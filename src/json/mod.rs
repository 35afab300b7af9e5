//! The product's one JSON reader and writer: strict RFC 8259, bounded depth, no panics.
//!
//! [`tree`] reads a document a person wrote and remembers where everything stood; [`scan`] reads flat
//! objects (commands) without copying; [`mod@write`] appends JSON to a buffer.

#[cfg(test)]
mod tests;
pub mod tree;

pub use kfactor_json::{DEPTH, Fault, FaultKind, cursor, scan, write};
