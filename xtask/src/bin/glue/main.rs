//! The steps of the WebAssembly build that need Rust libraries.
//!
//! `glue bind IN.wasm FOLDER` writes `engine_bg.wasm` and its glue `engine_bg.js` with wasm-bindgen;
//! `glue check FILE` refuses a WebAssembly that an old phone could not load.

mod panics;

use std::path::Path;
use std::process::ExitCode;
use walrus::ir::{
    BinaryOp, Call, ExtendedLoad, Instr, InstrLocId, LoadKind, MemArg, StoreKind, VisitorMut,
    dfs_pre_order_mut,
};
use walrus::{
    ExportItem, FunctionBuilder, FunctionId, FunctionKind, InstrSeqBuilder, MemoryId, Module, ValType,
};
use wasm_bindgen_cli_support::Bindgen;
use wasmparser::{
    CompositeInnerType, ExternalKind, FuncType, Parser, Payload, TypeRef, ValType as WireType, Validator,
    WasmFeatures,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["bind", input, folder] => bind(Path::new(input), Path::new(folder)),
        ["check", file] => check(Path::new(file)),
        _ => Err("usage: glue bind IN.wasm FOLDER | glue check FILE".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("glue: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// The glue of the `bundler` target reads no file and no URL, so that one glue serves every runtime.
fn bind(input: &Path, folder: &Path) -> Result<(), String> {
    let mut module = Module::from_file(input).map_err(|reason| format!("{}: {reason:#}", input.display()))?;
    // The standard library's features: references to JavaScript's objects are among them, which the engine is not
    // compiled for.
    module.customs.remove_raw("target_features");
    let mut bindgen = Bindgen::new();
    bindgen.input_module("engine", module).out_name("engine").typescript(false);
    bindgen.remove_producers_section(true);
    let mut output = bindgen
        .bundler(true)
        .and_then(Bindgen::generate_output)
        .map_err(|reason| format!("{}: {reason:#}", input.display()))?;

    // Addresses of the runtime's own statics, which nothing outside reads.
    let exports = &mut output.wasm_mut().exports;
    let globals: Vec<_> = exports
        .iter()
        .filter(|export| matches!(export.item, ExportItem::Global(_)))
        .map(|export| export.id())
        .collect();
    for global in globals {
        exports.delete(global);
    }
    panics::cut(output.wasm_mut());
    lower_copies(output.wasm_mut())?;
    output.emit(folder).map_err(|reason| format!("{}: {reason:#}", folder.display()))?;
    let entry = folder.join("engine.js");
    std::fs::remove_file(&entry).map_err(|reason| format!("{}: {reason}", entry.display()))
}

/// Calls a function of ours wherever memory is copied by an instruction that old phones do not have. What
/// the lowering passes would put there copies one byte at a time, and was the hottest function of all.
fn lower_copies(module: &mut Module) -> Result<(), String> {
    let memory = module.get_memory_id().map_err(|reason| format!("{reason:#}"))?;
    let func = word_copy(module, memory);
    let callers: Vec<_> = module.funcs.iter_local().map(|(id, _)| id).filter(|id| *id != func).collect();
    for caller in callers {
        if let FunctionKind::Local(body) = &mut module.funcs.get_mut(caller).kind {
            let entry = body.entry_block();
            dfs_pre_order_mut(&mut Copies { func }, body, entry);
        }
    }
    Ok(())
}

struct Copies {
    func: FunctionId,
}

impl VisitorMut for Copies {
    fn visit_instr_mut(&mut self, instruction: &mut Instr, _: &mut InstrLocId) {
        if let Instr::MemoryCopy(_) = instruction {
            *instruction = Instr::Call(Call { func: self.func });
        }
    }
}

/// `copy(to, from, count)`, also where the two places overlap: most of it is texts of some ten to thirty bytes and values
/// of some hundred.
fn word_copy(module: &mut Module, memory: MemoryId) -> FunctionId {
    let [to, from, left, end] = [(); 4].map(|()| module.locals.add(ValType::I32));
    let last = module.locals.add(ValType::I64);
    let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32; 3], &[]);
    let at = |offset| MemArg { align: 1, offset };
    let (word, half) = (LoadKind::I64 { atomic: false }, LoadKind::I32 { atomic: false });
    let (to_word, to_half) = (StoreKind::I64 { atomic: false }, StoreKind::I32 { atomic: false });
    let copy_word = |code: &mut InstrSeqBuilder, offset| {
        code.load(memory, word, at(offset)).store(memory, to_word, at(offset));
    };
    let copy_byte = |code: &mut InstrSeqBuilder| {
        code.load(memory, LoadKind::I32_8 { kind: ExtendedLoad::ZeroExtend }, at(0));
        code.store(memory, StoreKind::I32_8 { atomic: false }, at(0));
    };
    // Does a step as long as as many bytes are left.
    let repeat = |code: &mut InstrSeqBuilder, bytes: i32, step: &dyn Fn(&mut InstrSeqBuilder)| {
        code.block(None, |done| {
            let done_id = done.id();
            done.loop_(None, |more| {
                let more_id = more.id();
                more.local_get(left).i32_const(bytes).binop(BinaryOp::I32LtU).br_if(done_id);
                step(more);
                more.br(more_id);
            });
        });
    };
    let go = |code: &mut InstrSeqBuilder, by: i32| {
        for place in [to, from] {
            code.local_get(place).i32_const(by).binop(BinaryOp::I32Add).local_set(place);
        }
        code.local_get(left).i32_const(by).binop(BinaryOp::I32Sub).local_set(left);
    };
    // Where the last so many bytes of a place begin.
    let last_of = |code: &mut InstrSeqBuilder, place, bytes: i32| {
        code.local_get(place).local_get(left).binop(BinaryOp::I32Add);
        code.i32_const(bytes).binop(BinaryOp::I32Sub);
    };
    // The last eight bytes are read first and written last, over some that were written before.
    let long = |code: &mut InstrSeqBuilder| {
        last_of(code, from, 8);
        code.load(memory, word, at(0)).local_set(last);
        last_of(code, to, 8);
        code.local_set(end);
        repeat(code, 32, &|more| {
            for offset in [0, 8, 16, 24] {
                more.local_get(to).local_get(from);
                copy_word(more, offset);
            }
            go(more, 32);
        });
        repeat(code, 8, &|more| {
            more.local_get(to).local_get(from);
            copy_word(more, 0);
            go(more, 8);
        });
        code.local_get(end).local_get(last).store(memory, to_word, at(0));
    };
    // Up to seven bytes: both are read before one is written.
    let two_halves = |code: &mut InstrSeqBuilder| {
        last_of(code, to, 4);
        last_of(code, from, 4);
        code.load(memory, half, at(0));
        code.local_get(to).local_get(from).load(memory, half, at(0));
        code.store(memory, to_half, at(0)).store(memory, to_half, at(0));
    };
    let bytes = |code: &mut InstrSeqBuilder| {
        repeat(code, 1, &|more| {
            more.local_get(to).local_get(from);
            copy_byte(more);
            go(more, 1);
        });
    };
    let forward = |code: &mut InstrSeqBuilder| {
        code.local_get(left).i32_const(8).binop(BinaryOp::I32GeU);
        code.if_else(None, long, |short| {
            short.local_get(left).i32_const(4).binop(BinaryOp::I32GeU);
            short.if_else(None, two_halves, bytes);
        });
    };
    let backward = |code: &mut InstrSeqBuilder| {
        let go = |code: &mut InstrSeqBuilder, by: i32| {
            code.local_get(left).i32_const(by).binop(BinaryOp::I32Sub).local_set(left);
            for place in [to, from] {
                code.local_get(place).local_get(left).binop(BinaryOp::I32Add);
            }
        };
        repeat(code, 8, &|more| {
            go(more, 8);
            copy_word(more, 0);
        });
        repeat(code, 1, &|more| {
            go(more, 1);
            copy_byte(more);
        });
    };
    // Forward is wrong only if the destination begins within the source; in unsigned arithmetic that is one comparison.
    let mut body = builder.func_body();
    body.local_get(to).local_get(from).binop(BinaryOp::I32Sub).local_get(left).binop(BinaryOp::I32LtU);
    body.if_else(None, backward, forward);
    builder.finish(vec![to, from, left], &mut module.funcs)
}

/// WebAssembly's first version with mutable globals; no 64-bit integer in a signature, which would
/// reach JavaScript as a BigInt; no exported global, which iOS hides from mini-programs.
fn check(file: &Path) -> Result<(), String> {
    let name = file.display();
    let bytes = std::fs::read(file).map_err(|reason| format!("{name}: {reason}"))?;
    let features = WasmFeatures::MUTABLE_GLOBAL | WasmFeatures::FLOATS;
    Validator::new_with_features(features)
        .validate_all(&bytes)
        .map_err(|reason| format!("{name} uses more than the MVP and mutable globals: {reason}"))?;

    let outline = outline(&bytes).map_err(|reason| format!("{name}: {reason}"))?;
    if outline.boundary.is_empty() {
        return Err(format!("{name} neither imports nor exports a function"));
    }
    for (function, index) in &outline.boundary {
        let signature = outline.types.get(*index).ok_or_else(|| format!("{name}: {function} has no type"))?;
        if signature.params().iter().chain(signature.results()).any(|kind| *kind == WireType::I64) {
            return Err(format!("{name}: {function} takes or gives a 64-bit integer"));
        }
    }
    match outline.globals.first() {
        Some(global) => Err(format!("{name} exports the global {global}")),
        None => Ok(()),
    }
}

#[derive(Default)]
struct Outline {
    types: Vec<FuncType>,
    /// The type of every function, imported ones first.
    functions: Vec<usize>,
    /// Imported and exported functions: name, type.
    boundary: Vec<(String, usize)>,
    /// Names of exported globals.
    globals: Vec<String>,
}

fn outline(bytes: &[u8]) -> Result<Outline, Box<dyn std::error::Error>> {
    let mut outline = Outline::default();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section {
                    for kind in group?.into_types() {
                        if let CompositeInnerType::Func(signature) = kind.composite_type.inner {
                            outline.types.push(signature);
                        }
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    if let TypeRef::Func(index) = import.ty {
                        let index = usize::try_from(index)?;
                        outline.functions.push(index);
                        outline.boundary.push((format!("import {}", import.name), index));
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for index in section {
                    outline.functions.push(usize::try_from(index?)?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    match export.kind {
                        ExternalKind::Global => outline.globals.push(export.name.to_owned()),
                        ExternalKind::Func => {
                            let position = usize::try_from(export.index)?;
                            let index = outline.functions.get(position).copied().unwrap_or(usize::MAX);
                            outline.boundary.push((format!("export {}", export.name), index));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(outline)
}
