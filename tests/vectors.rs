//! Published figures that need more data than fits a unit test: RFM of a public data set, and credit for a public list of
//! paths. `tests/VECTORS.md` says where every vector of credit, RFM, trees and tokens is tested.
#![allow(clippy::disallowed_methods, reason = "a test may read where data is")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use kfactor::attribution::credit::{Model, Path, credit};
use kfactor::audience::rfm::{Class, Convention, Customer, Scores, borders, classes, scores};

/// Recency on 2006-12-31, orders and revenue of the 995 customers of `rfm_data_orders` of the R package `rfm`.
fn customers() -> Vec<Customer> {
    let numbers = |line: &str| line.split(',').map(|cell| cell.parse::<i64>().unwrap()).collect::<Vec<_>>();
    let rows = include_str!("fixtures/rfm-customers.csv").lines().skip(1).map(numbers);
    rows.map(|row| Customer { recency: row[0], frequency: row[1], money: row[2] }).collect()
}

#[test]
fn the_borders_are_the_published_ones_less_the_one_that_the_package_adds() {
    let all = customers();
    assert_eq!(all.len(), 995);
    let of =
        |column: fn(&Customer) -> i64| borders(&all.iter().map(column).collect::<Vec<_>>()).map(|b| b + 1.0);
    let close = |ours: [f64; 4], published: [f64; 4]| {
        assert!(ours.iter().zip(published).all(|(a, b)| (a - b).abs() < 1e-9), "{ours:?}");
    };
    close(of(|customer| customer.recency), [115.0, 181.0, 297.4, 482.0]);
    close(of(|customer| customer.frequency), [4.0, 5.0, 6.0, 8.0]);
    close(of(|customer| customer.money), [255.8, 382.0, 506.4, 666.0]);
}

#[test]
fn scores_and_segments_are_those_of_the_package() {
    let all = customers();
    let scored = scores(&all, Convention::OneHigher);
    let first: Vec<(u8, u8, u8)> = scored.iter().take(5).map(|s| (s.r, s.f, s.m)).collect();
    assert_eq!(first, [(3, 4, 3), (4, 1, 2), (3, 2, 3), (5, 4, 4), (4, 3, 3)]);
    let segment = |fits: &dyn Fn(&Scores) -> bool| {
        let inside =
            || scored.iter().zip(&all).filter(|(score, _)| fits(score)).map(|(_, customer)| customer);
        (inside().count(), inside().map(|c| c.frequency).sum::<i64>(), inside().map(|c| c.money).sum::<i64>())
    };
    // The package's own test, and the table of its introduction.
    assert_eq!(segment(&|s| s.r >= 4 && s.f >= 4 && s.m >= 4), (158, 1_234, 120_178));
    assert_eq!(segment(&|s| s.r == 5 && s.f == 5 && s.m == 5).0, 35);
}

#[test]
fn the_eight_classes_by_the_mean() {
    let mut sizes: BTreeMap<Class, usize> = BTreeMap::new();
    for class in classes(&customers()) {
        *sizes.entry(class).or_default() += 1;
    }
    let sizes: Vec<usize> = Class::ALL.iter().map(|class| sizes.get(class).copied().unwrap_or(0)).collect();
    // 111, 101, 011, 001, 110, 100, 010, 000.
    assert_eq!(sizes, [274, 20, 125, 28, 102, 185, 39, 222]);
}

/// `PathData` of ChannelAttribution is under the GPL and in no registry that tests can reach: whoever has it names it as
/// `KFACTOR_PATHDATA`, a CSV file with the columns path, total_conversions, total_conversion_value and total_null.
#[test]
fn credit_for_ten_thousand_published_paths() {
    let Ok(file) = std::env::var("KFACTOR_PATHDATA") else {
        println!("skipped: KFACTOR_PATHDATA names no file");
        return;
    };
    const ONE: u64 = 1_000_000;
    let text = std::fs::read_to_string(file).expect("the file that KFACTOR_PATHDATA names");
    let mut channels: Vec<&str> = Vec::new();
    let mut paths = Vec::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let touches = cells[0].trim_matches('"').split('>').map(|name| {
            let known = channels.iter().position(|channel| *channel == name.trim());
            let at = known.unwrap_or(channels.len());
            if known.is_none() {
                channels.push(name.trim());
            }
            (u32::try_from(at).unwrap(), 0)
        });
        let touches = touches.collect();
        let count = |cell: &str| cell.split('.').next().unwrap().parse::<u64>().unwrap();
        paths.push(Path { touches, at: 0, value: count(cells[1]) * ONE, lost: count(cells[3]) });
    }
    assert_eq!(paths.len(), 10_000);
    let check = |model: Model, published: &[(&str, f64)]| {
        let credits = credit(&paths, channels.len(), model);
        assert_eq!(credits.iter().sum::<u64>(), 19_785 * ONE);
        for (name, expected) in published {
            let at = channels.iter().position(|channel| channel == name).unwrap();
            let ours = credits[at] as f64 / ONE as f64;
            assert!((ours - expected).abs() < 6e-4, "{model:?} {name}: {ours}, published {expected}");
        }
    };
    // By exact solution of the chain; the package's simulation comes within 1 % of the large ones.
    let markov = [
        ("alpha", 5_344.948),
        ("iota", 3_884.615),
        ("eta", 3_340.847),
        ("beta", 2_527.352),
        ("theta", 1_971.913),
        ("lambda", 1_282.847),
        ("epsilon", 599.571),
        ("zeta", 381.063),
        ("kappa", 274.363),
        ("gamma", 171.145),
        ("delta", 4.614),
        ("mi", 1.722),
    ];
    check(Model::Markov, &markov);
    check(Model::First, &[("alpha", 6_308.0), ("eta", 3_164.0), ("iota", 4_606.0), ("beta", 2_831.0)]);
    check(Model::Last, &[("alpha", 8_447.0), ("eta", 4_167.0), ("iota", 3_355.0), ("beta", 989.0)]);
    let linear =
        [("alpha", 7_574.718_594), ("eta", 3_539.951_157), ("iota", 3_857.096_221), ("beta", 2_083.500_145)];
    check(Model::Linear, &linear);
}
