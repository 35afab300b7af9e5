//! Draws posters where there is no browser: PNG, JPEG and WebP with real fonts, PDF for print, and the code read back from what
//! was drawn.
//!
//! The engine decides what a poster shows (`kfactor::poster`); this crate has the fonts, the pixels and the decoder, which
//! a page does not need.

mod bleed;
mod emoji;
mod fonts;
mod images;
mod paint;
mod picture;
mod shadow;
mod sheet;

pub use fonts::Fonts;
pub use images::Images;
pub use picture::{Format, Picture, PictureError, draw, read_code};
pub use sheet::{Sheet, SheetError};
