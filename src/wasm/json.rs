//! What crosses as an object crosses as JSON text, which JavaScript reads at once: an object built member by member took a
//! call each, and twice the code.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::json::write;

/// A value as JSON.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = Vec::new();
    let Ok(()) = value.serialize(Writer(&mut out));
    String::from_utf8(out).unwrap_or_default()
}

struct Writer<'o>(&'o mut Vec<u8>);

/// An object or a list that is being written: each entry is followed by a comma, and the last one by the end.
struct Open<'o>(&'o mut Vec<u8>, &'static str);

/// Writing cannot fail: there is room for every text, and every key is a text.
#[derive(Debug)]
enum Never {}

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl serde::ser::Error for Never {
    /// Nothing that is written here has errors of its own.
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        std::process::abort()
    }
}

type Done = Result<(), Never>;

#[inline(never)]
fn raw(out: &mut Vec<u8>, text: &str) -> Done {
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

#[inline(never)]
fn whole(out: &mut Vec<u8>, value: i64) -> Done {
    write::int(out, value);
    Ok(())
}

#[inline(never)]
fn key(out: &mut Vec<u8>, key: &str) {
    write::text(out, key);
    out.push(b':');
}

#[inline(never)]
fn close(out: &mut Vec<u8>, end: &str) -> Done {
    out.pop_if(|last| *last == b',');
    raw(out, end)
}

impl<'o> Serializer for Writer<'o> {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = Open<'o>;
    type SerializeTuple = Open<'o>;
    type SerializeTupleStruct = Open<'o>;
    type SerializeTupleVariant = Open<'o>;
    type SerializeMap = Open<'o>;
    type SerializeStruct = Open<'o>;
    type SerializeStructVariant = Open<'o>;

    fn serialize_bool(self, value: bool) -> Done {
        raw(self.0, if value { "true" } else { "false" })
    }

    fn serialize_i8(self, value: i8) -> Done {
        whole(self.0, value.into())
    }

    fn serialize_i16(self, value: i16) -> Done {
        whole(self.0, value.into())
    }

    fn serialize_i32(self, value: i32) -> Done {
        whole(self.0, value.into())
    }

    fn serialize_i64(self, value: i64) -> Done {
        whole(self.0, value)
    }

    fn serialize_u8(self, value: u8) -> Done {
        whole(self.0, value.into())
    }

    fn serialize_u16(self, value: u16) -> Done {
        whole(self.0, value.into())
    }

    fn serialize_u32(self, value: u32) -> Done {
        whole(self.0, value.into())
    }

    /// Numbers that JavaScript knows exactly are below 2^53.
    fn serialize_u64(self, value: u64) -> Done {
        whole(self.0, i64::try_from(value).unwrap_or(i64::MAX))
    }

    fn serialize_f32(self, value: f32) -> Done {
        self.serialize_f64(value.into())
    }

    /// JSON has no infinity.
    fn serialize_f64(self, value: f64) -> Done {
        if value.is_finite() { raw(self.0, &value.to_string()) } else { self.serialize_unit() }
    }

    fn serialize_char(self, value: char) -> Done {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Done {
        write::text(self.0, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Done {
        value.serialize(self)
    }

    fn serialize_none(self) -> Done {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done {
        raw(self.0, "null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        self.0.push(b'{');
        key(self.0, variant);
        value.serialize(Writer(self.0))?;
        raw(self.0, "}")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'o>, Never> {
        self.0.push(b'[');
        Ok(Open(self.0, "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'o>, Never> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<'o>, Never> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'o>, Never> {
        self.0.push(b'{');
        key(self.0, variant);
        self.0.push(b'[');
        Ok(Open(self.0, "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'o>, Never> {
        self.0.push(b'{');
        Ok(Open(self.0, "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'o>, Never> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'o>, Never> {
        self.0.push(b'{');
        key(self.0, variant);
        self.0.push(b'{');
        Ok(Open(self.0, "}}"))
    }
}

impl Open<'_> {
    fn entry<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        value.serialize(Writer(self.0))?;
        self.0.push(b',');
        Ok(())
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        key(self.0, name);
        self.entry(value)
    }
}

/// The kinds of list that serde tells apart and JSON does not.
macro_rules! lists {
    ($($kind:ident: $write:ident),*) => {
        $(impl $kind for Open<'_> {
            type Ok = ();
            type Error = Never;

            fn $write<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
                self.entry(value)
            }

            fn end(self) -> Done {
                close(self.0, self.1)
            }
        })*
    };
}

lists! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
}

/// The kinds of object with known keys.
macro_rules! objects {
    ($($kind:ident),*) => {
        $(impl $kind for Open<'_> {
            type Ok = ();
            type Error = Never;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
                self.member(name, value)
            }

            fn end(self) -> Done {
                close(self.0, self.1)
            }
        })*
    };
}

objects! { SerializeStruct, SerializeStructVariant }

impl SerializeMap for Open<'_> {
    type Ok = ();
    type Error = Never;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Done {
        name.serialize(Writer(self.0))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.0.push(b':');
        self.entry(value)
    }

    fn end(self) -> Done {
        close(self.0, self.1)
    }
}
