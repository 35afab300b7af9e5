//! Configuration: a JSON file whose every key has a default, and environment variables for secrets.

use crate::limit::Rate;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// What an operator may set; every key is optional.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Config {
    /// Keys that pages carry, beginning with `pk_`.
    pub publishable_keys: Vec<String>,
    /// Keys that backends carry, beginning with `sk_`.
    pub secret_keys: Vec<String>,
    /// The secret under which the site's backend proves participants; at least 16 bytes.
    pub participant_secret: Option<String>,
    /// Keys for tokens; the last one signs, all verify.
    pub token_keys: Vec<TokenKey>,
    /// Origins whose pages may ask; all, if none is named.
    pub origins: Vec<String>,
    /// Whether a proxy in front of the server names the visitor's address in `X-Forwarded-For`.
    pub trust_proxy: bool,
    /// The folder of the pictures that posters name; without one, posters have only pictures sent along.
    pub poster_images: Option<PathBuf>,
    /// Records after which a campaign's state is kept for the next start, at least 1.
    pub snapshot_every: u64,
    /// Limits on size and rate.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            publishable_keys: Vec::new(),
            secret_keys: Vec::new(),
            participant_secret: None,
            token_keys: Vec::new(),
            origins: Vec::new(),
            trust_proxy: false,
            poster_images: None,
            snapshot_every: 50_000,
            limits: Limits::default(),
        }
    }
}

/// A key for tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenKey {
    /// Its number in tokens, 0–7.
    pub kid: u8,
    /// The key in hex, at least 16 bytes.
    pub key: String,
    /// Tokens of earlier days are refused: a date such as `2026-12-31`.
    pub revoked_before: Option<String>,
}

/// Limits on size and rate.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Commands in one request.
    pub batch_commands: usize,
    /// Records in one campaign's log.
    pub campaign_records: u64,
    /// Campaigns on this server.
    pub campaigns: usize,
    /// Pages that listen to facts at once.
    pub listeners: u64,
    /// Requests of one address without the secret key.
    pub address: Rate,
    /// Commands of one proven participant.
    pub participant: Rate,
    /// Referral codes typed from one address; codes are short, so guessing has to be slow.
    pub typed_codes: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes: 1_048_576,
            batch_commands: 1_000,
            campaign_records: 50_000_000,
            campaigns: 200,
            listeners: 10_000,
            address: Rate { per_minute: 3_000, burst: 600 },
            participant: Rate { per_minute: 120, burst: 60 },
            typed_codes: Rate { per_minute: 20, burst: 20 },
        }
    }
}

/// Why the server cannot start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub String);

impl ConfigError {
    /// An error about a file.
    pub fn of(path: &Path, error: impl fmt::Display) -> ConfigError {
        ConfigError(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the file, if one is named, and then the environment, which wins.
    ///
    /// # Errors
    /// When the file cannot be read or a value is not acceptable; the error says where.
    pub fn load(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigError> {
        let mut config = match file {
            None => Config::default(),
            Some(path) => {
                let text = std::fs::read(path).map_err(|error| ConfigError::of(path, error))?;
                serde_json::from_slice(&text).map_err(|error| ConfigError::of(path, error))?
            }
        };
        if let Some(key) = environment("KFACTOR_PUBLISHABLE_KEY") {
            config.publishable_keys = vec![key];
        }
        if let Some(key) = environment("KFACTOR_SECRET_KEY") {
            config.secret_keys = vec![key];
        }
        if let Some(secret) = environment("KFACTOR_PARTICIPANT_SECRET") {
            config.participant_secret = Some(secret);
        }
        if let Some(key) = environment("KFACTOR_TOKEN_KEY") {
            config.token_keys = vec![TokenKey { kid: 0, key, revoked_before: None }];
        }
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |what: &str| Err(ConfigError(what.to_owned()));
        let fits = |keys: &[String], prefix: &str| {
            keys.iter().all(|key| key.starts_with(prefix) && key.len() >= 19 && key.is_ascii())
        };
        if !fits(&self.publishable_keys, "pk_") {
            return wrong("a publishable key is `pk_` and at least 16 ASCII characters");
        }
        if !fits(&self.secret_keys, "sk_") {
            return wrong("a secret key is `sk_` and at least 16 ASCII characters");
        }
        if self.participant_secret.as_ref().is_some_and(|secret| secret.len() < 16) {
            return wrong("the participant secret has at least 16 bytes");
        }
        let mut kids: Vec<u8> = self.token_keys.iter().map(|key| key.kid).collect();
        kids.sort_unstable();
        kids.dedup();
        if kids.len() != self.token_keys.len() {
            return wrong("two token keys have the same `kid`");
        }
        if self.snapshot_every == 0 {
            return wrong("`snapshotEvery` is at least 1");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_and_short_keys_are_refused() {
        let long = |name: &str| (name == "KFACTOR_SECRET_KEY").then(|| "sk_0123456789abcdef".to_owned());
        assert_eq!(Config::load(None, long).unwrap().secret_keys, ["sk_0123456789abcdef"]);
        let short = |name: &str| (name == "KFACTOR_SECRET_KEY").then(|| "sk_1".to_owned());
        assert!(Config::load(None, short).is_err());
        let secret = |name: &str| (name == "KFACTOR_PARTICIPANT_SECRET").then(|| "short".to_owned());
        assert!(Config::load(None, secret).is_err());
    }

    #[test]
    fn the_readme_shows_the_defaults() {
        let readme = include_str!("../README.md");
        let shown = readme.split("```json").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let shown: Config = serde_json::from_str(shown).unwrap();
        assert_eq!(shown.token_keys.len(), 2);
        shown.check().unwrap();
        let defaults = Config { token_keys: shown.token_keys.clone(), ..Config::default() };
        assert_eq!(format!("{shown:?}"), format!("{defaults:?}"));
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        let error = serde_json::from_str::<Config>(r#"{"limits":{"bodyByte":1}}"#).unwrap_err();
        assert!(error.to_string().contains("bodyByte"));
    }
}
