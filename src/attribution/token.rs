//! Token KF1: 29 characters of base62 that carry where a visit came from.
//!
//! Thirteen payload bytes and eight bytes of HMAC-SHA256 over `"kf1"` and the payload form one big-endian
//! number, written in base62 (`0-9A-Za-z`, most significant first) and padded with `0` to 29 characters.
//! The payload, from its most significant bit:
//!
//! | version | kid | kind | campaign | touchpoint | inviter | day | depth |
//! |---|---|---|---|---|---|---|---|
//! | 3 | 3 | 2 | 20 | 20 | 40 | 12 | 4 |
//!
//! Version 1 is signed with the key `kid`. Version 0 is *open*: its tag is made with the empty key, which
//! finds errors of typing and scanning and proves nothing.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The fields of a token.
///
/// ```
/// use kfactor::attribution::{Token, TokenError};
/// let token = Token {
///     version: Token::SIGNED, kid: 2, kind: Token::SHARE,
///     campaign: 12_345, touchpoint: 678, inviter: 0x12_3456_789A, day: 400, depth: 3,
/// };
/// let key: Vec<u8> = (0..16).collect();
/// let text = token.mint(&key)?;
/// assert_eq!(text, "0OA2aaszmI1TKX80cBpKwKVR6Xxhi");
/// assert_eq!(Token::peek(&text)?.inviter, 0x12_3456_789A);
/// assert_eq!(Token::verify(&text, |kid| (kid == 2).then_some(&key))?, token);
/// assert_eq!(Token::verify(&text, |_| None::<Vec<u8>>), Err(TokenError::Invalid));
/// # Ok::<(), TokenError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// [`Token::SIGNED`] or [`Token::OPEN`].
    pub version: u8,
    /// Which of the backend's keys signed it, 0–7.
    pub kid: u8,
    /// What it stands for, 0–3: [`Token::TOUCHPOINT`], [`Token::SHARE`] or [`Token::LOOP_SHARE`].
    pub kind: u8,
    /// The campaign's number, 20 bits.
    pub campaign: u32,
    /// The touchpoint's number, 20 bits.
    pub touchpoint: u32,
    /// The inviter's share handle, 40 bits.
    pub inviter: u64,
    /// The day it was made: days since 2025-01-01, 12 bits.
    pub day: u16,
    /// How many shares lie before it, 0–15.
    pub depth: u8,
}

/// Why a text is not a token, or fields cannot become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// The named field is out of its range, or `version` is not the one the operation makes.
    Field(&'static str),
    /// The key has fewer than [`KEY_BYTES_MIN`] bytes.
    Key,
    /// The text is not a token: its length, alphabet, value, version, or the tag of an open token.
    Malformed,
    /// The text was not verified. It says nothing about which step failed.
    Invalid,
}

/// The shortest key that signs or verifies: 16 bytes.
pub const KEY_BYTES_MIN: usize = 16;

impl Token {
    /// The version that anyone can make.
    pub const OPEN: u8 = 0;
    /// The version that only a holder of the key can make.
    pub const SIGNED: u8 = 1;

    /// The kind of a touchpoint's token.
    pub const TOUCHPOINT: u8 = 0;
    /// The kind of a participant's share handle.
    pub const SHARE: u8 = 1;
    /// The kind of a participant's share handle for one loop.
    pub const LOOP_SHARE: u8 = 2;

    /// Reads the fields without a key. They may route and be shown; of a signed token they prove nothing yet.
    ///
    /// # Errors
    ///
    /// [`TokenError::Malformed`] unless the text is 29 base62 characters worth less than 2^168, of version 0
    /// or 1, and of version 0 with the tag of the empty key.
    pub fn peek(text: &str) -> Result<Token, TokenError> {
        let (payload, tag) = decode(text).ok_or(TokenError::Malformed)?;
        let token = Token::unpack(payload);
        match token.version {
            Token::SIGNED => Ok(token),
            Token::OPEN if is_genuine(&payload, &tag, &[]) => Ok(token),
            _ => Err(TokenError::Malformed),
        }
    }

