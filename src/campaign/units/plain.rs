//! Numbers, words, text and lists.

use std::ops::Deref;

use crate::campaign::decode::{Blank, Cx, Decode, clip, wanted};
use crate::campaign::problem::code;
use crate::json::tree::{Data, Node};

#[cfg(feature = "schema")]
use schemars::{Schema, json_schema};

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Int<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Int<MIN, MAX> {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The nearest number within the bounds; for defaults.
    #[must_use]
    pub const fn clamped(value: u32) -> Self {
        Self(if value < MIN {
            MIN
        } else if value > MAX {
            MAX
        } else {
            value
        })
    }
}

impl<const MIN: u32, const MAX: u32> Blank for Int<MIN, MAX> {
    fn blank() -> Self {
        Self(MIN)
    }
}

impl<const MIN: u32, const MAX: u32> Decode for Int<MIN, MAX> {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        decode_whole(node, cx, MIN, MAX).map(Self)
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }

    #[cfg(feature = "schema")]
    fn note_default(&self, schema: &mut Schema) {
        schema.insert("default".into(), self.0.into());
    }
}

// One function for all bounds, as for texts and lists below: the WebAssembly would have dozens of each.
#[inline(never)]
fn decode_whole(node: &Node<'_>, cx: &mut Cx, min: u32, max: u32) -> Option<u32> {
    let is_whole = |raw: &str| raw.strip_prefix('-').unwrap_or(raw).bytes().all(|b| b.is_ascii_digit());
    let raw = match &node.data {
        Data::Number(raw) if is_whole(raw) => *raw,
        Data::Text(text) if !text.is_empty() && text.len() < 11 && is_whole(text) => {
            cx.wrong_type(node, || wanted("a whole number without quotes", "不带引号的整数"))
                .suggest(|_| Some(text.to_string()));
            return None;
        }
        Data::Number(raw) => {
            cx.error(code::TYPE_WRONG, node.start, |subject| {
                let raw = clip(raw);
                (
                    format!("{subject} must be a whole number, not {raw}."),
                    format!("{subject} 应为整数，而不是 {raw}。"),
                )
            })
            .suggest(|_| whole(raw));
            return None;
        }
        _ => {
            cx.wrong_type(node, || wanted("a whole number", "整数"));
            return None;
        }
    };
    let value = raw.parse::<u32>().ok().filter(|value| (min..=max).contains(value));
    if value.is_none() {
        cx.error(code::NUMBER_RANGE, node.start, |subject| {
            let raw = clip(raw);
            (
                format!("{subject} must be from {min} to {max}, not {raw}."),
                format!("{subject} 应在 {min} 到 {max} 之间，现在是 {raw}。"),
            )
        });
    }
    value
}

/// A whole number that some programs write with decimals, as `10.0`.
fn whole(raw: &str) -> Option<String> {
    let (whole, decimals) = raw.split_once('.')?;
    decimals.bytes().all(|digit| digit == b'0').then(|| whole.to_owned())
}

impl Blank for bool {
    fn blank() -> Self {
        false
    }
}

impl Decode for bool {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if let Data::Bool(value) = node.data {
            return Some(value);
        }
        cx.wrong_type(node, || wanted("true or false", " true 或 false"));
        None
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({ "type": "boolean" })
    }

    #[cfg(feature = "schema")]
    fn note_default(&self, schema: &mut Schema) {
        schema.insert("default".into(), (*self).into());
    }
}

impl<T> Blank for Option<T> {
    fn blank() -> Self {
        None
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        T::decode(node, cx).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        T::shape()
    }
}

/// Text of 1 to `MAX` Unicode characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Blank for Text<MAX> {
    fn blank() -> Self {
        Self(String::new())
    }
}

impl<const MAX: usize> Decode for Text<MAX> {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        decode_text(node, cx, MAX).map(Self)
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}

#[inline(never)]
fn decode_text(node: &Node<'_>, cx: &mut Cx, max: usize) -> Option<String> {
    let text = cx.text(node, || wanted("text in quotes", "引号中的文本"))?;
    let length = text.chars().count();
    if (1..=max).contains(&length) {
        return Some(text.to_owned());
    }
    cx.error(code::TEXT_LENGTH, node.start, |subject| {
        (
            format!("{subject} must have 1 to {max} characters; it has {length}."),
            format!("{subject} 应有 1 到 {max} 个字符，现在有 {length} 个。"),
        )
    });
    None
}

