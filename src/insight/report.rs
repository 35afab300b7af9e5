//! The report: every figure that a page, the command line and the API show, as one object.

use serde::Serialize;
use std::collections::BTreeMap;

use super::experiment::{Arm, Comparison, compare};
use super::growth::{Bringer, Cycle, Estimate, cycle, k_factor, maturity};
use super::merged::Double;
use super::story::{Options, Person, Story};
use super::tree::{Forest, Tree};
use crate::attribution::credit::{Model, Path, credit, within};
use crate::audience::rfm::{Class, Convention, Customer, classes, scores};
use crate::audience::segments::Group;
use crate::engine::view::shown;

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
        /// Stages by touchpoint, and how they compare.
        pub touchpoints: Vec<Slice>,
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
        /// `arrived`, `tookPart`, `converted`, `shared` or `brought`.
        pub stage: &'static str,
        /// People who came that far.
        pub people: u32,
        /// Their share of those who arrived.
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

/// Conversions are divided in thousandths.
const UNIT: u64 = 1_000;
const DAY: i64 = 86_400_000;
/// How far back a touch can lie and still be given credit: 30 days.
const LOOK_BACK: i64 = 30 * DAY;
/// Channels that Markov chains are made of at most: the others count as one.
const CHANNELS: usize = 200;
const SPREADERS: usize = 20;
const BRANCHES: usize = 200;

/// Makes the report.
#[must_use]
pub fn report(story: &Story, options: &Options) -> Report {
    report_with(story, options, &[])
}

/// The same, with the stages of the people in segments.
#[must_use]
pub fn report_with(story: &Story, options: &Options, groups: &[Group]) -> Report {
    let told = story;
    let story = &*told.merged();
    let eye = Eye::new(story, options);
    let arrivals = eye.arrived().count();
    let spent: i64 = story.rewards.values().map(|sum| sum.spent).sum();
    let all: Vec<Bringer> = eye.arrived().map(|at| eye.bringer(at)).collect();
    let k = k_factor(&all, options.window, eye.now);
    Report {
        from: story.first,
        until: eye.now,
        facts: story.facts,
        skipped: story.skipped,
        people: count(story.people.len()),
        funnel: eye.funnel(),
        k,
        amplification: (k.value < 1.0).then(|| 1.0 / (1.0 - k.value)),
        window: options.window,
        cohorts: eye.cohorts(&all),
        cycle: cycle(&all),
        tree: eye.forest.tree(),
        branches: eye.branches(),
        generations: eye.generations(),
        spreaders: eye.spreaders(),
        touchpoints: eye.touchpoints(),
        credit: eye.credit(),
        rewards: eye.rewards(),
        cost_per_arrival: (arrivals > 0).then(|| spent as f64 / arrivals as f64),
        live_codes: eye.live_codes(),
        classes: eye.classes(),
        rfm: eye.rfm(),
        days: eye.days(),
        segments: groups.iter().map(|group| eye.segment(group)).collect(),
        merged: count(told.people.len().saturating_sub(story.people.len())),
        doubles: told.doubles().iter().map(|double| double_row(told, double)).collect(),
    }
}

fn double_row(told: &Story, double: &Double) -> DoubleRow {
    DoubleRow {
        who: told.names.text(double.who).to_owned(),
        what: double.what.name(),
        r#loop: double.loop_.map(|loop_| told.loops.text(loop_).to_owned()),
        at: double.at,
    }
}

struct Eye<'s> {
    story: &'s Story,
    options: &'s Options,
    now: i64,
    forest: Forest,
    /// Who was brought by each person.
    brought: Vec<Vec<usize>>,
}

