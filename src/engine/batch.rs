//! Batches: commands as JSON, a handful at a time.

use super::answer;
use super::book::Book;
use super::command::Malformed;
use super::draft::Draft;
use super::state::State;
use super::time::Time;
use super::{Engine, Taken, look};
use crate::json::scan::Scanner;

/// As many commands are read, then decided, then answered. The code for one of the three stays in a processor's nearest
/// memory, that for all of them does not.
const HANDFUL: usize = 16;

impl Engine {
    /// Submits commands as JSON (one object, an array, or one per line) and appends the answers in the same shape.
    ///
    /// With `at` every command gets this time stamp. A text that is not a command gets an answer too.
    pub fn submit_json(&mut self, json: &[u8], at: Option<Time>, out: &mut Vec<u8>) {
        let mut scanner = Scanner::new(json);
        let array = scanner.is_array();
        let between = if array { b',' } else { b'\n' };
        if array {
            out.push(b'[');
        }
        let begin = out.len();
        let mut over = false;
        let mut drafts: [Draft<'_>; HANDFUL] = core::array::from_fn(|_| Draft::new());
        while !over {
            let mut reads = Vec::with_capacity(HANDFUL);
            for draft in &mut drafts {
                *draft = Draft::new();
                match draft.next(&mut scanner, at) {
                    Ok(None) => {
                        over = true;
                        break;
                    }
                    Ok(Some(_)) => reads.push(Ok(())),
                    Err(malformed) => reads.push(Err((malformed, scanner.raw()))),
                }
            }
            let Engine { book, state } = &mut *self;
            let take = |(draft, read)| Done::of(book, state, draft, read);
            let done: Vec<Done<'_>> = drafts.iter().zip(reads).map(take).collect();
            for (draft, done) in drafts.iter().zip(done) {
                if out.len() > begin {
                    out.push(between);
                }
                match done {
                    Done::Malformed(malformed, text) => answer::write_malformed(&malformed, text, out),
                    Done::Repeated => look(book, state, &draft.command).write(out),
                    Done::Taken(taken) => taken.answer(&draft.command, book, state).write(out),
                }
            }
        }
        if array {
            out.push(b']');
        }
    }
}

/// What became of a text of a batch.
enum Done<'x> {
    /// It is no command; with the text.
    Malformed(Malformed, &'x [u8]),
    /// Its id was used before, which is answered as it then was, whatever else happens before that is written.
    Repeated,
    /// It was decided.
    Taken(Taken<'x>),
}

/// Whether a text is a command, or what is wrong with which text.
type Read<'x> = Result<(), (Malformed, &'x [u8])>;

impl<'x> Done<'x> {
    fn of(book: &'x Book, state: &mut State, draft: &'x Draft<'x>, read: Read<'x>) -> Done<'x> {
        let command = &draft.command;
        if let Err((malformed, text)) = read {
            return Done::Malformed(malformed, text);
        }
        let hashes = command.hashes(&state.keys);
        if !state.journal.is_new(hashes) {
            return Done::Repeated;
        }
        Done::Taken(Taken::new(book, state, command, hashes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::command::Command;
    use super::*;
    use proptest::prelude::*;

    const CAMPAIGN: &str = r#"{ "id": "c", "title": "C", "runs": { "from": "2026-01-01", "until": "2027-01-01" },
        "plays": { "p": { "mechanic": "assist", "title": "P", "helpers": 2, "within": "24h" } } }"#;

    /// Ids that are used again with the same body and with another, and texts that are no command, too.
    fn texts() -> impl Strategy<Value = Vec<String>> {
        let text = (0u8..8, 0u8..40, 0u8..5, 0u8..4).prop_map(|(kind, id, by, loop_)| match kind {
            0 => format!(
                r#"{{"id":"{id}","at":1790000000000,"do":"open","by":"p{by}","play":"p","loop":"L{loop_}"}}"#
            ),
            1 => format!(r#"{{"id":"{id}","do":"help","by":"p{by}","loop":"L{loop_}"}}"#),
            2 => format!(r#"{{"id":"{id}","at":1790000000000,"do":"help","loop":"L{loop_}"}}"#),
            _ => format!(
                r#"{{"id":"{id}","at":17900000000{id:02},"do":"help","by":"p{by}","loop":"L{loop_}"}}"#
            ),
        });
        prop::collection::vec(text, 0..70)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn a_batch_is_answered_as_its_commands_are_one_by_one(texts in texts()) {
            let engine = || Engine::load(CAMPAIGN, [7; 32]).unwrap();
            let (mut alone, mut list, mut lines) = (engine(), engine(), engine());
            let mut answers = Vec::new();
            for text in &texts {
                let mut answer = Vec::new();
                match Command::read(text.as_bytes()) {
                    Ok(command) => alone.submit(&command).write(&mut answer),
                    Err(malformed) => answer::write_malformed(&malformed, text.as_bytes(), &mut answer),
                }
                answers.push(String::from_utf8(answer).unwrap());
            }
            let (mut of_list, mut of_lines) = (Vec::new(), Vec::new());
            list.submit_json(format!("[{}]", texts.join(",")).as_bytes(), None, &mut of_list);
            lines.submit_json(texts.join("\n").as_bytes(), None, &mut of_lines);
            prop_assert_eq!(String::from_utf8(of_list).unwrap(), format!("[{}]", answers.join(",")));
            prop_assert_eq!(String::from_utf8(of_lines).unwrap(), answers.join("\n"));
            prop_assert_eq!(list.snapshot(), alone.snapshot());
            prop_assert_eq!(lines.snapshot(), alone.snapshot());
        }
    }
}
