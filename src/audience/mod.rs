//! Audience (人群): who customers are by what they did.

#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "quantiles and means; nothing is decided here"
)]

pub mod rfm;
