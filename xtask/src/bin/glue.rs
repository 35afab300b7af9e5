//! The two steps of the WebAssembly build that need Rust libraries.
//!
//! `glue bind IN.wasm FOLDER` writes `engine_bg.wasm` and its glue `engine_bg.js` with wasm-bindgen;
//! `glue check FILE` refuses a WebAssembly that an old phone could not load.

use std::path::Path;
use std::process::ExitCode;
use walrus::ExportItem;
use wasm_bindgen_cli_support::Bindgen;
use wasmparser::{
    CompositeInnerType, ExternalKind, FuncType, Parser, Payload, TypeRef, ValType, Validator, WasmFeatures,
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
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name("engine").typescript(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
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
    output.emit(folder).map_err(|reason| format!("{}: {reason:#}", folder.display()))?;
    let entry = folder.join("engine.js");
    std::fs::remove_file(&entry).map_err(|reason| format!("{}: {reason}", entry.display()))
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
        if signature.params().iter().chain(signature.results()).any(|kind| *kind == ValType::I64) {
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
