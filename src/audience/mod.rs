//! Audience (人群): who participants are by what they did: tags that rules give, and RFM.

#[cfg(feature = "complete")]
pub mod rfm;
pub mod segments;
pub mod tags;
