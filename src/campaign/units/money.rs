//! Currencies, amounts of money and percentages.

use super::mend;
use crate::campaign::decode::{Blank, Cx, Decode};
use crate::campaign::problem::code;
use crate::engine::money::Money;
use crate::json::tree::{Data, Node};

#[cfg(feature = "schema")]
use schemars::{Schema, json_schema};

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The renminbi.
    pub const CNY: Currency = Currency(*b"CNY");

    /// Reads three capital letters.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let letters = <[u8; 3]>::try_from(code.as_bytes()).ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The code that is meant by one that is widely used and not of ISO 4217.
    fn meant(&self) -> Option<&'static str> {
        let (_, meant) = MISNAMED.iter().find(|(used, _)| *used == self.code())?;
        Some(meant)
    }

    /// The decimals of an amount: ISO 4217 gives most currencies 2, some none and some 3.
    ///
    /// ```
    /// use kfactor::campaign::units::Currency;
    /// let digits = |code| Currency::parse(code).map(|currency| currency.digits());
    /// assert_eq!((digits("CNY"), digits("JPY"), digits("KWD")), (Some(2), Some(0), Some(3)));
    /// ```
    #[must_use]
    pub fn digits(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl Blank for Currency {
    fn blank() -> Self {
        Self(*b"CNY")
    }
}

/// Codes in wide use that ISO 4217 does not have, each with the one that it has.
const MISNAMED: [(&str, &str); 7] = [
    ("RMB", "CNY"),
    ("CNH", "CNY"),
    ("NTD", "TWD"),
    ("YEN", "JPY"),
    ("WON", "KRW"),
    ("UKP", "GBP"),
    ("SFR", "CHF"),
];

/// A value as it was written, if it is text or a number.
fn written<'n>(node: &'n Node<'_>) -> &'n str {
    match &node.data {
        Data::Text(text) => text,
        Data::Number(raw) => raw,
        _ => "",
    }
}

impl Decode for Currency {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let currency = node.text().and_then(Self::parse).filter(|currency| currency.meant().is_none());
        if currency.is_none() {
            let capital = || node.text().and_then(|text| Self::parse(&text.to_ascii_uppercase()));
            cx.wrong_shape(code::CURRENCY_SHAPE, node, &["CNY"])
                .because(|subject| {
                    let written = node.text()?;
                    let meant = capital()?.meant()?;
                    Some((
                        format!(
                            "{subject} is \"{written}\", which is no code of ISO 4217; that is \"{meant}\"."
                        ),
                        format!("{subject} 的值“{written}”不是 ISO 4217 货币代码，应写“{meant}”。"),
                    ))
                })
                .suggest(|_| {
                    let currency = capital()?;
                    Some(currency.meant().unwrap_or(currency.code()).to_owned())
                });
        }
        currency
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({ "title": "Currency", "type": "string", "pattern": "^[A-Z]{3}$" })
    }

    #[cfg(feature = "schema")]
    fn note_default(&self, schema: &mut Schema) {
        schema.insert("default".into(), self.code().into());
    }
}

impl Blank for Money {
    fn blank() -> Self {
        Self::default()
    }
}

impl Decode for Money {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let digits = cx.digits;
        let money = match &node.data {
            Data::Text(text) => Money::parse(text, digits),
            Data::Number(raw) => Money::parse(raw, digits),
            _ => None,
        };
        if money.is_none() {
            cx.wrong_shape(code::MONEY_SHAPE, node, &[&Money(4990).display(digits)])
                .because(|subject| mend::why_no_money(subject, written(node), digits))
                .suggest(|_| mend::money(written(node), digits));
        }
        money
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({
            "title": "Money",
            "type": ["string", "number"],
            "pattern": r"^[0-9]{1,16}(\.[0-9]{1,3})?$",
            "minimum": 0
        })
    }
}

/// A share in basis points, 0–10000, written as `"12.5%"`.
///
/// ```
/// use kfactor::campaign::units::Percent;
/// assert_eq!(Percent::parse("12.5%").map(Percent::basis_points), Some(1_250));
/// assert_eq!(Percent::parse("100.01%"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

impl Percent {
    /// Reads a percentage of at most 100 with at most two decimals.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix('%')?;
        let whole = number.split('.').next()?;
        if whole.len() > 2 && whole != "100" {
            return None;
        }
        let points = Money::parse(number, 2)?.0;
        u32::try_from(points).ok().filter(|&points| points <= 10_000).map(Self)
    }

    /// Hundredths of a percent.
    #[must_use]
    pub fn basis_points(self) -> u32 {
        self.0
    }
}

impl Blank for Percent {
    fn blank() -> Self {
        Self(0)
    }
}

impl Decode for Percent {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let percent = node.text().and_then(Self::parse);
        if percent.is_none() {
            cx.wrong_shape(code::PERCENT_SHAPE, node, &["12.5%"])
                .because(|subject| mend::why_no_percentage(subject, written(node)))
                .suggest(|_| mend::percentage(written(node)));
        }
        percent
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({
            "title": "Percentage",
            "type": "string",
            "pattern": r"^(100(\.00?)?|[0-9]{1,2}(\.[0-9]{1,2})?)%$"
        })
    }
}
