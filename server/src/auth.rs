//! Who asks: keys, and proofs of who a participant is.

use crate::error::Code;
use crate::secrets::Secrets;
use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The header that names the participant.
pub const PARTICIPANT: &str = "x-kfactor-participant";

/// The header that proves it.
pub const PROOF: &str = "x-kfactor-proof";

/// Whoever sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A backend with the secret key.
    Backend,
    /// A page with a publishable key, and the participant it proved to speak for.
    Page(Option<String>),
}

impl Caller {
    /// Reads key and proof from the headers.
    ///
    /// # Errors
    /// `KEY_MISSING`, `KEY_WRONG`, or `PROOF_WRONG` when a participant was named but not proven.
    pub fn read(headers: &HeaderMap, secrets: &Secrets) -> Result<Caller, Code> {
        let bearer = text(headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
        let key = bearer.ok_or(Code::KeyMissing)?.trim();
        if contains(&secrets.secret_keys, key) {
            return Ok(Caller::Backend);
        }
        if !contains(&secrets.publishable_keys, key) {
            return Err(Code::KeyWrong);
        }
        let Some(participant) = text(headers, PARTICIPANT) else { return Ok(Caller::Page(None)) };
        let given = text(headers, PROOF).and_then(unhex).ok_or(Code::ProofWrong)?;
        if !proves(&secrets.participant_secret, participant, &given) {
            return Err(Code::ProofWrong);
        }
        Ok(Caller::Page(Some(participant.to_owned())))
    }

    /// Fails unless this is a backend.
    ///
    /// # Errors
    /// `SECRET_KEY_NEEDED`.
    pub fn backend(&self) -> Result<(), Code> {
        match self {
            Caller::Backend => Ok(()),
            Caller::Page(_) => Err(Code::SecretKeyNeeded),
        }
    }

    /// The participant a request is about: the proven one, or for a backend the one it names.
    ///
    /// # Errors
    /// `PROOF_MISSING`, `PARTICIPANT_MISMATCH` when another one is named, `PARAMETER_WRONG` when none is.
    pub fn participant(&self, named: Option<&str>) -> Result<String, Code> {
        match (self, named) {
            (Caller::Backend, Some(named)) => Ok(named.to_owned()),
            (Caller::Backend, None) => Err(Code::ParameterWrong),
            (Caller::Page(None), _) => Err(Code::ProofMissing),
            (Caller::Page(Some(proven)), named) if named.is_none_or(|named| named == proven) => {
                Ok(proven.clone())
            }
            (Caller::Page(Some(_)), _) => Err(Code::ParticipantMismatch),
        }
    }
}

/// Whether this is one of the publishable keys; for requests that cannot carry headers.
#[must_use]
pub fn is_publishable(key: &str, secrets: &Secrets) -> bool {
    contains(&secrets.publishable_keys, key)
}

/// The proof of a participant's id, in hex: HMAC-SHA256 of the id under the site's participant secret.
#[must_use]
pub fn proof(secret: &[u8], participant: &str) -> String {
    mac(secret, participant).map(|mac| hex(&mac.finalize().into_bytes())).unwrap_or_default()
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal text in either case; `None` if it is not.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pair = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).map(pair).collect()
}

fn proves(secret: &[u8], participant: &str, given: &[u8]) -> bool {
    mac(secret, participant).is_some_and(|mac| mac.verify_slice(given).is_ok())
}

fn mac(secret: &[u8], participant: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(participant.as_bytes());
    Some(mac)
}

/// Looks at every key in full, so that the time taken says nothing about how close a guess was.
fn contains(keys: &[String], given: &str) -> bool {
    let mut found = subtle::Choice::from(0);
    for key in keys {
        found |= key.as_bytes().ct_eq(given.as_bytes());
    }
    found.into()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    // Participants are opaque text, so the header may hold UTF-8.
    headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn secrets() -> Secrets {
        Secrets {
            publishable_keys: vec!["pk_one".to_owned(), "pk_two".to_owned()],
            secret_keys: vec!["sk_one".to_owned()],
            participant_secret: b"quiet".to_vec(),
            token_keys: Vec::new(),
        }
    }

    fn read(pairs: &[(&'static str, &str)]) -> Result<Caller, Code> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Caller::read(&headers, &secrets())
    }

    #[test]
    fn the_proof_is_plain_hmac_sha256() {
        // Computed with Python's hmac.
        assert_eq!(
            proof(b"key", "The quick brown fox jumps over the lazy dog"),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        );
    }

    #[test]
    fn keys_say_who_asks() {
        assert_eq!(read(&[]), Err(Code::KeyMissing));
        assert_eq!(read(&[("authorization", "pk_one")]), Err(Code::KeyMissing));
        assert_eq!(read(&[("authorization", "Bearer pk_on")]), Err(Code::KeyWrong));
        assert_eq!(read(&[("authorization", "Bearer ")]), Err(Code::KeyWrong));
        assert_eq!(read(&[("authorization", "Bearer sk_one")]), Ok(Caller::Backend));
        assert_eq!(read(&[("authorization", "Bearer pk_two")]), Ok(Caller::Page(None)));
    }

    #[test]
    fn a_named_participant_has_to_be_proven() {
        let key = ("authorization", "Bearer pk_one");
        let good = proof(b"quiet", "小明");
        assert_eq!(
            read(&[key, (PARTICIPANT, "小明"), (PROOF, &good)]),
            Ok(Caller::Page(Some("小明".to_owned())))
        );
        assert_eq!(read(&[key, (PARTICIPANT, "小明")]), Err(Code::ProofWrong));
        assert_eq!(read(&[key, (PARTICIPANT, "小红"), (PROOF, &good)]), Err(Code::ProofWrong));
        assert_eq!(read(&[key, (PARTICIPANT, "小明"), (PROOF, &good[2..])]), Err(Code::ProofWrong));
        assert_eq!(read(&[key, (PARTICIPANT, "小明"), (PROOF, "zz")]), Err(Code::ProofWrong));
    }

    #[test]
    fn hex_goes_there_and_back() {
        assert_eq!(unhex(&hex(&[0, 15, 255])), Some(vec![0, 15, 255]));
        assert_eq!(unhex("0"), None);
        assert_eq!(unhex("+1"), None);
    }
}
