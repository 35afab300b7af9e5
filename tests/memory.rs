//! What a loop is said to take in memory is what it takes, to the byte: figures of bytes per loop rest on it.

#[path = "support/cases/mod.rs"]
#[expect(dead_code, reason = "only the steps of cases are run here")]
mod cases;

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Every loop of every conformance case, at its end. One test alone in its program: the tally is of all threads.
#[test]
fn a_loop_takes_what_it_is_said_to() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut mechanics = Vec::new();
    for path in cases::paths(&folder).expect("the folder of the cases") {
        let file = cases::read(&path).unwrap_or_else(|failure| panic!("{}", failure.what));
        for (number, case) in file.cases().iter().enumerate() {
            let place = format!("/cases/{number}");
            let run = cases::run::through(&folder, &file.content, case, &place);
            let Some(run) = run.unwrap_or_else(|failure| panic!("{place}: {}", failure.what)) else {
                continue;
            };
            for state in run.engine.state().loops.iter() {
                let before = LIVE.load(Relaxed);
                // A copy has no room to spare, so that what is counted are the things themselves.
                let copy = state.progress.clone();
                let takes = LIVE.load(Relaxed) - before;
                assert_eq!(copy.memory(), takes, "{}: {}: {copy:?}", file.name, case["name"]);
                let mechanic = std::mem::discriminant(&copy);
                if !mechanics.contains(&mechanic) {
                    mechanics.push(mechanic);
                }
            }
        }
    }
    assert_eq!(mechanics.len(), 16, "a mechanic has no loop in any case");
}

/// Bytes asked for and not yet given back.
static LIVE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The system's allocator, and a tally.
struct Counting;

#[expect(
    unsafe_code,
    reason = "an allocator is unsafe to implement; every call goes to the system's one unchanged"
)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}
