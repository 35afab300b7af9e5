//! Reads flat objects, as commands are, without copying: one object, an array of them, or one per line.

use std::borrow::Cow;

use super::cursor::{Cursor, Key};
use super::{Fault, FaultKind};

/// A member's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number written as an integer that fits 64 bits.
    Int(i64),
    /// A string, borrowed unless it holds an escape.
    Text(Cow<'a, str>),
    /// Any other value as it was written, its syntax checked: a fraction, a larger number, an array or an object.
    Other(&'a [u8]),
}

/// Walks over the objects of some text, in one pass and linear time.
///
/// ```
/// use kfactor_json::scan::{Scanner, Value};
/// use kfactor_json::Fault;
///
/// let mut scanner = Scanner::new(br#"[{"do":"help","risk":5},{"do":"tick"}]"#);
/// let mut acts = Vec::new();
/// while scanner.object(|key, value| {
///     if let ("do", Value::Text(act)) = (key, value) {
///         acts.push(act.into_owned());
///     }
///     Ok::<(), Fault>(())
/// })? {
///     assert!(scanner.raw().starts_with(b"{"));
/// }
/// assert_eq!(acts, ["help", "tick"]);
/// # Ok::<(), Fault>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    bytes: &'a [u8],
    /// The stretch of `bytes` from `base` that is UTF-8, and the position in it.
    cursor: Cursor<'a>,
    base: usize,
    array: bool,
    /// Nothing has been read of the array yet, so it may close.
    empty: bool,
    ended: bool,
    /// Where the object that is being read begins, and whether none of its members was read yet.
    start: usize,
    first: bool,
    raw: &'a [u8],
}

