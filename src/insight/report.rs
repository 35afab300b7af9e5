//! The report: every figure that a page, the command line and the API show, as one object.

mod shapes;

pub use shapes::{
    Branch, ClassRow, Cohort, Credit, Day, DoubleRow, Report, RewardRow, RouteRow, Slice, Spreader, Stage,
    Wave,
};

use std::collections::BTreeMap;

use super::experiment::{Arm, compare};
use super::growth::{Bringer, Curve, cycle, k_factor};
use super::merged::Double;
use super::story::{Options, Person, Story};
use super::tree::Forest;
use crate::attribution::credit::{Model, Path, credit, transform, within};
use crate::audience::rfm::{Class, Convention, Customer, classes, scores};
use crate::audience::segments::Group;

/// Conversions are divided in thousandths.
const UNIT: u64 = 1_000;
const DAY: i64 = 86_400_000;
/// Channels that Markov chains are made of at most: the others count as one.
const CHANNELS: usize = 200;
const SPREADERS: usize = 20;
const WAVES: i64 = 24;
/// What the touchpoints of posters begin with.
const POSTER: &str = "poster-";
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
    let all: Vec<Bringer<'_>> = eye.arrived().map(|at| eye.bringer(at)).collect();
    let curve = Curve::new(&all, options.window, eye.now);
    let k = curve.estimate(&all);
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
        cohorts: eye.cohorts(&all, &curve),
        cycle: cycle(&all),
        tree: eye.forest.tree(),
        branches: eye.branches(),
        generations: eye.generations(),
        spreaders: eye.spreaders(),
        waves: eye.waves(),
        touchpoints: eye.touchpoints(false),
        posters: eye.touchpoints(true),
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
    /// How long after each person those they brought came, one person after the other, and where each one's begin.
    after: Vec<i64>,
    starts: Vec<usize>,
}

impl<'s> Eye<'s> {
    fn new(story: &'s Story, options: &'s Options) -> Eye<'s> {
        let parents: Vec<Option<u32>> = story.people.iter().map(|person| person.inviter).collect();
        let forest = Forest::new(&parents);
        let mut eye = Eye {
            story,
            options,
            now: options.now.unwrap_or(story.last),
            forest,
            after: Vec::new(),
            starts: Vec::with_capacity(story.people.len() + 1),
        };
        let mut all = 0;
        for at in 0..=story.people.len() {
            eye.starts.push(all);
            all += usize::try_from(eye.forest.brought(at)).unwrap_or(0);
        }
        eye.after.resize(all, 0);
        let mut next = eye.starts.clone();
        for at in 0..story.people.len() {
            let Some(parent) = eye.forest.parent(at) else { continue };
            let age = (eye.came(at) - eye.came(parent)).max(0);
            let Some(place) = next.get_mut(parent) else { continue };
            if let Some(after) = eye.after.get_mut(*place) {
                *after = age;
            }
            *place += 1;
        }
        eye
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

