//! The units of a poster: sizes, boxes and colours.

use std::ops::Deref;

use crate::campaign::decode::{Blank, Cx, Decode};
use crate::campaign::problem::code;
use crate::campaign::units::Int;
use crate::gather::Gather;
use crate::json::tree::{Data, Node};

/// The width and height of a poster in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// From the left to the right edge.
    pub width: i32,
    /// From the upper to the lower edge.
    pub height: i32,
}

impl Blank for Size {
    fn blank() -> Self {
        Self { width: 0, height: 0 }
    }
}

impl Decode for Size {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let [width, height] = entries::<Int<100, 4_000>, 2>(node, cx)?.map(|side| pixels(side.get()));
        Some(Self { width, height })
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({
            "type": "array", "items": Int::<100, 4_000>::shape(), "minItems": 2, "maxItems": 2
        })
    }
}

/// A box: left, top, width and, where a text does not decide it, height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The left edge.
    pub left: Length,
    /// The upper edge.
    pub top: Length,
    /// The width.
    pub width: Length,
    /// The height.
    pub height: Option<Length>,
}

impl Blank for At {
    fn blank() -> Self {
        let zero = Length::Pixels(0);
        Self { left: zero, top: zero, width: zero, height: None }
    }
}

impl Decode for At {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if node.entries().len() == 3 {
            let [left, top, width] = entries(node, cx)?;
            return Some(Self { left, top, width, height: None });
        }
        let [left, top, width, height] = entries(node, cx)?;
        Some(Self { left, top, width, height: Some(height) })
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({ "type": "array", "items": Length::shape(), "minItems": 3, "maxItems": 4 })
    }
}

/// Pixels of the template, or a part of its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Pixels.
    Pixels(i32),
    /// Per cent of the poster's width or height.
    Percent(i32),
}

impl Length {
    /// The pixels, of a poster that is `whole` pixels wide or high.
    #[must_use]
    pub fn of(self, whole: i32) -> i32 {
        match self {
            Length::Pixels(pixels) => pixels,
            Length::Percent(percent) => whole * percent / 100,
        }
    }
}

impl Decode for Length {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if let Data::Text(text) = &node.data {
            let percent = text.strip_suffix('%').and_then(|digits| digits.parse().ok());
            let percent = percent.filter(|percent| (-100..=200).contains(percent));
            if percent.is_none() {
                cx.wrong_shape(code::PERCENT_SHAPE, node, &["50%"]);
            }
            return percent.map(Length::Percent);
        }
        // Left of and above the poster a decoration may begin.
        if let Data::Number(raw) = &node.data
            && let Some(pixels) = raw.parse().ok().filter(|pixels| (-4_000..0).contains(pixels))
        {
            return Some(Length::Pixels(pixels));
        }
        Int::<0, 4_000>::decode(node, cx).map(|value| Length::Pixels(pixels(value.get())))
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [
            { "type": "integer", "minimum": -4000, "maximum": 4000 },
            { "type": "string", "pattern": "^(\\+?0*(200|1?[0-9]{1,2})|-0*(100|[0-9]{1,2}))%$" }
        ] })
    }
}

/// A colour, `#rgb`, `#rrggbb` or, where something shows through, `#rrggbbaa`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tint(String);

impl Tint {
    pub(crate) const fn new(text: String) -> Self {
        Self(text)
    }
}

impl Deref for Tint {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Blank for Tint {
    fn blank() -> Self {
        Self(String::new())
    }
}

impl Decode for Tint {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let is_tint = |text: &&str| {
            let digits = text.strip_prefix('#').unwrap_or("");
            matches!(digits.len(), 3 | 6 | 8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let tint = node.text().filter(is_tint);
        if tint.is_none() {
            cx.wrong_shape(code::COLOUR_SHAPE, node, &["#e8552d"]);
        }
        tint.map(|text| Self(text.to_owned()))
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$" })
    }
}

pub(crate) fn pixels(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// The entries of a list of just so many.
fn entries<T: Decode, const N: usize>(node: &Node<'_>, cx: &mut Cx) -> Option<[T; N]> {
    let list = node.entries();
    if list.len() != N {
        cx.error(code::LIST_LENGTH, node.start, |subject| {
            (
                format!("{subject} must be a list of {N} numbers."),
                format!("{subject} 应为 {N} 个数字的列表。"),
            )
        });
        return None;
    }
    let read: Vec<T> = (0..)
        .zip(list)
        .filter_map(|(at, entry): (usize, _)| cx.within(&at.to_string(), |cx| T::decode(entry, cx)))
        .gather();
    <[T; N]>::try_from(read).ok()
}
