//! The referral code a person reads out or types: seven symbols and a check, shown as `XXXX-XXXX`.
//!
//! The 29 symbols have no vowels, so no words arise, and no `1`, `I` or `L`. Counted from the right, the
//! check symbol has weight 2^0 and the data symbols weights 2^1 to 2^7; the weighted sum is 0 modulo 29.
//! As 29 is prime and no two weights at distance one or two differ by a multiple of it, every single wrong
//! symbol and every swap of two symbols that are neighbours or have one symbol between them is noticed.
//!
//! A code is no secret: 34 bits can be guessed, so whoever looks codes up has to limit the rate.

/// A number below 29^7 in a form for people.
///
/// ```
/// use kfactor::attribution::{CodeError, ReferralCode};
/// let code = ReferralCode::from_number(12_345_678)?;
/// assert_eq!(code.to_string(), "00MG-6S2M");
/// assert_eq!(ReferralCode::parse(" oomg6s2m "), Ok(code));
/// assert_eq!(ReferralCode::parse("00MG-6S2N"), Err(CodeError::Check));
/// # Ok::<(), CodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReferralCode(u64);

/// Why a text is not a referral code, or a number cannot become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// The number is not below [`ReferralCode::COUNT`].
    Range,
    /// The text does not have eight symbols of the alphabet.
    Malformed,
    /// The text has the form of a code, but a symbol is wrong or two are swapped.
    Check,
}

impl ReferralCode {
    /// How many codes there are: 29^7.
    pub const COUNT: u64 = 17_249_876_309;

    /// The code of a number.
    ///
    /// # Errors
    ///
    /// [`CodeError::Range`] unless the number is below [`ReferralCode::COUNT`].
    pub fn from_number(number: u64) -> Result<ReferralCode, CodeError> {
        if number < ReferralCode::COUNT { Ok(ReferralCode(number)) } else { Err(CodeError::Range) }
    }

    /// The number of the code.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// Reads a code as people type it: in either case, in full-width letters, with `O` for `0`, with spaces
    /// and hyphens anywhere.
    ///
    /// # Errors
    ///
    /// [`CodeError::Malformed`] if there are not exactly eight symbols of the alphabet;
    /// [`CodeError::Check`] if the check symbol does not fit the others.
    pub fn parse(text: &str) -> Result<ReferralCode, CodeError> {
        let mut number = 0u64;
        let mut weighted = 0u64;
        let mut length = 0usize;
        for typed in text.chars().map(half_width).filter(|typed| !is_separator(*typed)) {
            let value = value_of(typed).ok_or(CodeError::Malformed)?;
            length += 1;
            match length {
                1..LENGTH => number = number * BASE + value,
                LENGTH => {}
                _ => return Err(CodeError::Malformed),
            }
            weighted = weighted * 2 + value;
        }
        match length {
            LENGTH if weighted.is_multiple_of(BASE) => Ok(ReferralCode(number)),
            LENGTH => Err(CodeError::Check),
            _ => Err(CodeError::Malformed),
        }
    }
}

impl std::fmt::Display for ReferralCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use std::fmt::Write;
        let mut weighted = 0;
        for place in (0..DATA_SYMBOLS).rev() {
            let value = self.0 / BASE.pow(place) % BASE;
            weighted = (weighted + value) * 2;
            f.write_char(symbol_of(value))?;
            if place == DATA_SYMBOLS - 4 {
                f.write_char('-')?;
            }
        }
        f.write_char(symbol_of((BASE - weighted % BASE) % BASE))
    }
}

impl CodeError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            CodeError::Range => "CODE_RANGE",
            CodeError::Malformed => "CODE_MALFORMED",
            CodeError::Check => "CODE_CHECK",
        }
    }
}

impl std::fmt::Display for CodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            CodeError::Range => "the number is too large for a referral code",
            CodeError::Malformed => "the text does not have the eight symbols of a referral code",
            CodeError::Check => "a symbol of the referral code is wrong, or two are swapped",
        })
    }
}

impl std::error::Error for CodeError {}

const ALPHABET: &str = "023456789BCDFGHJKMNPQRSTVWXYZ";
const BASE: u64 = 29;
const DATA_SYMBOLS: u32 = 7;
const LENGTH: usize = 8;

fn symbol_of(value: u64) -> char {
    ALPHABET
        .bytes()
        .zip(0..)
        .find_map(|(symbol, at)| (at == value).then_some(char::from(symbol)))
        .unwrap_or('0')
}

