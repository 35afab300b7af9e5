//! Posters: a template of the campaign and what is known about a person become a list of things to draw.
//!
//! A poster has a size and layers, from the back to the front. Every layer stands in a box, `at`, whose numbers are pixels
//! of the template or per cent of its size; with `below` it starts where another layer really ends, however many lines
//! that has. Texts and addresses of pictures may have variables, `{nickname}` or `{nickname|a friend}`. The code is the
//! tracked link of whoever shares the poster, or, where the platform makes its own codes, the picture of one.
//!
//! ```
//! use kfactor::poster::{Data, Measure, Poster, display_list};
//! let template = r##"{ "size": [750, 1000], "layers": [
//!     { "draw": "text", "at": [60, 80, 630], "text": "{nickname|A friend} invites you", "size": 48 },
//!     { "draw": "qr", "at": [235, 600, 280, 280] }
//! ] }"##;
//! let poster = Poster::parse(template).unwrap();
//! let data = Data { url: "https://example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi".into(), ..Data::default() };
//! let list = display_list(&poster, &data, &mut Measure::rough()).unwrap();
//! assert_eq!((list.width, list.height), (750, 1000));
//! // 33 modules and a quiet zone of 4 on each side, on whole pixels.
//! assert_eq!(list.code.unwrap().unit, 6);
//! ```
//!
//! Everything is counted in whole pixels and hundredths of them. Where a line ends depends on the font, so whoever draws
//! also measures.

mod draw;
mod layer;
mod layout;
mod list;
mod svg;
mod text;
mod values;

pub use draw::{Data, PosterError, display_list};
pub use layer::{Align, Fit, Ink, Layer, Poster, Posters, Turn, touchpoint};
pub(crate) use layer::{check_sizes, touchpoints};
pub use layout::Measure;
pub use list::{Code, DisplayList, Fill, Line, Op};
pub use svg::svg;
