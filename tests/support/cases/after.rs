//! What holds after every case, and when a command is sent again.

use super::run::{Entry, Outcome, Run};
use super::shape::list;
use super::{Failure, boxed};
use kfactor::engine::Engine;
use kfactor::engine::audit::{Audit, hex};
use kfactor::engine::pack::{Packed as _, put_signed};
use serde_json::{Value, json};

impl Run {
    /// What holds after every case: facts rebuild the state, an audit is clean and ends with the same digest, a
    /// snapshot goes on, and every command sent again gets its first answer and changes nothing.
    pub fn afterwards(mut self) -> Outcome {
        if body(&self.follower) != body(&self.engine) {
            return Err(Failure::of("afterwards: the facts rebuild another state"));
        }
        let digest = hex(&self.engine.digest());
        let audit = json!(Audit::run(self.engine.book(), self.entries().join("\n").as_bytes()));
        // Stamps that go back on purpose are part of a case.
        if list(&audit, "findings").iter().any(|finding| finding["code"] != "TIME_BACKWARDS") {
            return Err(Failure {
                actual: boxed(audit),
                ..Failure::of("afterwards: the audit is not clean")
            });
        }
        if audit["digest"] != json!(digest) {
            return Err(Failure::of("afterwards: the audit ends with another digest"));
        }
        let snapshot = self.engine.snapshot();
        let loops = self.engine.state().loops.clone();
        self.engine.restore(&snapshot).map_err(|damaged| Failure::of(format!("afterwards: {damaged}")))?;
        // A thing that is left out is missing in both digests.
        if self.engine.state().loops != loops {
            return Err(Failure::of("afterwards: a snapshot leaves something out"));
        }
        for Entry { command, answer, .. } in std::mem::take(&mut self.log) {
            let second = self.answers(&command).pop().unwrap_or_default();
            same_answer(&answer, &second)?;
        }
        if hex(&self.engine.digest()) == digest {
            return Ok(());
        }
        Err(Failure::of("afterwards: commands sent again changed something"))
    }
}

impl Run {
    /// The log as an audit reads it: commands with their answers, and revisions where they came.
    pub fn entries(&self) -> Vec<String> {
        let mut entries = Vec::new();
        let mut revisions = self.revisions.iter().peekable();
        for (position, Entry { command, answer, .. }) in self.log.iter().enumerate() {
            while let Some((_, document)) = revisions.next_if(|(before, _)| *before <= position) {
                entries.push(format!("{{\"campaign\":{document}}}"));
            }
            entries.push(format!("{{\"command\":{command},\"answer\":{answer}}}"));
        }
        entries.extend(revisions.map(|(_, document)| format!("{{\"campaign\":{document}}}")));
        entries
    }
}

/// Whether an answer is the first one again.
///
/// # Errors
/// If it is another one.
pub fn same_answer(first: &str, second: &str) -> Outcome {
    let mut expected: Value = serde_json::from_str(first).unwrap_or_default();
    let actual: Value = serde_json::from_str(second).unwrap_or_default();
    expected["repeated"] = json!(true);
    if expected == actual {
        return Ok(());
    }
    let what = Failure::of("the same command again got another answer");
    Err(Failure { expected: boxed(expected), actual: boxed(actual), ..what })
}

/// A state without its clock and its remembered answers, which a rejection or a fact does not share.
pub fn body(engine: &Engine) -> Vec<u8> {
    let (mut journal, mut clock) = (Vec::new(), Vec::new());
    engine.state().journal.pack(&mut journal);
    put_signed(&mut clock, engine.state().now.0);
    let snapshot = engine.snapshot();
    let from = b"kfactor-state-4\n".len() + clock.len();
    snapshot.get(from..snapshot.len() - journal.len()).unwrap_or_default().to_vec()
}