    /// Writes a signed token. Only a backend has the key.
    ///
    /// # Errors
    ///
    /// [`TokenError::Field`] if a field is out of range or the version is not [`Token::SIGNED`];
    /// [`TokenError::Key`] if the key is too short.
    pub fn mint(&self, key: &[u8]) -> Result<String, TokenError> {
        if key.len() < KEY_BYTES_MIN {
            return Err(TokenError::Key);
        }
        encode(&self.pack(Token::SIGNED)?, key).ok_or(TokenError::Key)
    }

    /// Writes an open token, for pages whose backend cannot sign.
    ///
    /// # Errors
    ///
    /// [`TokenError::Field`] if a field is out of range or the version is not [`Token::OPEN`].
    pub fn open(&self) -> Result<String, TokenError> {
        encode(&self.pack(Token::OPEN)?, &[]).ok_or(TokenError::Key)
    }

    /// Reads the fields of a signed token that one of the `keys` made; `keys` maps a `kid` to its key.
    ///
    /// Tags are compared in constant time, and an unknown `kid` takes as long as a wrong tag.
    ///
    /// # Errors
    ///
    /// [`TokenError::Invalid`] for every failure alike: not a token, an open token, a `kid` without a key or
    /// with one shorter than [`KEY_BYTES_MIN`], a wrong tag.
    pub fn verify<K: AsRef<[u8]>>(text: &str, keys: impl Fn(u8) -> Option<K>) -> Result<Token, TokenError> {
        let (payload, tag) = decode(text).ok_or(TokenError::Invalid)?;
        let token = Token::unpack(payload);
        let key = keys(token.kid);
        let key = key.as_ref().map(AsRef::as_ref).filter(|key| key.len() >= KEY_BYTES_MIN);
        let is_genuine = is_genuine(&payload, &tag, key.unwrap_or(&[0; KEY_BYTES_MIN]));
        if is_genuine && key.is_some() && token.version == Token::SIGNED {
            Ok(token)
        } else {
            Err(TokenError::Invalid)
        }
    }

    fn pack(&self, version: u8) -> Result<Payload, TokenError> {
        if self.version != version {
            return Err(TokenError::Field("version"));
        }
        let fields = [
            ("version", u64::from(self.version), VERSION_BITS),
            ("kid", u64::from(self.kid), KID_BITS),
            ("kind", u64::from(self.kind), KIND_BITS),
            ("campaign", u64::from(self.campaign), CAMPAIGN_BITS),
            ("touchpoint", u64::from(self.touchpoint), TOUCHPOINT_BITS),
            ("inviter", self.inviter, INVITER_BITS),
            ("day", u64::from(self.day), DAY_BITS),
            ("depth", u64::from(self.depth), DEPTH_BITS),
        ];
        let mut packed = 0u128;
        for (name, value, bits) in fields {
            if value >> bits != 0 {
                return Err(TokenError::Field(name));
            }
            packed = packed << bits | u128::from(value);
        }
        let [_, _, _, payload @ ..] = packed.to_be_bytes();
        Ok(payload)
    }

    fn unpack(payload: Payload) -> Token {
        let mut rest = payload.iter().fold(0u128, |value, byte| value << 8 | u128::from(*byte));
        let mut take = |bits: u32| {
            let [.., a, b, c, d, e, f, g, h] = (rest & ((1 << bits) - 1)).to_be_bytes();
            rest >>= bits;
            [a, b, c, d, e, f, g, h]
        };
        let [.., depth] = take(DEPTH_BITS);
        let [.., day_high, day_low] = take(DAY_BITS);
        let inviter = take(INVITER_BITS);
        let [.., t0, t1, t2, t3] = take(TOUCHPOINT_BITS);
        let [.., c0, c1, c2, c3] = take(CAMPAIGN_BITS);
        let [.., kind] = take(KIND_BITS);
        let [.., kid] = take(KID_BITS);
        let [.., version] = take(VERSION_BITS);
        Token {
            version,
            kid,
            kind,
            campaign: u32::from_be_bytes([c0, c1, c2, c3]),
            touchpoint: u32::from_be_bytes([t0, t1, t2, t3]),
            inviter: u64::from_be_bytes(inviter),
            day: u16::from_be_bytes([day_high, day_low]),
            depth,
        }
    }
}