impl<'a> Scanner<'a> {
    /// Starts at the beginning of `bytes`; nothing is refused before [`Scanner::object`] reads.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut cursor = Cursor::new(valid(bytes));
        cursor.space();
        let array = cursor.peek() == Some(b'[');
        cursor.at += usize::from(array);
        Self { bytes, cursor, base: 0, array, empty: array, ended: false, start: 0, first: false, raw: &[] }
    }

    /// Whether the text is an array of objects; otherwise it is one object, or one per line.
    #[must_use]
    pub fn is_array(&self) -> bool {
        self.array
    }

    /// The bytes of the object read last, from `{` to `}`; empty after a fault in the text.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Reads the next object and calls `each` with every member in order; `false` at the end of the text.
    ///
    /// Keys may repeat: `each` decides what that means.
    ///
    /// # Errors
    /// * What `each` returned: the rest of that object is passed over, and the next call reads the next object.
    /// * A [`Fault`] of the text, with its offset in all of it. The next call goes on after an element that
    ///   is no object, or on the next line; within an array nothing can be read after any other fault.
    #[inline]
    pub fn object<E: From<Fault>>(
        &mut self,
        mut each: impl FnMut(&str, Value<'a>) -> Result<(), E>,
    ) -> Result<bool, E> {
        self.members(Cursor::key, |key, value| each(&key, value))
    }

    /// As [`Scanner::object`], where the keys are known: `each` is called with one of `keys`, or none for any other. Fastest where
    /// keys follow each other as they do in `keys`.
    ///
    /// # Errors
    /// As [`Scanner::object`].
    #[inline]
    pub fn known<'k, E: From<Fault>>(
        &mut self,
        keys: &'k [Key],
        each: impl FnMut(Option<&'k Key>, Value<'a>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let mut next = 0;
        let key = |cursor: &mut Cursor<'a>| {
            cursor.space();
            if let Some(place) = cursor.spelled(keys, next) {
                next = place + 1;
                return Ok(keys.get(place));
            }
            let name = cursor.key()?;
            Ok(keys.iter().find(|key| key.name == name))
        };
        self.members(key, each)
    }

    #[inline]
    fn members<K, E: From<Fault>>(
        &mut self,
        mut key: impl FnMut(&mut Cursor<'a>) -> Result<K, Fault>,
        mut each: impl FnMut(K, Value<'a>) -> Result<(), E>,
    ) -> Result<bool, E> {
        if !self.begin()? {
            return Ok(false);
        }
        let mut refused = None;
        loop {
            match self.member(&mut key) {
                Ok(Some((key, value))) if refused.is_none() => {
                    if let Err(reason) = each(key, value) {
                        refused = Some(reason);
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => return refused.map_or(Ok(true), Err),
                Err(fault) => return Err(self.fail(fault).into()),
            }
        }
    }

    /// Moves behind the brace that opens the next object; `false` at the end of the text.
    fn begin(&mut self) -> Result<bool, Fault> {
        self.raw = &[];
        self.cursor.space();
        if self.ended || (self.at_end() && !self.array) {
            return Ok(false);
        }
        if std::mem::take(&mut self.empty) && self.cursor.peek() == Some(b']') {
            return self.separator().map(|()| false).map_err(|fault| self.fail(fault));
        }
        self.start = self.base + self.cursor.at;
        self.first = true;
        match self.cursor.peek() {
            Some(b'{') => {
                self.cursor.at += 1;
                Ok(true)
            }
            Some(_) => Err(self.fail(Fault { kind: FaultKind::NotObject, offset: self.cursor.at })),
            None => Err(self.fail(self.cursor.unexpected())),
        }
    }

    /// Reads the next member of the object that was begun; `None` behind the last, where the object is left.
    #[inline]
    fn member<K>(
        &mut self,
        key: impl FnOnce(&mut Cursor<'a>) -> Result<K, Fault>,
    ) -> Result<Option<(K, Value<'a>)>, Fault> {
        let first = std::mem::take(&mut self.first);
        let cursor = &mut self.cursor;
        cursor.space();
        match cursor.peek() {
            Some(b'}') => {
                cursor.at += 1;
                let end = self.base + cursor.at;
                self.separator()?;
                self.raw = self.bytes.get(self.start..end).unwrap_or_default();
                return Ok(None);
            }
            Some(b',') if !first => cursor.at += 1,
            _ if first => {}
            _ => return Err(cursor.unexpected()),
        }
        let key = key(cursor)?;
        Ok(Some((key, value(cursor)?)))
    }

    fn at_end(&self) -> bool {
        self.base + self.cursor.at >= self.bytes.len()
    }

    /// Reads what must stand between this object and the next one.
    #[inline]
    fn separator(&mut self) -> Result<(), Fault> {
        let cursor = &mut self.cursor;
        if !self.array {
            while let Some(b' ' | b'\t' | b'\r') = cursor.peek() {
                cursor.at += 1;
            }
            return match cursor.peek() {
                Some(b'\n') => Ok(()),
                None if self.at_end() => Ok(()),
                _ => Err(Fault { kind: FaultKind::Trailing, offset: self.cursor.at }),
            };
        }
        cursor.space();
        match cursor.peek() {
            Some(b',') => {
                cursor.at += 1;
                Ok(())
            }
            Some(b']') => {
                cursor.at += 1;
                cursor.space();
                let trailing = Fault { kind: FaultKind::Trailing, offset: cursor.at };
                self.ended = self.at_end();
                if self.ended { Ok(()) } else { Err(trailing) }
            }
            _ => Err(cursor.unexpected()),
        }
    }

    /// Moves to where reading can go on, and gives the fault its offset in the whole text.
    #[cold]
    fn fail(&mut self, fault: Fault) -> Fault {
        let mut offset = self.base + fault.offset;
        let mut kind = fault.kind;
        let valid_end = self.base + self.cursor.text.len();
        if offset >= valid_end && valid_end < self.bytes.len() {
            (kind, offset) = (FaultKind::Utf8, valid_end);
        }
        if !self.array {
            self.next_line(offset);
        } else if kind != FaultKind::NotObject || self.cursor.skip(1).and_then(|()| self.separator()).is_err()
        {
            self.ended = true;
        }
        Fault { kind, offset }
    }

    fn next_line(&mut self, from: usize) {
        let rest = self.bytes.get(from..).unwrap_or_default();
        let line = rest.iter().position(|&byte| byte == b'\n').map_or(self.bytes.len(), |at| from + at + 1);
        if line <= self.base + self.cursor.text.len() {
            self.cursor.at = line - self.base;
        } else {
            self.cursor = Cursor::new(valid(self.bytes.get(line..).unwrap_or_default()));
            self.base = line;
        }
    }
}

#[inline(always)]
fn value<'a>(cursor: &mut Cursor<'a>) -> Result<Value<'a>, Fault> {
    cursor.space();
    let start = cursor.at;
    match cursor.peek() {
        Some(b'"') => match cursor.plain() {
            Some(text) => Ok(Value::Text(Cow::Borrowed(text))),
            None => cursor.string().map(Value::Text),
        },
        Some(b'-' | b'0'..=b'9') => {
            if let Some(number) = cursor.natural() {
                return Ok(Value::Int(number));
            }
            let number = cursor.number()?;
            Ok(number.integer.map_or(Value::Other(number.raw.as_bytes()), Value::Int))
        }
        Some(b't') => cursor.literal("true").map(|()| Value::Bool(true)),
        Some(b'f') => cursor.literal("false").map(|()| Value::Bool(false)),
        Some(b'n') => cursor.literal("null").map(|()| Value::Null),
        _ => {
            cursor.skip(1)?;
            Ok(Value::Other(cursor.since(start).as_bytes()))
        }
    }
}

/// The longest beginning of `bytes` that is UTF-8.
fn valid(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
    }
}
