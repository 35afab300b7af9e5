//! Insight (数据复盘): what the facts of a campaign say about how it spreads.
//!
//! Reads nothing but facts, so it runs from a log anywhere and at any time. It decides nothing, and so may use floating
//! point; only operations that are the same on every machine (`math`), so that the server, the command line and a page
//! show the same numbers.
//!
//! * **Funnel**: people who arrived, took part, converted, shared and brought others, in all, by touchpoint and by
//!   generation, which is how many shares lie between them and the campaign.
//! * **K**: how many people one person brings within a window after arriving, with a 95 % interval. Those who arrived
//!   recently have had less time; they count for the ages they have reached, and no further (the mean cumulative
//!   function of recurrent events; Nelson 1988, variance by Lawless and Nadeau 1995).
//! * **Cycle time**: from someone's arrival to the arrivals of those they brought.
//! * **Tree**: who brought whom, its size, depth, width and structural virality, and who spread most.
//! * **Ids of one person** ([`merged`]): everything above is told of people, from the beginning, whenever their ids were
//!   merged; what one person could not have done under two ids is listed.
//! * **Touchpoints** side by side, with an interval that holds however often one looks.
//! * **Credit** for conversions by the models of [`crate::attribution::credit`]; **RFM** by [`crate::audience`].
#![expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "statistics; nothing is decided here"
)]

pub mod experiment;
pub mod growth;
pub mod math;
pub mod merged;
pub mod report;
pub mod story;
mod told;
pub mod tree;

pub use report::{Report, report, report_with};
pub use story::{Options, Story};
