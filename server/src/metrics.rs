//! Counters for an operator, in the text form that Prometheus reads.

use crate::machine::{Machine, Outcome};
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the append times, in microseconds.
const BOUNDS: [u64; 8] = [500, 1_000, 2_000, 5_000, 10_000, 50_000, 250_000, 1_000_000];

/// What the server counts since it started.
#[derive(Debug, Default)]
pub struct Metrics {
    accepted: AtomicU64,
    rejected: AtomicU64,
    repeated: AtomicU64,
    malformed: AtomicU64,
    appends: AtomicU64,
    records: AtomicU64,
    append_micros: AtomicU64,
    append_buckets: [AtomicU64; BOUNDS.len()],
    rebuilds: AtomicU64,
    replayed: AtomicU64,
    snapshots: AtomicU64,
    limited: AtomicU64,
    responses: [AtomicU64; 6],
    listeners: AtomicU64,
}

/// Counts one listener for as long as it lives.
pub struct Listening(std::sync::Arc<Metrics>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// A command was answered.
    pub fn decided(&self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Accepted => &self.accepted,
            Outcome::Rejected => &self.rejected,
            Outcome::Repeated => &self.repeated,
            Outcome::Malformed => &self.malformed,
        };
        add(counter, 1);
    }

    /// A batch of records became durable in this time.
    pub fn appended(&self, records: usize, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        add(&self.appends, 1);
        add(&self.records, u64::try_from(records).unwrap_or(u64::MAX));
        add(&self.append_micros, micros);
        for (bound, counter) in BOUNDS.iter().zip(&self.append_buckets) {
            if micros <= *bound {
                add(counter, 1);
            }
        }
    }

    /// An engine was thrown away and rebuilt from the log.
    pub fn rebuilt(&self) {
        add(&self.rebuilds, 1);
    }

    /// An engine was brought up to the log, from its beginning or from a snapshot.
    pub fn replayed(&self, machine: Option<&Machine>) {
        add(&self.replayed, machine.map_or(0, |machine| machine.seq.saturating_sub(machine.kept)));
    }

    /// A snapshot was kept.
    pub fn kept(&self) {
        add(&self.snapshots, 1);
    }

    /// A request was refused because of its rate.
    pub fn limited(&self) {
        add(&self.limited, 1);
    }

    /// A response with this status was sent.
    pub fn responded(&self, status: u16) {
        if let Some(counter) = self.responses.get(usize::from(status / 100)) {
            add(counter, 1);
        }
    }

    /// A listener came; it is counted until the answer is dropped.
    #[must_use]
    pub fn listening(self: &std::sync::Arc<Self>) -> Listening {
        add(&self.listeners, 1);
        Listening(std::sync::Arc::clone(self))
    }

    /// How many listen now.
    #[must_use]
    pub fn listeners(&self) -> u64 {
        get(&self.listeners)
    }

    /// The exposition, with the sequence of every campaign.
    #[must_use]
    pub fn text(&self, campaigns: &[(String, u64)]) -> String {
        let mut page = Page::default();
        page.head("kfactor_commands_total", "counter", "Commands answered, by outcome.");
        page.row("kfactor_commands_total", "outcome", "accepted", get(&self.accepted));
        page.row("kfactor_commands_total", "outcome", "rejected", get(&self.rejected));
        page.row("kfactor_commands_total", "outcome", "repeated", get(&self.repeated));
        page.row("kfactor_commands_total", "outcome", "malformed", get(&self.malformed));
        page.head("kfactor_records_total", "counter", "Records made durable.");
        page.value("kfactor_records_total", get(&self.records));
        page.head("kfactor_append_seconds", "histogram", "Time to make a batch of records durable.");
        for (bound, counter) in BOUNDS.iter().zip(&self.append_buckets) {
            page.row("kfactor_append_seconds_bucket", "le", &seconds(*bound), get(counter));
        }
        page.row("kfactor_append_seconds_bucket", "le", "+Inf", get(&self.appends));
        page.line("kfactor_append_seconds_sum", &seconds(get(&self.append_micros)));
        page.value("kfactor_append_seconds_count", get(&self.appends));
        page.head("kfactor_rebuilds_total", "counter", "Engines rebuilt from the log after a failed append.");
        page.value("kfactor_rebuilds_total", get(&self.rebuilds));
        page.head(
            "kfactor_replayed_records_total",
            "counter",
            "Records decided again at the start or a rebuild.",
        );
        page.value("kfactor_replayed_records_total", get(&self.replayed));
        page.head("kfactor_snapshots_total", "counter", "States kept for the next start.");
        page.value("kfactor_snapshots_total", get(&self.snapshots));
        page.head("kfactor_rate_limited_total", "counter", "Requests refused because of their rate.");
        page.value("kfactor_rate_limited_total", get(&self.limited));
        page.head("kfactor_responses_total", "counter", "Responses, by class of status.");
        for (class, counter) in self.responses.iter().enumerate().skip(2) {
            page.row("kfactor_responses_total", "status", &format!("{class}xx"), get(counter));
        }
        page.head("kfactor_listeners", "gauge", "Pages that listen to facts now.");
        page.value("kfactor_listeners", get(&self.listeners));
        page.head("kfactor_log_sequence", "gauge", "Sequence of the last record, by campaign.");
        for (campaign, seq) in campaigns {
            page.row("kfactor_log_sequence", "campaign", campaign, *seq);
        }
        page.text
    }
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn row(&mut self, name: &str, label: &str, value: &str, count: u64) {
        let _ = writeln!(self.text, "{name}{{{label}=\"{value}\"}} {count}");
    }

    fn value(&mut self, name: &str, count: u64) {
        let _ = writeln!(self.text, "{name} {count}");
    }

    fn line(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.text, "{name} {value}");
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_name_and_a_number() {
        let metrics = Metrics::default();
        metrics.decided(Outcome::Accepted);
        metrics.appended(3, Duration::from_micros(1_500));
        metrics.responded(404);
        let text = metrics.text(&[("mask".to_owned(), 7)]);
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (_, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
        assert!(text.contains("kfactor_commands_total{outcome=\"accepted\"} 1\n"));
        assert!(text.contains("kfactor_append_seconds_bucket{le=\"0.001000\"} 0\n"));
        assert!(text.contains("kfactor_append_seconds_bucket{le=\"0.002000\"} 1\n"));
        assert!(text.contains("kfactor_append_seconds_sum 0.001500\n"));
        assert!(text.contains("kfactor_responses_total{status=\"4xx\"} 1\n"));
        assert!(text.contains("kfactor_log_sequence{campaign=\"mask\"} 7\n"));
    }
}