fn value_of(typed: char) -> Option<u64> {
    let symbol = match typed.to_ascii_uppercase() {
        'O' => '0',
        other => other,
    };
    ALPHABET.chars().zip(0..).find_map(|(candidate, at)| (candidate == symbol).then_some(at))
}

/// Chinese input methods type letters, digits and the hyphen of the block U+FF01–U+FF5E.
fn half_width(typed: char) -> char {
    match typed {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(typed) - 0xFEE0).unwrap_or(typed),
        other => other,
    }
}

fn is_separator(typed: char) -> bool {
    typed.is_whitespace() || matches!(typed, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_keep_their_form() {
        // Computed with an independent implementation.
        let codes = [
            (0, "0000-0000"),
            (1, "0000-002Y"),
            (28, "0000-00Z3"),
            (29, "0000-020W"),
            (12_345_678, "00MG-6S2M"),
            (1_234_567_890, "336H-W3K8"),
            (ReferralCode::COUNT - 1, "ZZZZ-ZZZS"),
        ];
        for (number, text) in codes {
            let code = ReferralCode::from_number(number).unwrap();
            assert_eq!((code.to_string().as_str(), code.number()), (text, number));
            assert_eq!(ReferralCode::parse(text), Ok(code));
        }
        assert_eq!(ReferralCode::COUNT, BASE.pow(DATA_SYMBOLS));
        assert_eq!(ReferralCode::from_number(ReferralCode::COUNT), Err(CodeError::Range));
        assert_eq!(ReferralCode::from_number(u64::MAX), Err(CodeError::Range));
    }

    #[test]
    fn people_type_codes_in_many_ways() {
        let code = ReferralCode::from_number(12_345_678);
        for text in [
            "00MG-6S2M",
            "oOmg6s2m",
            " 00mg 6s2m\n",
            "0-0-M-G-6-S-2-M",
            "00MG—6S2M",
            "００ＭＧ－６Ｓ２Ｍ",
            "ｏｏｍｇ\u{3000}６ｓ２ｍ",
        ] {
            assert_eq!(ReferralCode::parse(text), code, "{text}");
        }
    }

    #[test]
    fn a_wrong_form_is_told_from_a_wrong_check() {
        for text in [
            "",
            "----",
            "00MG-6S2",
            "00MG-6S2M0",
            "00MG-6S2A",
            "00MG-6S21",
            "00MG_6S2M",
            "00MG-6S2我",
            "00MG-6S2M00MG-6S2M",
        ] {
            assert_eq!(ReferralCode::parse(text), Err(CodeError::Malformed), "{text}");
        }
        assert_eq!(ReferralCode::parse("00MG-6S2N"), Err(CodeError::Check));
        assert_eq!(CodeError::Check.code(), "CODE_CHECK");
    }

    fn plain(code: ReferralCode) -> Vec<u8> {
        code.to_string().bytes().filter(|symbol| *symbol != b'-').collect()
    }

    fn parse(symbols: &[u8]) -> Result<ReferralCode, CodeError> {
        ReferralCode::parse(std::str::from_utf8(symbols).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn numbers_and_codes_are_one_to_one(number in 0..ReferralCode::COUNT) {
            let code = ReferralCode::from_number(number).unwrap();
            prop_assert_eq!(ReferralCode::parse(&code.to_string()).map(ReferralCode::number), Ok(number));
        }

        #[test]
        fn every_single_error_is_noticed(number in 0..ReferralCode::COUNT) {
            let symbols = plain(ReferralCode::from_number(number).unwrap());
            for position in 0..LENGTH {
                for wrong in ALPHABET.bytes().filter(|wrong| *wrong != symbols[position]) {
                    let mut typed = symbols.clone();
                    typed[position] = wrong;
                    prop_assert_eq!(parse(&typed), Err(CodeError::Check));
                }
            }
        }

        #[test]
        fn every_adjacent_and_jump_transposition_is_noticed(number in 0..ReferralCode::COUNT) {
            let symbols = plain(ReferralCode::from_number(number).unwrap());
            for distance in [1, 2] {
                for position in 0..LENGTH - distance {
                    let mut typed = symbols.clone();
                    typed.swap(position, position + distance);
                    prop_assert_eq!(parse(&typed).is_ok(), typed == symbols);
                }
            }
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,30}") {
            if let Ok(code) = ReferralCode::parse(&text) {
                prop_assert_eq!(ReferralCode::parse(&code.to_string()), Ok(code));
            }
        }
    }
}
