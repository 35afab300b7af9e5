//! Reads a whole document into a tree that remembers where every value stood.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::{DEPTH, Fault, FaultKind};
use crate::sorted::SortedSet;

/// A value and the bytes it was written in.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'a> {
    /// The offset of its first byte.
    pub start: usize,
    /// The offset behind its last byte.
    pub end: usize,
    /// The value.
    pub data: Data<'a>,
}

/// A JSON value; numbers stay as they were written.
#[derive(Clone, Debug, PartialEq)]
pub enum Data<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, unchanged, so that nothing is rounded.
    Number(&'a str),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Node<'a>>),
    /// An object, its members in the order of the text.
    Object(Vec<Member<'a>>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Member<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// The offset of the key's opening quote.
    pub key_start: usize,
    /// The value.
    pub value: Node<'a>,
}

/// What came of reading a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<'a> {
    /// The tree, unless the text breaks off JSON's grammar. Of a repeated key it holds the first member.
    pub root: Option<Node<'a>>,
    /// What is wrong, in the order of the text; at most [`MOST_FAULTS`].
    pub faults: Vec<Located>,
}

/// A fault and the RFC 6901 pointer of the value in which it was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// What and where.
    pub fault: Fault,
    /// The value being read; for a repeated key, that key.
    pub pointer: String,
}

/// How many repeated keys are listed before the rest is left out.
pub const MOST_FAULTS: usize = 100;

/// Reads one JSON value that fills the text.
///
/// ```
/// use kfactor::json::tree::parse;
/// let parsed = parse(r#"{"runs": {"from": 1, "from": 2}}"#);
/// assert_eq!(parsed.faults[0].pointer, "/runs/from");
/// assert!(parse("{").root.is_none());
/// ```
#[must_use]
pub fn parse(text: &str) -> Parsed<'_> {
    let mut reader = Reader { cursor: Cursor::new(text), pointer: String::new(), faults: Vec::new() };
    let root = reader.value(0).and_then(|node| {
        reader.cursor.space();
        match reader.cursor.peek() {
            None => Ok(node),
            Some(_) => Err(Fault { kind: FaultKind::Trailing, offset: reader.cursor.at }),
        }
    });
    let root = root.map_err(|fault| reader.report(fault)).ok();
    Parsed { root, faults: reader.faults }
}

/// The line and the column of a byte, both from 1; a column is one Unicode character.
///
/// ```
/// assert_eq!(kfactor::json::tree::line_column("a\n助力x", 8), (2, 3));
/// ```
#[must_use]
pub fn line_column(text: &str, offset: usize) -> (u32, u32) {
    let mut place = Place::default();
    place.advance(text, offset);
    (place.line, place.column)
}

/// A walk through a text that knows its line and column; going on costs only the way between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    at: usize,
    pub line: u32,
    pub column: u32,
}

impl Default for Place {
    fn default() -> Self {
        Self { at: 0, line: 1, column: 1 }
    }
}

impl Place {
    /// Goes forward to the byte `offset` of `text`.
    pub fn advance(&mut self, text: &str, offset: usize) {
        let end = offset.min(text.len());
        for &byte in text.as_bytes().get(self.at..end).unwrap_or_default() {
            if byte == b'\n' {
                self.line += 1;
                self.column = 1;
            } else if byte & 0xC0 != 0x80 {
                // Every byte but the later ones of a character.
                self.column += 1;
            }
        }
        self.at = self.at.max(end);
    }
}

/// Appends a key to an RFC 6901 pointer.
pub(crate) fn push_key(pointer: &mut String, key: &str) {
    pointer.push('/');
    for character in key.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

impl<'a> Node<'a> {
    /// The value of a member, if this is an object that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.members().iter().find(|member| member.key == key).map(|member| &member.value)
    }

    /// The members, if this is an object; otherwise none.
    #[must_use]
    pub fn members(&self) -> &[Member<'a>] {
        match &self.data {
            Data::Object(members) => members,
            _ => &[],
        }
    }

    /// The entries of a list; none of any other value.
    #[must_use]
    pub fn entries(&self) -> &[Node<'a>] {
        match &self.data {
            Data::List(entries) => entries,
            _ => &[],
        }
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    /// The value being read; after a fault it stays where the fault was met.
    pointer: String,
    faults: Vec<Located>,
}

impl<'a> Reader<'a> {
    fn report(&mut self, fault: Fault) {
        if self.faults.len() < MOST_FAULTS || fault.kind != FaultKind::Duplicate {
            self.faults.push(Located { fault, pointer: self.pointer.clone() });
        }
    }

    fn value(&mut self, depth: u32) -> Result<Node<'a>, Fault> {
        self.cursor.space();
        let start = self.cursor.at;
        let data = match self.cursor.peek() {
            Some(b'{' | b'[') if depth >= DEPTH => {
                return Err(Fault { kind: FaultKind::Depth, offset: start });
            }
            Some(b'{') => Data::Object(self.object(depth + 1)?),
            Some(b'[') => Data::List(self.list(depth + 1)?),
            Some(b'"') => Data::Text(self.cursor.string()?),
            Some(b'-' | b'0'..=b'9') => Data::Number(self.cursor.number()?.raw),
            Some(b't') => self.cursor.literal("true").map(|()| Data::Bool(true))?,
            Some(b'f') => self.cursor.literal("false").map(|()| Data::Bool(false))?,
            Some(b'n') => self.cursor.literal("null").map(|()| Data::Null)?,
            _ => return Err(self.cursor.unexpected()),
        };
        Ok(Node { start, end: self.cursor.at, data })
    }

    fn list(&mut self, depth: u32) -> Result<Vec<Node<'a>>, Fault> {
        let mut items = Vec::new();
        self.cursor.at += 1;
        if self.closes(b']') {
            return Ok(items);
        }
        let outer = self.pointer.len();
        loop {
            push_key(&mut self.pointer, &items.len().to_string());
            items.push(self.value(depth)?);
            self.pointer.truncate(outer);
            if self.closes(b']') {
                return Ok(items);
            }
            self.cursor.expect(b',')?;
        }
    }

    fn object(&mut self, depth: u32) -> Result<Vec<Member<'a>>, Fault> {
        let mut members: Vec<Member<'a>> = Vec::new();
        let mut seen = SortedSet::default();
        self.cursor.at += 1;
        if self.closes(b'}') {
            return Ok(members);
        }
        let outer = self.pointer.len();
        loop {
            self.cursor.space();
            let key_start = self.cursor.at;
            let key = self.cursor.key()?;
            push_key(&mut self.pointer, &key);
            let first = seen.insert(key.clone());
            if !first {
                self.report(Fault { kind: FaultKind::Duplicate, offset: key_start });
            }
            let value = self.value(depth)?;
            self.pointer.truncate(outer);
            if first {
                members.push(Member { key, key_start, value });
            }
            if self.closes(b'}') {
                return Ok(members);
            }
            self.cursor.expect(b',')?;
        }
    }

    fn closes(&mut self, bracket: u8) -> bool {
        self.cursor.space();
        let closes = self.cursor.peek() == Some(bracket);
        self.cursor.at += usize::from(closes);
        closes
    }
}
