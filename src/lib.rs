//! kfactor decides what every visit, help, join, payment and refund of a campaign earns.
//!
//! The engine is pure: [`engine::decide`] reads state and answers with facts or a rejection,
//! [`engine::evolve`] is the only thing that changes state, and nothing here knows about clocks,
//! entropy, storage or the network.

#![cfg_attr(
    not(test),
    deny(
        clippy::as_conversions,
        clippy::float_arithmetic,
        clippy::float_cmp,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

pub mod attribution;
pub mod audience;
pub mod campaign;
pub mod engine;
mod gather;
pub mod guard;
#[cfg(feature = "complete")]
pub mod insight;
pub mod json;
pub mod livecode;
pub mod mechanics;
pub mod poster;
pub mod report;
pub mod rewards;
pub mod sorted;
#[doc(inline)]
pub use kfactor_qr as qr;

#[cfg(feature = "wasm")]
mod wasm;
