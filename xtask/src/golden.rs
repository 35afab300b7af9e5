//! `cargo xtask golden`: adds the golden logs that are not there yet.

use crate::run::{Outcome, cargo, show};

/// Records what this version answers, where no earlier record has that name; nothing that is there is changed.
pub fn add() -> Outcome {
    let test = ["test", "--quiet", "--package=kfactor", "--features=schema", "--test", "golden", "--"];
    let only = ["--ignored", "--exact", "add_what_is_new", "--nocapture"];
    show(&mut cargo(test.into_iter().chain(only)))
}