impl TokenError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            TokenError::Field(_) => "TOKEN_FIELD",
            TokenError::Key => "TOKEN_KEY",
            TokenError::Malformed => "TOKEN_MALFORMED",
            TokenError::Invalid => "TOKEN_INVALID",
        }
    }
}

impl std::fmt::Display for TokenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TokenError::Field(name) => write!(f, "the token's `{name}` is out of range"),
            TokenError::Key => write!(f, "the key is shorter than {KEY_BYTES_MIN} bytes"),
            TokenError::Malformed => f.write_str("the text is not a token"),
            TokenError::Invalid => f.write_str("the token could not be verified"),
        }
    }
}

impl std::error::Error for TokenError {}

const VERSION_BITS: u32 = 3;
const KID_BITS: u32 = 3;
const KIND_BITS: u32 = 2;
const CAMPAIGN_BITS: u32 = 20;
const TOUCHPOINT_BITS: u32 = 20;
const INVITER_BITS: u32 = 40;
const DAY_BITS: u32 = 12;
const DEPTH_BITS: u32 = 4;

type Payload = [u8; 13];
type Tag = [u8; 8];

/// Payload and tag as one number.
type Value = [u8; 21];

const LENGTH: usize = 29;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The authentication of a payload; `None` only if the algorithm refused a key, and HMAC takes any length.
fn mac(payload: &Payload, key: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(b"kf1");
    mac.update(payload);
    Some(mac)
}

fn is_genuine(payload: &Payload, tag: &Tag, key: &[u8]) -> bool {
    mac(payload, key).is_some_and(|mac| mac.verify_truncated_left(tag).is_ok())
}

/// Appends the tag and writes the whole in base62.
fn encode(payload: &Payload, key: &[u8]) -> Option<String> {
    let full_tag = mac(payload, key)?.finalize().into_bytes();
    let mut value: Value = [0; 21];
    for (byte, source) in value.iter_mut().zip(payload.iter().chain(&full_tag)) {
        *byte = *source;
    }
    let mut symbols = [b'0'; LENGTH];
    for symbol in symbols.iter_mut().rev() {
        let mut remainder = 0u16;
        for byte in &mut value {
            let part = remainder << 8 | u16::from(*byte);
            let [_, quotient] = (part / 62).to_be_bytes();
            *byte = quotient;
            remainder = part % 62;
        }
        *symbol = ALPHABET.get(usize::from(remainder)).copied().unwrap_or(b'0');
    }
    Some(symbols.into_iter().map(char::from).collect())
}

/// Reads exactly 29 base62 characters worth less than 2^168.
fn decode(text: &str) -> Option<(Payload, Tag)> {
    if text.len() != LENGTH {
        return None;
    }
    let mut value: Value = [0; 21];
    for symbol in text.bytes() {
        let mut carry = digit(symbol)?;
        for byte in value.iter_mut().rev() {
            let part = u16::from(*byte) * 62 + u16::from(carry);
            [carry, *byte] = part.to_be_bytes();
        }
        if carry != 0 {
            return None;
        }
    }
    let (payload, tag) = value.split_at(13);
    Some((payload.try_into().ok()?, tag.try_into().ok()?))
}

