//! Pseudonyms for what identifies a person. The package decides what does (`pkg-template/src/report/privacy.ts`).

use sha2::{Digest, Sha256};

/// A pseudonym: 48 bits of SHA-256 of the campaign's id, a zero byte and the text. The same text of the same campaign has the
/// same pseudonym, so that people can still be told apart.
///
/// It hides a number from those who read reports, not from somebody who tries all numbers.
///
/// ```
/// assert_eq!(kfactor::report::privacy::pseudonym("tea", "13812345678"), 0xf7b4_e24d_4030);
/// ```
#[must_use]
pub fn pseudonym(campaign: &str, text: &str) -> u64 {
    let digest = Sha256::new().chain_update(campaign).chain_update([0]).chain_update(text).finalize();
    digest.iter().take(6).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
