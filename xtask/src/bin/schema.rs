//! `schema FOLDER` writes what the TypeScript side is generated from, taken from the engine's own types:
//! `campaign.schema.json`, `protocol.schema.json` and `metadata.json`.

use kfactor::campaign::schema::campaign_schema;
use kfactor::engine::protocol::{metadata_json, schema_json};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: schema FOLDER");
        return ExitCode::from(2);
    };
    match write(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("schema: {folder}: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("campaign.schema.json"), campaign_schema().as_value().to_string())?;
    std::fs::write(folder.join("protocol.schema.json"), schema_json().to_string())?;
    std::fs::write(folder.join("metadata.json"), metadata_json().to_string())
}