/// The address of a page, `https://…`, of at most 1000 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(String);

impl Deref for Url {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Blank for Url {
    fn blank() -> Self {
        Self(String::new())
    }
}

impl Decode for Url {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        let is_url = |text: &&str| {
            let host = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
            let printable = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\');
            text.len() <= 1_000 && text.chars().all(printable) && host.is_some_and(|host| !host.is_empty())
        };
        let url = node.text().filter(is_url);
        if url.is_none() {
            cx.wrong_shape(code::URL_SHAPE, node, &["https://example.com/page"]).suggest(|_| {
                let secure = node.text().map(|text| text.replacen("http://", "https://", 1));
                secure.filter(|text| is_url(&text.as_str()))
            });
        }
        url.map(|url| Self(url.to_owned()))
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({
            "title": "Address",
            "type": "string",
            "pattern": r#"^https://[!$-.0-;=@-\[\]-~][!#-;=?-\[\]-~]*$"#,
            "maxLength": 1_000
        })
    }
}

/// A list of `MIN` to `MAX` entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T, const MIN: usize, const MAX: usize>(Vec<T>);

impl<T, const MIN: usize, const MAX: usize> Deref for List<T, MIN, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MIN: usize, const MAX: usize> Blank for List<T, MIN, MAX> {
    fn blank() -> Self {
        Self(Vec::new())
    }
}

impl<T: Decode, const MIN: usize, const MAX: usize> Decode for List<T, MIN, MAX> {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        decode_list(node, cx, MIN, MAX).map(Self)
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({ "type": "array", "items": T::shape(), "minItems": MIN, "maxItems": MAX })
    }
}

/// The most entries of a list that names no bounds of its own.
const MOST_ENTRIES: usize = 100;

impl<T> Blank for Vec<T> {
    fn blank() -> Self {
        Vec::new()
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        decode_list(node, cx, 0, MOST_ENTRIES)
    }

    #[cfg(feature = "schema")]
    fn shape() -> Schema {
        json_schema!({ "type": "array", "items": T::shape(), "maxItems": MOST_ENTRIES })
    }

    #[cfg(feature = "schema")]
    fn note_default(&self, schema: &mut Schema) {
        if self.is_empty() {
            schema.insert("default".into(), Vec::<bool>::new().into());
        }
    }
}

fn decode_list<T: Decode>(node: &Node<'_>, cx: &mut Cx, min: usize, max: usize) -> Option<Vec<T>> {
    let mut list = Vec::new();
    let length = each_entry(node, cx, min, max, &mut |item, cx| {
        if let Some(entry) = T::decode(item, cx) {
            list.push(entry);
        }
    })?;
    (list.len() == length).then_some(list)
}

/// Reads the entries of a list of the right length; gives the length.
#[inline(never)]
fn each_entry(
    node: &Node<'_>,
    cx: &mut Cx,
    min: usize,
    max: usize,
    read: &mut dyn FnMut(&Node<'_>, &mut Cx),
) -> Option<usize> {
    let Data::List(items) = &node.data else {
        cx.wrong_type(node, || wanted("a list in square brackets", "方括号中的列表"))
            .suggest(|_| node.text().map(|text| format!("[\"{text}\"]")).filter(|list| !list.contains('\\')));
        return None;
    };
    let length = items.len();
    if !has_right_length(node, cx, length, min, max) {
        return None;
    }
    for (position, item) in items.iter().enumerate() {
        cx.within_entry(position, |cx| read(item, cx));
    }
    Some(length)
}

/// Whether a list or an object has as many entries as it may; if not, that is reported.
#[inline(never)]
pub(crate) fn has_right_length(node: &Node<'_>, cx: &mut Cx, length: usize, min: usize, max: usize) -> bool {
    if (min..=max).contains(&length) {
        return true;
    }
    let code = if length == 0 { code::LIST_EMPTY } else { code::LIST_LENGTH };
    cx.error(code, node.start, |subject| {
        if length == 0 && matches!(node.data, Data::List(_)) {
            return (format!("{subject} must not be empty."), format!("{subject} 不能为空。"));
        }
        (
            format!("{subject} must have {min} to {max} entries; it has {length}."),
            format!("{subject} 应有 {min} 到 {max} 项，现在有 {length} 项。"),
        )
    });
    false
}
