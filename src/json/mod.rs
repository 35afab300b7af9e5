//! The product's one JSON reader and writer: strict RFC 8259, bounded depth, no panics.
//!
//! [`tree`] reads a document a person wrote and remembers where everything stood; [`scan`] reads flat
//! objects (commands) without copying; [`mod@write`] appends JSON to a buffer.

mod cursor;
pub mod scan;
#[cfg(test)]
mod tests;
pub mod tree;
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
