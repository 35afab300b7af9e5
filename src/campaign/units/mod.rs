//! The units of a person: numbers, text, lists, money and times as they are written in a document.

mod mend;
mod money;
mod plain;
mod time;

pub(crate) use mend::hours as mended_hours;
pub use money::{Currency, Percent};
pub(crate) use plain::has_right_length;
pub use plain::{Int, List, Text, Url};
pub use time::{Hours, parse_offset, parse_span, parse_time};
