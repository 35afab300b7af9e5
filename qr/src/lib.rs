//! QR symbols: a text becomes a square of modules, and the modules a picture that scanners read.
//!
//! Encoding works on whole rows of bits: every row of modules is one or three machine words, masks and their
//! penalties are counted by shifts and population counts (ISO/IEC 18004:2015, §7.8). What depends only on the size of a
//! symbol is made once and kept. Nothing here reads a clock, a file or the network, and no float takes part.
//!
//! It is a crate of its own so that it is compiled for speed where the engine around it is compiled for size.

#![cfg_attr(not(test), deny(clippy::as_conversions, clippy::float_arithmetic, clippy::indexing_slicing))]

mod codewords;
mod colour;
mod damage;
mod drawing;
mod layout;
mod mask;
mod matrix;
mod micro;
mod png;
mod segment;
mod style;
mod svg;
mod symbol;
mod terminal;
mod version;

pub use colour::Colour;
pub use damage::{BlockDamage, Damage};
pub use drawing::{Drawing, Paint, Path, Rect, Shape, Step};
pub use matrix::Matrix;
pub use micro::Micro;
pub use segment::{Mode, Segment};
pub use style::{Finders, Finding, Logo, Modules, Severity, Style, StyleError};
pub use svg::SvgOptions;
pub use symbol::{Options, QrError, Symbol};
pub use version::{Level, Version};
