//! A panic in the WebAssembly is a trap that tells nobody why: there is no console to print to, and the package
//! names the fault itself. So the messages and places that the compiler prepares for panics are dead weight, some
//! twenty kilobytes with the paths of the machine that built them. Here they go: a call that could only end in a
//! panic becomes the trap itself, and the places it would have named become zeros, which the optimiser drops.

use std::collections::BTreeSet;
use walrus::ir::{Instr, InstrLocId, InstrSeq, Unreachable, Value, VisitorMut, dfs_pre_order_mut};
use walrus::{ConstExpr, DataKind, FunctionId, FunctionKind, Module};

/// The beginnings of the names of functions that never return and only make up a message.
const PANICS: [&str; 12] = [
    "core::panicking::",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::result::unwrap_failed",
    "core::slice::index::slice_",
    "core::slice::copy_from_slice_impl::len_mismatch_fail",
    "core::str::slice_error_fail",
    "core::cell::panic_",
    "alloc::raw_vec::capacity_overflow",
    "alloc::raw_vec::handle_error",
    "alloc::alloc::handle_alloc_error",
    "std::thread::local::panic_access_error",
];

/// A panic's place in memory: the address and length of a file's name, line, column.
const PLACE: usize = 16;

/// Turns panics into traps.
pub fn cut(module: &mut Module) {
    let doomed: BTreeSet<FunctionId> = module
        .funcs
        .iter_local()
        .map(|(id, _)| id)
        .filter(|id| module.funcs.get(*id).name.as_deref().is_some_and(is_panic))
        .collect();
    let mut traps = Traps { doomed: &doomed, places: BTreeSet::new(), used: BTreeSet::new() };
    let all: Vec<_> = module.funcs.iter_local().map(|(id, _)| id).collect();
    for id in all {
        if let FunctionKind::Local(body) = &mut module.funcs.get_mut(id).kind {
            let entry = body.entry_block();
            if doomed.contains(&id) {
                body.block_mut(entry).instrs = vec![(Unreachable {}.into(), InstrLocId::default())];
            } else {
                dfs_pre_order_mut(&mut traps, body, entry);
            }
        }
    }
    let Traps { places, used, .. } = traps;
    let mut memory = Memory { module, used };
    let names: Vec<(usize, usize)> =
        places.into_iter().filter_map(|place| memory.clear_place(place)).collect();
    for (address, length) in names {
        memory.clear_unused(address, length);
    }
}

fn is_panic(name: &str) -> bool {
    // Names of the standard library carry a hash of the crate in brackets.
    let plain: String =
        match name.split_once('[').and_then(|(head, rest)| Some((head, rest.split_once(']')?.1))) {
            Some((head, tail)) => format!("{head}{tail}"),
            None => name.to_owned(),
        };
    PANICS.iter().any(|start| plain.starts_with(start))
}

struct Traps<'f> {
    doomed: &'f BTreeSet<FunctionId>,
    /// Addresses that were given to panics.
    places: BTreeSet<usize>,
    /// Every number that could be an address for other code.
    used: BTreeSet<usize>,
}

impl VisitorMut for Traps<'_> {
    fn start_instr_seq_mut(&mut self, sequence: &mut InstrSeq) {
        let doomed = |(instruction, _): &(Instr, InstrLocId)| matches!(instruction, Instr::Call(call) if self.doomed.contains(&call.func));
        let Some(at) = sequence.instrs.iter().position(doomed) else { return };
        sequence.instrs.truncate(at);
        while let Some((Instr::Const(constant), _)) = sequence.instrs.last() {
            if let Value::I32(address) = constant.value {
                self.places.insert(usize::try_from(address.cast_unsigned()).unwrap_or(0));
            }
            sequence.instrs.pop();
        }
        sequence.instrs.push((Unreachable {}.into(), InstrLocId::default()));
    }

    fn visit_instr_mut(&mut self, instruction: &mut Instr, _: &mut InstrLocId) {
        let number = match instruction {
            Instr::Const(constant) => match constant.value {
                Value::I32(number) => u64::from(number.cast_unsigned()),
                _ => return,
            },
            Instr::Load(load) => load.arg.offset,
            Instr::Store(store) => store.arg.offset,
            _ => return,
        };
        self.used.extend(usize::try_from(number));
    }
}

struct Memory<'m> {
    module: &'m mut Module,
    used: BTreeSet<usize>,
}

impl Memory<'_> {
    /// Clears a panic's place, if it is one and nothing else refers to it; gives where the name of its file is.
    fn clear_place(&mut self, address: usize) -> Option<(usize, usize)> {
        let words: Vec<usize> = self.bytes(address, PLACE)?.chunks_exact(4).map(word).collect();
        let [name, length, line, column] = words.try_into().ok()?;
        let is_place = line < 100_000 && column < 1_000 && self.bytes(name, length)?.ends_with(b".rs");
        (is_place && self.clear_unused(address, PLACE)).then_some((name, length))
    }

    /// Clears a stretch of memory, unless code or other memory may hold an address within it.
    fn clear_unused(&mut self, address: usize, length: usize) -> bool {
        let within = address..address + length;
        if self.used.range(within.clone()).next().is_some() || self.words().any(|word| within.contains(&word))
        {
            return false;
        }
        if let Some(bytes) = self.bytes_mut(address, length) {
            bytes.fill(0);
        }
        true
    }

    /// Every aligned word of the memory's first contents.
    fn words(&self) -> impl Iterator<Item = usize> {
        self.module.data.iter().filter_map(|data| Some((start(&data.kind)?, &data.value))).flat_map(
            |(start, value)| value.get((4 - start % 4) % 4..).unwrap_or_default().chunks_exact(4).map(word),
        )
    }

    fn bytes(&self, address: usize, length: usize) -> Option<&[u8]> {
        self.module.data.iter().find_map(|data| {
            let from = address.checked_sub(start(&data.kind)?)?;
            data.value.get(from..from.checked_add(length)?)
        })
    }

    fn bytes_mut(&mut self, address: usize, length: usize) -> Option<&mut [u8]> {
        let (id, from) = self.module.data.iter().find_map(|data| {
            let from = address.checked_sub(start(&data.kind)?)?;
            data.value.get(from..from.checked_add(length)?).map(|_| (data.id(), from))
        })?;
        self.module.data.get_mut(id).value.get_mut(from..from + length)
    }
}

fn start(kind: &DataKind) -> Option<usize> {
    match kind {
        DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } => usize::try_from(*start).ok(),
        _ => None,
    }
}

fn word(bytes: &[u8]) -> usize {
    let number = <[u8; 4]>::try_from(bytes).map_or(0, u32::from_le_bytes);
    usize::try_from(number).unwrap_or(0)
}
