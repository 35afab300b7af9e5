//! Strict RFC 8259, bounded depth, no panics: what reads and writes commands and facts.
//!
//! [`scan`] reads flat objects without copying; [`mod@write`] appends JSON to a buffer; [`cursor`] has the steps that
//! readers take. A crate of its own, so that it is compiled for speed where all else is compiled for size.

pub mod cursor;
pub mod scan;
pub mod write;

/// How deeply arrays and objects may nest; a flat object has depth 1.
pub const DEPTH: u32 = 32;

/// Why some text is not the JSON it should be, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The byte at which it was noticed, from 0.
    pub offset: usize,
}

/// What can be wrong with JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A character that cannot stand here.
    Unexpected,
    /// The text ends too early.
    End,
    /// A number that JSON does not allow, as `01`, `1.` or `.5`.
    Number,
    /// A raw control character (as a line break) inside a string.
    Control,
    /// An unknown escape or half of a surrogate pair inside a string.
    Escape,
    /// Bytes that are not UTF-8.
    Utf8,
    /// Deeper than [`DEPTH`].
    Depth,
    /// The same key twice in one object.
    Duplicate,
    /// Something after the end of the value.
    Trailing,
    /// A value other than an object where an object is read.
    NotObject,
}
