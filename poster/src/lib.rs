//! Draws posters where there is no browser: PNG and JPEG with real fonts, PDF for print, and the code read back from what
//! was drawn.
//!
//! The engine decides what a poster shows (`kfactor::poster`); this crate has the fonts, the pixels and the decoder, which
//! a page does not need.

mod fonts;
mod images;
mod picture;
mod sheet;

pub use fonts::Fonts;
pub use images::Images;
pub use picture::{Format, Picture, PictureError, draw};
pub use sheet::{Sheet, SheetError};