    fn bringer(&self, at: usize) -> Bringer<'_> {
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        let after = bounds.and_then(|(from, until)| self.after.get(*from..*until)).unwrap_or_default();
        Bringer { at: self.came(at), after }
    }

    fn slice(&self, name: &str, people: &[usize]) -> Slice {
        let how_many = |fits: &dyn Fn(&Person) -> bool| {
            count(people.iter().filter(|at| fits(&self.person(**at))).count())
        };
        Slice {
            name: name.to_owned(),
            drawn: None,
            scanned: None,
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
        let seen = count(self.story.people.iter().filter(|person| person.seen.is_some()).count());
        let stages = [
            ("seen", seen),
            ("arrived", arrived),
            ("tookPart", took_part),
            ("converted", converted),
            ("shared", shared),
            ("brought", brought),
        ];
        // Not every page reports what it shows, so fewer may have been seen than arrived.
        let first = seen.max(arrived);
        let rate = |people: u32| if first == 0 { 0.0 } else { f64::from(people) / f64::from(first) };
        let stages = stages.into_iter().skip(usize::from(seen == 0));
        stages.map(|(stage, people)| Stage { stage, people, rate: rate(people) }).collect()
    }

    fn cohorts(&self, all: &[Bringer<'_>], curve: &Curve) -> Vec<Cohort> {
        let window = self.options.window;
        let mut days: BTreeMap<i64, Vec<Bringer<'_>>> = BTreeMap::new();
        for person in all {
            days.entry(self.day(person.at)).or_default().push(*person);
        }
        let cohort = |(day, people): (i64, Vec<Bringer<'_>>)| {
            let youngest = people.iter().map(|person| person.at).max().unwrap_or(0);
            let age = self.now - youngest;
            let k = k_factor(&people, window.min(age.max(0)), self.now);
            let shown = curve.maturity(age.clamp(0, window));
            let within = |person: &Bringer<'_>| person.after.iter().filter(|after| **after <= window).count();
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

    /// Stages by touchpoint, all of them or those of posters; each compared with the one with the most people.
    fn touchpoints(&self, posters: bool) -> Vec<Slice> {
        let mut by_channel: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for at in self.arrived() {
            by_channel.entry(self.person(at).channel).or_default().push(at);
        }
        let scanned = self.scanned();
        let slices =
            (0u32..).zip(scanned.iter().take(self.story.channels.len())).map(|(channel, scanned)| {
                let name = self.channel(channel);
                let people = by_channel.get(&channel).map_or(&[][..], Vec::as_slice);
                let drawn = usize::try_from(channel).ok().and_then(|at| self.story.drawn.get(at)).copied();
                let drawn = name.starts_with(POSTER).then_some(drawn.unwrap_or(0));
                Slice { drawn, scanned: Some(*scanned), ..self.slice(name, people) }
            });
        let happened = |slice: &Slice| slice.arrived > 0 || slice.scanned > Some(0) || slice.drawn > Some(0);
        let mut slices: Vec<Slice> =
            slices.filter(|slice| happened(slice) && (!posters || slice.name.starts_with(POSTER))).collect();
        slices.sort_by(|a, b| b.arrived.cmp(&a.arrived).then_with(|| a.name.cmp(&b.name)));
        let arm = |slice: &Slice| Arm { people: slice.arrived, converted: slice.converted };
        let first = slices.first().map(arm);
        for slice in slices.iter_mut().skip(1) {
            slice.against_first = first.map(|first| compare(first, arm(slice)));
        }
        slices
    }

    /// How many people came by each channel, once or more often.
    fn scanned(&self) -> Vec<u32> {
        let mut came: Vec<(u32, u32)> =
            self.story.touches.iter().map(|touch| (touch.channel, touch.who)).collect();
        came.sort_unstable();
        came.dedup();
        let mut counts = vec![0u32; self.story.channels.len()];
        for (channel, _) in came {
            if let Some(sum) = usize::try_from(channel).ok().and_then(|channel| counts.get_mut(channel)) {
                *sum += 1;
            }
        }
        counts
    }

    /// Newcomers by time and generation.
    fn waves(&self) -> Vec<Wave> {
        let came = || self.arrived().filter_map(|at| Some((at, self.person(at).arrived?)));
        let Some(first) = came().map(|(_, when)| when).min() else { return Vec::new() };
        let last = came().map(|(_, when)| when).max().unwrap_or(first);
        // Whole minutes, so that ends can be read; the last arrival is inside.
        let length = ((last - first) / WAVES / 60_000 + 1) * 60_000;
        let generations = usize::try_from(self.forest.tree().depth).unwrap_or(0) + 1;
        let mut waves: Vec<Wave> = (0..=(last - first) / length)
            .map(|n| first + n * length)
            .map(|from| Wave { from, until: from + length, arrived: vec![0; generations] })
            .collect();
        for (at, when) in came() {
            let wave = usize::try_from((when - first) / length).ok().and_then(|n| waves.get_mut(n));
            let depth = usize::try_from(self.forest.depth(at)).unwrap_or(0);
            if let Some(sum) = wave.and_then(|wave| wave.arrived.get_mut(depth)) {
                *sum += 1;
            }
        }
        waves
    }

    fn channel(&self, number: u32) -> &str {
        self.story.channels.text(number)
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
        let most = u32::try_from(CHANNELS - 1).unwrap_or(0);
        let mut all: Vec<(u32, u32, i64)> =
            self.story.touches.iter().map(|touch| (touch.who, touch.channel.min(most), touch.at)).collect();
        // Stable: the touches of one person stay in their order.
        all.sort_by_key(|touch| touch.0);
        let touches: Vec<(u32, i64)> = all.iter().map(|(_, channel, at)| (*channel, *at)).collect();
        let mut starts = vec![0usize; self.story.people.len() + 1];
        for (who, _, _) in &all {
            if let Some(next) = usize::try_from(*who).ok().and_then(|who| starts.get_mut(who + 1)) {
                *next += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let of = |who: u32| {
            let who = usize::try_from(who).unwrap_or(usize::MAX - 1);
            let bounds = starts.get(who).zip(starts.get(who + 1));
            bounds.and_then(|(from, until)| touches.get(*from..*until)).unwrap_or_default()
        };
        let won = self.story.conversions.iter().filter(|conversion| !conversion.refunded).map(|conversion| {
            let met = within(of(conversion.who), conversion.at, self.options.look_back);
            let mut touches = transform(&met, self.options.transform);
            if touches.is_empty() {
                touches.push((0, conversion.at));
            }
            Path { touches, at: conversion.at, value: UNIT, lost: 0 }
        });
        let lost = (0u32..)
            .zip(&self.story.people)
            .filter(|(who, person)| person.converted.is_none() && !of(*who).is_empty());
        let lost = lost.map(|(who, _)| {
            let touches = transform(of(who), self.options.transform);
            Path { touches, at: self.now, value: 0, lost: 1 }
        });
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
            ("timeDecay", Model::TimeDecay(self.options.half_life)),
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
        let row = |(number, sum): (u32, &super::story::RouteSum)| {
            let (code, target) = self.story.targets.text(number).split_once('/').unwrap_or_default();
            RouteRow {
                live_code: code.to_owned(),
                target: target.to_owned(),
                shown: sum.shown,
                scans: sum.scans,
                added: sum.added,
                late: sum.late,
                dropped: sum.dropped,
            }
        };
        let mut rows: Vec<RouteRow> = (0u32..).zip(&self.story.routes).map(row).collect();
        rows.sort_by(|a, b| (&a.live_code, &a.target).cmp(&(&b.live_code, &b.target)));
        rows
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
    use crate::attribution::credit::Transform;

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
        // Di came by a live code, which tells of no arrival.
        assert_eq!(funnel, [4, 3, 2, 1, 2]);
        assert_eq!((report.tree.depth, report.tree.largest, report.tree.roots), (2, 3, 2));
        assert_eq!((report.cycle.count, report.cycle.median), (2, 3_600_000.0));
        let ann = &report.spreaders[0];
        assert_eq!((ann.who.as_str(), ann.brought, ann.reach, ann.network), ("ann", 1, 2, 1_250.0));
        assert_eq!((report.rewards[0].count, report.rewards[0].spent), (1, 800));
        assert_eq!(report.rewards[0].per_new_customer, Some(400.0));
        let route = &report.live_codes[0];
        // The place was kept until 1, and the add came after it.
        assert_eq!((route.shown, route.scans, route.added, route.late), (1, 1, 1, 1));
        let counter = report.touchpoints.iter().find(|slice| slice.name == "counter").unwrap();
        assert_eq!((counter.arrived, counter.scanned, counter.drawn), (1, Some(2), None));
        assert_eq!(report.waves.iter().map(|wave| wave.arrived.iter().sum::<u32>()).sum::<u32>(), 4);
        for credit in &report.credit {
            assert_eq!(credit.channels.values().sum::<u64>(), 1_000, "{}", credit.model);
        }
        assert_eq!(report.classes.iter().map(|class| class.people).sum::<u32>(), 1);
        assert_eq!((report.days.len(), report.days[0].arrived, report.days[0].by_share), (1, 4, 2));
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
    fn what_comes_again_under_its_id_counts_once() {
        let fact = r#"{"id":"c1/0","at":1,"kind":"happened","by":"ann","name":"order","amount":500}"#;
        let report = of(&[fact, fact, &fact.replace("c1/0", "c1/1")].join("\n"));
        assert_eq!((report.facts, report.days[0].conversions, report.days[0].value), (2, 2, 1_000));
    }

    #[test]
    fn reports_are_read_like_facts_and_say_what_was_shown() {
        let record = |id: u32, kind: &str, who: &str, data: &str| {
            format!(
                r#"{{"specversion":"1.0","id":"{id}","source":"urn:kfactor:c","type":"io.kfactor.{kind}.v1","time":"2026-12-01T00:00:0{id}.25Z","subject":"{who}","data":{data}}}"#
            )
        };
        let log = [
            record(1, "page-shown", "ann", "{}"),
            record(2, "page-shown", "bo", r#"{"touchpoint":"poster-main-b"}"#),
            record(
                3,
                "arrived",
                "bo",
                r#"{"who":"bo","touchpoint":"poster-main-b","inviter":"ann","depth":1}"#,
            ),
            record(
                3,
                "arrived",
                "bo",
                r#"{"who":"bo","touchpoint":"poster-main-b","inviter":"ann","depth":1}"#,
            ),
            record(4, "poster-drawn", "ann", r#"{"poster":"main","variant":"b"}"#),
            record(5, "poster-drawn", "bo", r#"{"poster":"main","variant":"a"}"#),
            record(6, "helped", "bo", r#"{"loop":"L","by":"bo","have":1,"need":2}"#),
        ];
        let report = of(&log.join("\n"));
        const BEGIN: i64 = 1_796_083_200_250;
        assert_eq!((report.facts, report.skipped), (6, 0));
        assert_eq!((report.from, report.until), (BEGIN + 1_000, BEGIN + 6_000));
        let funnel: Vec<_> = report.funnel.iter().map(|stage| (stage.stage, stage.people)).collect();
        assert_eq!(funnel[..3], [("seen", 2), ("arrived", 1), ("tookPart", 1)]);
        assert!((report.funnel[1].rate - 0.5).abs() < 1e-12);
        let posters: Vec<_> = report
            .posters
            .iter()
            .map(|slice| (slice.name.as_str(), slice.drawn, slice.scanned, slice.arrived))
            .collect();
        assert_eq!(posters, [("poster-main-b", Some(1), Some(1), 1), ("poster-main-a", Some(1), Some(0), 0)]);
    }

    #[test]
    fn who_began_without_a_link_is_counted_and_brings_others() {
        let report = of(r#"
            {"at":0,"kind":"met","who":"ann"}
            {"at":0,"kind":"opened","loop":"L","play":"p","by":"ann","until":9}
            {"at":1,"kind":"shared","who":"ann","handle":1,"code":"x"}
            {"at":60000,"kind":"met","who":"bo"}
            {"at":60000,"kind":"arrived","who":"bo","inviter":"ann","depth":1}
            {"at":90000,"kind":"met","who":"cy"}
            {"at":90000,"kind":"opened","loop":"M","play":"p","by":"cy","until":9}
            {"at":120000,"kind":"arrived","who":"cy","inviter":"bo","depth":2}
        "#);
        let funnel: Vec<_> = report.funnel.iter().map(|stage| (stage.stage, stage.people)).collect();
        assert_eq!(
            funnel,
            [("arrived", 3), ("tookPart", 2), ("converted", 0), ("shared", 1), ("brought", 2)]
        );
        assert_eq!(
            (report.tree.depth, report.tree.roots),
            (2, 1),
            "a link that came later still says who brought whom"
        );
        assert!(report.k.value > 0.0);
    }

    #[test]
    fn credit_looks_back_as_far_as_one_wishes_and_shortens_paths() {
        let log = r#"
            {"at":0,"kind":"arrived","who":"ann","touchpoint":"counter","depth":0}
            {"at":3700000,"kind":"touched","who":"ann","touchpoint":"parcel"}
            {"at":90000000,"kind":"touched","who":"ann"}
            {"at":90000001,"kind":"happened","by":"ann","name":"order","order":"o","amount":1}
        "#;
        let first = |options: &Options| {
            let mut story = Story::default();
            story.read(log.as_bytes());
            let credit = report(&story, options).credit;
            let of =
                |model: &str| credit.iter().find(|credit| credit.model == model).unwrap().channels.clone();
            (of("first").keys().next().unwrap().clone(), of("last").keys().next().unwrap().clone())
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let usual = Options::default();
        assert_eq!(first(&usual), pair("counter", "direct"));
        assert_eq!(first(&Options { look_back: DAY, ..usual }), pair("parcel", "direct"));
        assert_eq!(
            first(&Options { transform: Transform::WithoutLast(0), ..usual }),
            pair("counter", "parcel")
        );
        assert_eq!(first(&Options { look_back: 1_000, ..usual }), pair("direct", "direct"));
    }

    #[test]
    fn nothing_gives_a_report_of_nothing() {
        let report = of("");
        assert_eq!((report.people, report.k.value, report.cost_per_arrival), (0, 0.0, None));
    }
}