fn digit(symbol: u8) -> Option<u8> {
    match symbol {
        b'0'..=b'9' => Some(symbol - b'0'),
        b'A'..=b'Z' => Some(symbol - b'A' + 10),
        b'a'..=b'z' => Some(symbol - b'a' + 36),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    const TOKEN: Token = Token {
        version: Token::SIGNED,
        kid: 2,
        kind: Token::SHARE,
        campaign: 12_345,
        touchpoint: 678,
        inviter: 0x12_3456_789A,
        day: 400,
        depth: 3,
    };
    const ZEROS: Token =
        Token { version: 1, kid: 0, kind: 0, campaign: 0, touchpoint: 0, inviter: 0, day: 0, depth: 0 };
    const LARGEST: Token = Token {
        version: 1,
        kid: 7,
        kind: 3,
        campaign: 0xF_FFFF,
        touchpoint: 0xF_FFFF,
        inviter: 0xFF_FFFF_FFFF,
        day: 4_095,
        depth: 15,
    };

    fn verify(text: &str) -> Result<Token, TokenError> {
        Token::verify(text, |_| Some(KEY))
    }

    #[test]
    fn published_vectors() {
        let open = Token { version: Token::OPEN, kid: 0, ..TOKEN };
        assert_eq!(TOKEN.mint(&KEY).as_deref(), Ok("0OA2aaszmI1TKX80cBpKwKVR6Xxhi"));
        assert_eq!(ZEROS.mint(&KEY).as_deref(), Ok("0IqrnR9MGyn6xRc5vcEIr5yQNYo4J"));
        assert_eq!(LARGEST.mint(&KEY).as_deref(), Ok("0bhjasIiXxaDutEBrDq8oo8UBfAwu"));
        assert_eq!(open.open().as_deref(), Ok("00axLIRnR4258E6tCfr4X06YDycEE"));
        for token in [TOKEN, ZEROS, LARGEST] {
            assert_eq!(token.mint(&KEY).and_then(|text| verify(&text)), Ok(token));
        }
        assert_eq!(Token::peek("00axLIRnR4258E6tCfr4X06YDycEE"), Ok(open));
    }

    #[test]
    fn payload_and_tag_are_laid_out_as_published() {
        let payload = [0x29, 0x03, 0x03, 0x90, 0x02, 0xa6, 0x12, 0x34, 0x56, 0x78, 0x9a, 0x19, 0x03];
        let tag = 0xc8c7_9b4c_798a_bf3a_u64.to_be_bytes();
        assert_eq!(TOKEN.pack(Token::SIGNED), Ok(payload));
        assert_eq!(decode("0OA2aaszmI1TKX80cBpKwKVR6Xxhi"), Some((payload, tag)));
        // The vector of an unknown version: it encodes, and is refused as a token.
        let text = encode(&[0xFF; 13], &KEY).unwrap();
        assert_eq!(text, "2QowNVCsBqKtfYulQtFsIrtrKsWaY");
        assert_eq!(decode(&text).unwrap().1, [0x03, 0xbf, 0x10, 0x98, 0x54, 0x0a, 0x05, 0x8a]);
        assert_eq!(Token::peek(&text), Err(TokenError::Malformed));
        assert_eq!(verify(&text), Err(TokenError::Invalid));
    }

    #[test]
    fn values_from_two_to_the_168_are_refused() {
        assert_eq!(decode("2QowNVCsBqKtfYulQtbX2lWLQH487"), Some(([0xFF; 13], [0xFF; 8])));
        assert_eq!(decode("2QowNVCsBqKtfYulQtbX2lWLQH488"), None);
        assert_eq!(decode("zzzzzzzzzzzzzzzzzzzzzzzzzzzzz"), None);
    }

    #[test]
    fn fields_out_of_range_and_wrong_versions_are_refused() {
        let refused = [
            (Token { version: 2, ..TOKEN }, "version"),
            (Token { version: Token::OPEN, ..TOKEN }, "version"),
            (Token { kid: 8, ..TOKEN }, "kid"),
            (Token { kind: 4, ..TOKEN }, "kind"),
            (Token { campaign: 1 << 20, ..TOKEN }, "campaign"),
            (Token { touchpoint: 1 << 20, ..TOKEN }, "touchpoint"),
            (Token { inviter: 1 << 40, ..TOKEN }, "inviter"),
            (Token { day: 1 << 12, ..TOKEN }, "day"),
            (Token { depth: 16, ..TOKEN }, "depth"),
        ];
        for (token, name) in refused {
            assert_eq!(token.mint(&KEY), Err(TokenError::Field(name)));
        }
        assert_eq!(TOKEN.open(), Err(TokenError::Field("version")));
        assert_eq!(TokenError::Field("kid").code(), "TOKEN_FIELD");
    }

    #[test]
    fn short_keys_neither_sign_nor_verify() {
        assert_eq!(TOKEN.mint(&KEY[..15]), Err(TokenError::Key));
        let forged = encode(&TOKEN.pack(1).unwrap(), &[]).unwrap();
        assert_eq!(Token::verify(&forged, |_| Some([0u8; 0])), Err(TokenError::Invalid));
        let zero_key = TOKEN.mint(&[0; KEY_BYTES_MIN]).unwrap();
        assert_eq!(Token::verify(&zero_key, |_| None::<[u8; 16]>), Err(TokenError::Invalid));
    }

    #[test]
    fn an_open_token_is_never_verified_whatever_the_key() {
        let open = Token { version: Token::OPEN, ..TOKEN };
        assert_eq!(verify(&open.open().unwrap()), Err(TokenError::Invalid));
        let signed_anyway = encode(&open.pack(0).unwrap(), &KEY).unwrap();
        assert_eq!(verify(&signed_anyway), Err(TokenError::Invalid));
        assert_eq!(Token::peek(&signed_anyway), Err(TokenError::Malformed));
    }

    #[test]
    fn every_change_of_one_character_is_noticed() {
        let signed = TOKEN.mint(&KEY).unwrap();
        let open = Token { version: Token::OPEN, ..TOKEN }.open().unwrap();
        for position in 0..LENGTH {
            for symbol in ALPHABET {
                let change = |text: &str| {
                    let mut bytes = text.as_bytes().to_vec();
                    bytes[position] = *symbol;
                    String::from_utf8(bytes).unwrap()
                };
                assert_eq!(verify(&change(&signed)).is_ok(), change(&signed) == signed);
                // A change may turn version 0 into version 1; then it is a signed token that fails to verify.
                let read = Token::peek(&change(&open)).map(|token| token.version);
                assert_eq!(read == Ok(Token::OPEN), change(&open) == open);
                assert_eq!(verify(&change(&open)), Err(TokenError::Invalid));
            }
        }
    }

    #[test]
    fn text_that_is_not_29_base62_characters_is_malformed() {
        let text = TOKEN.mint(&KEY).unwrap();
        let wide = format!("{}é", &text[..27]);
        for bad in [
            "",
            "0",
            &text[..28],
            &format!("{text}0"),
            &text.replace('O', "-"),
            &format!(" {}", &text[1..]),
            &wide,
        ] {
            assert_eq!(Token::peek(bad), Err(TokenError::Malformed), "{bad}");
            assert_eq!(verify(bad), Err(TokenError::Invalid), "{bad}");
        }
    }

    prop_compose! {
        fn tokens()(
            version in 0u8..2, kid in 0u8..8, kind in 0u8..4, campaign in 0u32..1 << 20,
            touchpoint in 0u32..1 << 20, inviter in 0u64..1 << 40, day in 0u16..1 << 12, depth in 0u8..16,
        ) -> Token {
            Token { version, kid, kind, campaign, touchpoint, inviter, day, depth }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_was_written_is_read(token in tokens(), key in any::<[u8; 32]>(), other in any::<[u8; 32]>()) {
            if token.version == Token::OPEN {
                prop_assert_eq!(Token::peek(&token.open().unwrap()), Ok(token));
            } else {
                let text = token.mint(&key).unwrap();
                prop_assert_eq!(text.len(), LENGTH);
                prop_assert_eq!(Token::peek(&text), Ok(token));
                prop_assert_eq!(Token::verify(&text, |kid| (kid == token.kid).then_some(key)), Ok(token));
                prop_assert_eq!(Token::verify(&text, |kid| (kid != token.kid).then_some(key)), Err(TokenError::Invalid));
                prop_assert_eq!(Token::verify(&text, |_| Some(other)), Err(TokenError::Invalid));
            }
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,40}|[0-9A-Za-z]{29}|[01][0-9A-Za-z]{28}") {
            prop_assert!(verify(&text).is_err());
            prop_assert!(Token::peek(&text).is_ok_and(|token| token.version == Token::SIGNED)
                || Token::peek(&text) == Err(TokenError::Malformed));
        }
    }
}