impl<'s> Eye<'s> {
    fn new(story: &'s Story, options: &'s Options) -> Eye<'s> {
        let parents: Vec<Option<u32>> = story.people.iter().map(|person| person.inviter).collect();
        let forest = Forest::new(&parents);
        let mut brought = vec![Vec::new(); story.people.len()];
        for at in 0..story.people.len() {
            if let Some(list) = forest.parent(at).and_then(|parent| brought.get_mut(parent)) {
                list.push(at);
            }
        }
        Eye { story, options, now: options.now.unwrap_or(story.last), forest, brought }
    }

    fn person(&self, at: usize) -> Person {
        self.story.people.get(at).copied().unwrap_or_default()
    }

    fn arrived(&self) -> impl Iterator<Item = usize> {
        (0..self.story.people.len()).filter(|at| self.person(*at).arrived.is_some())
    }

    /// When someone came: their arrival, or when they were first seen.
    fn came(&self, at: usize) -> i64 {
        let person = self.person(at);
        person.arrived.unwrap_or(person.met)
    }

    fn bringer(&self, at: usize) -> Bringer {
        let came = self.came(at);
        let others = self.brought.get(at).map_or(&[][..], Vec::as_slice);
        Bringer { at: came, after: others.iter().map(|other| (self.came(*other) - came).max(0)).collect() }
    }

    fn slice(&self, name: &str, people: &[usize]) -> Slice {
        let how_many = |fits: &dyn Fn(&Person) -> bool| {
            count(people.iter().filter(|at| fits(&self.person(**at))).count())
        };
        Slice {
            name: name.to_owned(),
            arrived: count(people.len()),
            took_part: how_many(&|person| person.took_part.is_some()),
            converted: how_many(&|person| person.converted.is_some()),
            shared: how_many(&|person| person.shared.is_some()),
            brought: count(people.iter().filter(|at| self.forest.brought(**at) > 0).count()),
            people_brought: people.iter().map(|at| self.forest.brought(*at)).sum(),
            value: people.iter().map(|at| self.person(*at).value).sum(),
            against_first: None,
        }
    }

    fn segment(&self, group: &Group) -> Slice {
        let known = group.people.iter().filter_map(|who| usize::try_from(self.story.names.find(who)?).ok());
        let people: Vec<usize> = known.filter(|at| self.person(*at).arrived.is_some()).collect();
        self.slice(&group.segment, &people)
    }

    fn funnel(&self) -> Vec<Stage> {
        let all: Vec<usize> = self.arrived().collect();
        let Slice { arrived, took_part, converted, shared, brought, .. } = self.slice("", &all);
        let stages = [
            ("arrived", arrived),
            ("tookPart", took_part),
            ("converted", converted),
            ("shared", shared),
            ("brought", brought),
        ];
        let rate = |people: u32| if arrived == 0 { 0.0 } else { f64::from(people) / f64::from(arrived) };
        stages.map(|(stage, people)| Stage { stage, people, rate: rate(people) }).to_vec()
    }

    fn cohorts(&self, all: &[Bringer]) -> Vec<Cohort> {
        let window = self.options.window;
        let mut days: BTreeMap<i64, Vec<&Bringer>> = BTreeMap::new();
        for person in all {
            days.entry(self.day(person.at)).or_default().push(person);
        }
        let cohort = |(day, people): (i64, Vec<&Bringer>)| {
            let people: Vec<Bringer> = people.into_iter().cloned().collect();
            let youngest = people.iter().map(|person| person.at).max().unwrap_or(0);
            let age = self.now - youngest;
            let k = k_factor(&people, window.min(age.max(0)), self.now);
            let shown = maturity(all, window, self.now, age);
            let within = |person: &Bringer| person.after.iter().filter(|after| **after <= window).count();
            Cohort {
                day: crate::engine::time::date(day),
                people: count(people.len()),
                brought: count(people.iter().map(within).sum()),
                k,
                projected: if shown >= 0.2 { Some(k.value / shown) } else { None },
                complete: age >= window,
            }
        };
        days.into_iter().map(cohort).collect()
    }

    fn name(&self, at: usize) -> String {
        self.story.names.text(u32::try_from(at).unwrap_or(0)).to_owned()
    }

    fn branches(&self) -> Vec<Branch> {
        let branch = |at: usize| Branch {
            who: self.name(at),
            by: self.forest.parent(at).map(|parent| self.name(parent)),
            reach: self.forest.reach(at),
        };
        self.forest.largest(BRANCHES).into_iter().map(branch).collect()
    }

    fn generations(&self) -> Vec<Slice> {
        let mut by_depth: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for at in self.arrived() {
            by_depth.entry(self.forest.depth(at)).or_default().push(at);
        }
        by_depth.into_iter().map(|(depth, people)| self.slice(&depth.to_string(), &people)).collect()
    }

    fn touchpoints(&self) -> Vec<Slice> {
        let mut by_channel: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for at in self.arrived() {
            by_channel.entry(self.person(at).channel).or_default().push(at);
        }
        let mut slices: Vec<Slice> = by_channel
            .into_iter()
            .map(|(channel, people)| self.slice(self.channel(channel), &people))
            .collect();
        slices.sort_by(|a, b| b.arrived.cmp(&a.arrived).then_with(|| a.name.cmp(&b.name)));
        let arm = |slice: &Slice| Arm { people: slice.arrived, converted: slice.converted };
        let first = slices.first().map(arm);
        for slice in slices.iter_mut().skip(1) {
            slice.against_first = first.map(|first| compare(first, arm(slice)));
        }
        slices
    }

    fn channel(&self, number: u32) -> &str {
        let name = usize::try_from(number).ok().and_then(|at| self.story.channels.get(at));
        name.map_or(super::story::DIRECT, String::as_str)
    }

    fn spreaders(&self) -> Vec<Spreader> {
        let values: Vec<f64> = self.story.people.iter().map(|person| person.value as f64).collect();
        let network = self.forest.network_values(&values, 0.5);
        let mut all: Vec<usize> =
            (0..self.story.people.len()).filter(|at| self.forest.brought(*at) > 0).collect();
        all.sort_by_key(|at| (core::cmp::Reverse(self.forest.reach(*at)), *at));
        let spreader = |at: usize| Spreader {
            who: self.name(at),
            brought: self.forest.brought(at),
            reach: self.forest.reach(at),
            value: self.person(at).value,
            network: network.get(at).copied().unwrap_or(0.0),
            generation: self.forest.depth(at),
        };
        all.into_iter().take(SPREADERS).map(spreader).collect()
    }

    /// One path for each conversion that stands, and one for each person who never converted.
    fn paths(&self) -> Vec<Path> {
        let mut touches: Vec<Vec<(u32, i64)>> = vec![Vec::new(); self.story.people.len()];
        let most = u32::try_from(CHANNELS - 1).unwrap_or(0);
        for touch in &self.story.touches {
            if let Some(list) = usize::try_from(touch.who).ok().and_then(|who| touches.get_mut(who)) {
                list.push((touch.channel.min(most), touch.at));
            }
        }
        let of = |who: u32| {
            usize::try_from(who).ok().and_then(|who| touches.get(who)).map_or(&[][..], Vec::as_slice)
        };
        let won = self.story.conversions.iter().filter(|conversion| !conversion.refunded).map(|conversion| {
            let mut touches = within(of(conversion.who), conversion.at, LOOK_BACK);
            if touches.is_empty() {
                touches.push((0, conversion.at));
            }
            Path { touches, at: conversion.at, value: UNIT, lost: 0 }
        });
        let lost = (0u32..)
            .zip(&self.story.people)
            .filter(|(who, person)| person.converted.is_none() && !of(*who).is_empty());
        let lost = lost.map(|(who, _)| Path { touches: of(who).to_vec(), at: self.now, value: 0, lost: 1 });
        won.chain(lost).collect()
    }

    fn credit(&self) -> Vec<Credit> {
        let paths = self.paths();
        let channels = self.story.channels.len().min(CHANNELS);
        let models = [
            ("first", Model::First),
            ("last", Model::Last),
            ("lastNonDirect", Model::LastBut(0)),
            ("linear", Model::Linear),
            ("position", Model::Position(40, 40)),
            ("timeDecay", Model::TimeDecay(7 * DAY)),
            ("markov", Model::Markov),
            ("shapley", Model::Shapley),
        ];
        let given = |(model, how): (&'static str, Model)| {
            let credits = (0u32..).zip(credit(&paths, channels, how)).filter(|(_, credit)| *credit > 0);
            Credit {
                model,
                channels: credits.map(|(at, credit)| (self.channel(at).to_owned(), credit)).collect(),
            }
        };
        models.into_iter().map(given).collect()
    }

    fn rewards(&self) -> Vec<RewardRow> {
        let new = self.arrived().filter(|at| self.forest.parent(*at).is_some()).count();
        let row = |(reward, sum): (&String, &super::story::RewardSum)| RewardRow {
            reward: reward.clone(),
            count: sum.count,
            spent: sum.spent,
            per_new_customer: (new > 0).then(|| sum.spent as f64 / new as f64),
        };
        self.story.rewards.iter().map(row).collect()
    }

    fn live_codes(&self) -> Vec<RouteRow> {
        let row = |((code, target), sum): (&(String, String), &super::story::RouteSum)| RouteRow {
            live_code: code.clone(),
            target: target.clone(),
            shown: sum.shown,
            scans: sum.scans,
            added: sum.added,
            dropped: sum.dropped,
        };
        self.story.routes.iter().map(row).collect()
    }

    fn customers(&self) -> Vec<Customer> {
        let bought = self.story.people.iter().filter(|person| person.orders > 0);
        let of = |person: &Person| Customer {
            recency: (self.now - person.last_order).max(0) / DAY,
            frequency: i64::from(person.orders),
            money: person.value,
        };
        bought.map(of).collect()
    }

    fn classes(&self) -> Vec<ClassRow> {
        let customers = self.customers();
        let classes = classes(&customers);
        let row = |class: Class| {
            let mine = || classes.iter().zip(&customers).filter(|(of, _)| **of == class);
            let (name, name_zh) = class.names();
            ClassRow {
                name,
                name_zh,
                people: count(mine().count()),
                value: mine().map(|(_, c)| c.money).sum(),
            }
        };
        Class::ALL.into_iter().map(row).collect()
    }

    fn rfm(&self) -> Vec<Vec<u32>> {
        let mut cells = vec![vec![0u32; 5]; 5];
        for score in scores(&self.customers(), Convention::UpTo) {
            let (row, column) = (usize::from(5 - score.r.min(5)), usize::from(score.f.max(1) - 1));
            if let Some(cell) = cells.get_mut(row).and_then(|row| row.get_mut(column)) {
                *cell += 1;
            }
        }
        cells
    }

    fn days(&self) -> Vec<Day> {
        let mut days: BTreeMap<i64, Day> = BTreeMap::new();
        let mut on = |at: i64, change: &dyn Fn(&mut Day)| {
            let day = self.day(at);
            change(days.entry(day).or_insert_with(|| Day {
                day: crate::engine::time::date(day),
                arrived: 0,
                by_share: 0,
                took_part: 0,
                conversions: 0,
                value: 0,
            }));
        };
        for person in &self.story.people {
            if let Some(at) = person.arrived {
                let by_share = u32::from(person.inviter.is_some());
                on(at, &|day| (day.arrived, day.by_share) = (day.arrived + 1, day.by_share + by_share));
            }
            if let Some(at) = person.took_part {
                on(at, &|day| day.took_part += 1);
            }
        }
        for conversion in self.story.conversions.iter().filter(|conversion| !conversion.refunded) {
            let value = conversion.value;
            on(conversion.at, &|day| (day.conversions, day.value) = (day.conversions + 1, day.value + value));
        }
        days.into_values().collect()
    }

    fn day(&self, at: i64) -> i64 {
        (at + i64::from(self.options.offset) * 60_000).div_euclid(DAY)
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = r#"
        {"at":0,"kind":"met","who":"ann"}
        {"at":0,"kind":"arrived","who":"ann","touchpoint":"counter","depth":0}
        {"at":0,"kind":"shared","who":"ann","handle":1,"code":"x"}
        {"at":1000,"kind":"opened","loop":"L","play":"p","by":"ann","until":9}
        {"at":3600000,"kind":"met","who":"bo"}
        {"at":3600000,"kind":"arrived","who":"bo","inviter":"ann","depth":1}
        {"at":3600000,"kind":"helped","loop":"L","by":"bo","have":1,"need":2}
        {"at":7200000,"kind":"arrived","who":"cy","inviter":"bo","depth":2}
        {"at":7200000,"kind":"happened","by":"cy","name":"order","order":"o1","amount":5000}
        {"at":7200000,"kind":"granted","grant":"L.1","loop":"L","reward":"cash","to":"ann","amount":800,"cause":0}
        {"at":7200000,"kind":"granted","grant":"L.2","loop":"L","reward":"cash","to":"bo","amount":800,"cause":0}
        {"at":7200001,"kind":"revoked","grant":"L.2","loop":"L","owed":false}
        {"at":7200002,"kind":"happened","by":"bo","name":"order","order":"o2","amount":700}
        {"at":7200003,"kind":"refunded","order":"o2","amount":700}
        {"at":7200004,"kind":"routed","by":"di","liveCode":"c","target":"t","until":1,"again":false,"touchpoint":"counter"}
        {"at":7200005,"kind":"added","by":"di","liveCode":"c","target":"t"}
        nonsense
    "#;

    fn of(log: &str) -> Report {
        let mut story = Story::default();
        story.read(log.as_bytes());
        report(&story, &Options::default())
    }

    #[test]
    fn a_small_campaign_by_hand() {
        let report = of(LOG);
        assert_eq!((report.people, report.facts, report.skipped), (4, 16, 1));
        let funnel: Vec<u32> = report.funnel.iter().map(|stage| stage.people).collect();
        assert_eq!(funnel, [3, 2, 2, 1, 2]);
        assert_eq!((report.tree.depth, report.tree.largest, report.tree.roots), (2, 3, 2));
        assert_eq!((report.cycle.count, report.cycle.median), (2, 3_600_000.0));
        let ann = &report.spreaders[0];
        assert_eq!((ann.who.as_str(), ann.brought, ann.reach, ann.network), ("ann", 1, 2, 1_250.0));
        assert_eq!((report.rewards[0].count, report.rewards[0].spent), (1, 800));
        assert_eq!(report.rewards[0].per_new_customer, Some(400.0));
        let route = &report.live_codes[0];
        assert_eq!((route.shown, route.scans, route.added), (1, 1, 1));
        for credit in &report.credit {
            assert_eq!(credit.channels.values().sum::<u64>(), 1_000, "{}", credit.model);
        }
        assert_eq!(report.classes.iter().map(|class| class.people).sum::<u32>(), 1);
        assert_eq!((report.days.len(), report.days[0].arrived, report.days[0].by_share), (1, 3, 2));
    }

    #[test]
    fn answers_and_entries_of_a_log_are_read_like_facts() {
        let facts: Vec<&str> = LOG.trim().lines().take(16).map(str::trim).collect();
        let answers = format!(
            "{{\"command\":{{\"id\":\"c\",\"at\":1,\"do\":\"visit\"}},\"answer\":{{\"ok\":true,\"id\":\"c\",\"facts\":[{}]}}}}",
            facts.join(",")
        );
        let (one, other) = (of(&facts.join("\n")), of(&answers));
        assert_eq!(one, other);
        assert_eq!(one, of(&format!("[{}]", facts.join(","))));
    }

    #[test]
    fn nothing_gives_a_report_of_nothing() {
        let report = of("");
        assert_eq!((report.people, report.k.value, report.cost_per_arrival), (0, 0.0, None));
    }
}
