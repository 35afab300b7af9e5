//! What a report is made of, as pages, the command line and the API show it.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::engine::view::shown;
use crate::insight::experiment::Comparison;
use crate::insight::growth::{Cycle, Estimate};
use crate::insight::tree::Tree;

shown! {
    /// What the facts of a campaign say about how it spreads. Times are Unix milliseconds, money is in minor units.
    pub struct Report {
        /// The time of the first fact.
        pub from: i64,
        /// The moment of looking.
        pub until: i64,
        /// Facts read.
        pub facts: u64,
        /// Lines that were no facts.
        pub skipped: u64,
        /// People seen.
        pub people: u32,
        /// People by stage.
        pub funnel: Vec<Stage>,
        /// How many people one brings within the window.
        pub k: Estimate,
        /// How many of 1/(1 − K) people follow one who comes on their own; absent from K = 1 on.
        pub amplification: Option<f64>,
        /// The window of K, in milliseconds.
        pub window: i64,
        /// K by the local day of arrival.
        pub cohorts: Vec<Cohort>,
        /// From an arrival to the arrivals it leads to.
        pub cycle: Cycle,
        /// Who brought whom.
        pub tree: Tree,
        /// The largest tree, at most two hundred people, parents before children.
        pub branches: Vec<Branch>,
        /// Stages by generation.
        pub generations: Vec<Slice>,
        /// Who spread most, at most twenty.
        pub spreaders: Vec<Spreader>,
        /// Newcomers by time and generation, in at most 24 equal stretches: how the campaign lives and dies down.
        pub waves: Vec<Wave>,
        /// Stages by touchpoint, and how they compare.
        pub touchpoints: Vec<Slice>,
        /// Of these, the ones that stand for posters and their variants, compared with each other.
        pub posters: Vec<Slice>,
        /// Credit for conversions by channel and model.
        pub credit: Vec<Credit>,
        /// What was given, by reward.
        pub rewards: Vec<RewardRow>,
        /// Money given for each person who arrived; absent if nobody did.
        pub cost_per_arrival: Option<f64>,
        /// What live codes did.
        pub live_codes: Vec<RouteRow>,
        /// Customers by RFM class, best first.
        pub classes: Vec<ClassRow>,
        /// Customers by recency score (rows, 5 first) and frequency score (columns, 1 first).
        pub rfm: Vec<Vec<u32>>,
        /// What happened by local day.
        pub days: Vec<Day>,
        /// Stages by segment of the document, as it is at the moment of looking; empty where no document was given.
        pub segments: Vec<Slice>,
        /// Ids that turned out to be another name of somebody.
        pub merged: u32,
        /// What people did under two of their ids, though one person cannot: decided before that was known.
        pub doubles: Vec<DoubleRow>,
    }

    /// What somebody did under two of their ids, though one person cannot.
    pub struct DoubleRow {
        /// The main id of the person.
        pub who: String,
        /// `helped-self`, `helped-twice` or `invited-self`.
        pub what: &'static str,
        /// The loop.
        pub r#loop: Option<String>,
        /// When.
        pub at: i64,
    }

    /// A stage of the funnel.
    pub struct Stage {
        /// `seen` (a page was shown, by reports; absent without any), `arrived`, `tookPart`, `converted`, `shared` or `brought`.
        pub stage: &'static str,
        /// People who came that far.
        pub people: u32,
        /// Their share of those who were seen or arrived, whichever are more.
        pub rate: f64,
    }

    /// People who arrived on one day.
    pub struct Cohort {
        /// The local day, as `2026-12-01`.
        pub day: String,
        /// People.
        pub people: u32,
        /// People they have brought within the window so far.
        pub brought: u32,
        /// People each has brought so far.
        pub k: Estimate,
        /// What that comes to when the window is over, by the pace of all; absent if too little has passed to tell.
        pub projected: Option<f64>,
        /// Whether the window is over for all of them.
        pub complete: bool,
    }

    /// The stages of some of the people.
    pub struct Slice {
        /// The touchpoint, or the generation.
        pub name: String,
        /// How many times the poster was drawn, by reports; absent for what is no poster.
        pub drawn: Option<u32>,
        /// People who came by the touchpoint at least once, wherever they arrived first; absent for generations. Those who came
        /// again count only where every touch is recorded.
        pub scanned: Option<u32>,
        /// People who arrived.
        pub arrived: u32,
        /// Of these, who took part.
        pub took_part: u32,
        /// Who converted.
        pub converted: u32,
        /// Who shared.
        pub shared: u32,
        /// Who brought anyone.
        pub brought: u32,
        /// People they brought.
        pub people_brought: u32,
        /// Money of orders that stand.
        pub value: i64,
        /// The share of those who converted against the touchpoint with the most people; absent for that one and for
        /// generations.
        pub against_first: Option<Comparison>,
    }

    /// A stretch of time.
    pub struct Wave {
        /// Its first moment.
        pub from: i64,
        /// The first moment after it.
        pub until: i64,
        /// People who arrived, by generation.
        pub arrived: Vec<u32>,
    }

    /// Someone in the largest tree.
    pub struct Branch {
        /// Who.
        pub who: String,
        /// Who brought them; absent for the root.
        pub by: Option<String>,
        /// People who came by them at any distance.
        pub reach: u64,
    }

    /// Someone who spread the campaign.
    pub struct Spreader {
        /// Who.
        pub who: String,
        /// People they brought.
        pub brought: u32,
        /// People who came by them at any distance.
        pub reach: u64,
        /// Their own orders that stand, in minor units.
        pub value: i64,
        /// What those who came by them bought, half of it for each step of distance.
        pub network: f64,
        /// How far from the campaign they are.
        pub generation: u32,
    }

    /// The credit of one model.
    pub struct Credit {
        /// `first`, `last`, `lastNonDirect`, `linear`, `position`, `timeDecay`, `markov` or `shapley`.
        pub model: &'static str,
        /// Conversions by channel, in thousandths; they add up to the conversions exactly.
        pub channels: BTreeMap<String, u64>,
    }

    /// What was given of a reward.
    pub struct RewardRow {
        /// The reward.
        pub reward: String,
        /// Grants that stand.
        pub count: u32,
        /// Their money.
        pub spent: i64,
        /// Money for each person who arrived by a share.
        pub per_new_customer: Option<f64>,
    }

    /// What a target of a live code did.
    pub struct RouteRow {
        /// The live code.
        pub live_code: String,
        /// The target; empty for scans that were turned away.
        pub target: String,
        /// People it was shown to.
        pub shown: u32,
        /// Scans.
        pub scans: u32,
        /// Adds.
        pub added: u32,
        /// Of these, the ones for which no place was kept, because `hold` was over or nobody had scanned. These alone can exceed
        /// a cap.
        pub late: u32,
        /// People who left.
        pub dropped: u32,
    }

    /// An RFM class.
    pub struct ClassRow {
        /// Its name in English.
        pub name: &'static str,
        /// Its name in Chinese.
        pub name_zh: &'static str,
        /// Customers.
        pub people: u32,
        /// Their money.
        pub value: i64,
    }

    /// A local day.
    pub struct Day {
        /// As `2026-12-01`.
        pub day: String,
        /// People who arrived.
        pub arrived: u32,
        /// Of these, brought by someone.
        pub by_share: u32,
        /// People who took part for the first time.
        pub took_part: u32,
        /// Conversions that stand.
        pub conversions: u32,
        /// Their money.
        pub value: i64,
    }
}
