//! Keys and secrets: given by configuration or environment, else made once and kept in the data directory.

use crate::auth::{hex, unhex};
use crate::config::{Config, ConfigError, TokenKey};
use kfactor::attribution::{Token, TokenError, day_of};
use kfactor::engine::time::{Time, days_from_civil};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The file in the data directory that holds what was made on the first start.
pub const FILE: &str = "secrets.json";

/// Everything the server keeps to itself.
pub struct Secrets {
    /// Keys that pages carry.
    pub publishable_keys: Vec<String>,
    /// Keys that backends carry.
    pub secret_keys: Vec<String>,
    /// Under which participants are proven.
    pub participant_secret: Vec<u8>,
    /// Under which tokens are signed; the last one signs, all verify.
    pub token_keys: Vec<SigningKey>,
}

/// A key that signs tokens.
pub struct SigningKey {
    /// Its number in tokens, 0–7.
    pub kid: u8,
    key: Vec<u8>,
    /// Tokens of days before this one are refused; days as in tokens.
    revoked_before: u16,
}

/// What the data directory keeps.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kept {
    publishable_key: String,
    secret_key: String,
    participant_secret: String,
    token_key: String,
}

impl Secrets {
    /// Takes what the configuration gives and the rest from the data directory, made there if need be.
    ///
    /// # Errors
    /// When the file cannot be read or written, or a secret is too short or not hexadecimal.
    pub fn load(data: &Path, config: &Config) -> Result<Secrets, ConfigError> {
        let kept = kept(&data.join(FILE))?;
        let or = |given: &[String], kept: String| if given.is_empty() { vec![kept] } else { given.to_vec() };
        let participant_secret = config.participant_secret.clone().unwrap_or(kept.participant_secret);
        let own = [TokenKey { kid: 0, key: kept.token_key, revoked_before: None }];
        let token_keys = if config.token_keys.is_empty() { &own } else { config.token_keys.as_slice() };
        let token_keys = token_keys.iter().map(signing_key).collect::<Result<Vec<_>, _>>()?;
        Ok(Secrets {
            publishable_keys: or(&config.publishable_keys, kept.publishable_key),
            secret_keys: or(&config.secret_keys, kept.secret_key),
            participant_secret: participant_secret.into_bytes(),
            token_keys,
        })
    }

    /// Reads a token that this site signed and has not revoked since.
    ///
    /// # Errors
    /// One error for every reason.
    pub fn verify(&self, token: &str) -> Result<Token, TokenError> {
        let key = |kid: u8| self.token_keys.iter().find(|key| key.kid == kid);
        let token = Token::verify(token, |kid| key(kid).map(|key| key.key.as_slice()))?;
        let valid = key(token.kid).is_some_and(|key| token.day >= key.revoked_before);
        if valid { Ok(token) } else { Err(TokenError::Invalid) }
    }

    /// Signs a token with the newest key, whose number it will carry.
    ///
    /// # Errors
    /// When a field is out of its range.
    pub fn mint(&self, token: Token) -> Result<String, TokenError> {
        let newest = self.token_keys.last().ok_or(TokenError::Key)?;
        Token { version: Token::SIGNED, kid: newest.kid, ..token }.mint(&newest.key)
    }
}

fn kept(path: &Path) -> Result<Kept, ConfigError> {
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| ConfigError::of(path, error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let kept = Kept {
                publishable_key: format!("pk_{}", random()?),
                secret_key: format!("sk_{}", random()?),
                participant_secret: random()?,
                token_key: random()?,
            };
            keep(path, &kept).map_err(|error| ConfigError::of(path, error))?;
            Ok(kept)
        }
        Err(error) => Err(ConfigError::of(path, error)),
    }
}

/// Writes the file for its owner alone, whole or not at all.
fn keep(path: &Path, kept: &Kept) -> std::io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(serde_json::to_string_pretty(kept)?.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// 32 random bytes in hex.
///
/// # Errors
/// When the system gives no randomness.
pub fn random() -> Result<String, ConfigError> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| ConfigError(format!("no randomness: {error}")))?;
    Ok(hex(&bytes))
}

fn signing_key(given: &TokenKey) -> Result<SigningKey, ConfigError> {
    let wrong = |why: &str| ConfigError(format!("token key {}: {why}", given.kid));
    let key = unhex(&given.key).ok_or_else(|| wrong("`key` is not hexadecimal"))?;
    if given.kid > 7 || key.len() < 16 {
        return Err(wrong("`kid` is 0 to 7 and `key` at least 16 bytes"));
    }
    let day = given.revoked_before.as_deref().map(|date| day(date).ok_or(date)).transpose();
    let revoked_before = day.map_err(|_| wrong("`revokedBefore` is a date such as 2026-12-31"))?.unwrap_or(0);
    Ok(SigningKey { kid: given.kid, key, revoked_before })
}

/// The day number that tokens of this date carry.
fn day(date: &str) -> Option<u16> {
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let valid = (2025..2037).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    valid.then(|| day_of(Time(days_from_civil(year, month, day) * 86_400_000)))
}
