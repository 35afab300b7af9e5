//! `document!` and `choices!`: a struct or an enum of the document, with its decoder and its schema.

/// Makes a struct that is read from an object: `snake_case` fields become `camelCase` keys, a type that
/// knows what its absence means (`Option`) may be absent, `= value` gives a default, and any other key of
/// the object is a problem. The doc comments become the schema's descriptions. After the struct,
/// `check path;` names a `fn(&Self, &Node, &mut Cx)` that looks at the whole and may report more, and `shape path;` a
/// `fn(Schema) -> Schema` that tells the schema of it.
macro_rules! document {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident {
            $($(#[doc = $field_doc:literal])* pub $field:ident: $ty:ty $(= $default:expr)?),* $(,)?
        }
        $(check $check:path;)?
        $(shape $shape:path;)?
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[doc = $field_doc])* pub $field: $ty,)*
        }

        impl $crate::campaign::decode::Document for $name {
            const KEYS: &'static [&'static str] = &[$($crate::campaign::document::key!($field)),*];

            fn decode_members(
                node: &$crate::json::tree::Node<'_>,
                cx: &mut $crate::campaign::decode::Cx,
            ) -> Option<Self> {
                // Every member is read, also behind the first missing one.
                let value = cx.members(|cx| Self {
                    $($field: $crate::campaign::document::member!(node, cx, $field: $ty $(= $default)?)),*
                })?;
                $($check(&value, node, cx);)?
                Some(value)
            }
        }

        impl $crate::campaign::decode::Decode for $name {
            fn decode(
                node: &$crate::json::tree::Node<'_>,
                cx: &mut $crate::campaign::decode::Cx,
            ) -> Option<Self> {
                if !cx.is_object(node) {
                    return None;
                }
                let value = <Self as $crate::campaign::decode::Document>::decode_members(node, cx);
                cx.unknown_keys(node, &[<Self as $crate::campaign::decode::Document>::KEYS]);
                value
            }

            #[cfg(feature = "schema")]
            fn shape() -> schemars::Schema {
                let mut object = $crate::campaign::schema::Object::new(concat!($($doc, "\n"),*));
                $($crate::campaign::document::property!(
                    object, concat!($($field_doc, "\n"),*), $field: $ty $(= $default)?
                );)*
                let schema = object.finish();
                $(let schema = $shape(schema);)?
                schema
            }
        }
    };
}

/// Makes an enum that is read from one of some words.
macro_rules! choices {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident {
            $($(#[doc = $variant_doc:literal])* $variant:ident = $word:literal),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $variant_doc])* $variant,)*
        }

        impl $name {
            /// The word in the document.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// What a word stands for.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl $crate::campaign::decode::Blank for $name {
            fn blank() -> Self {
                $crate::campaign::document::first!($($variant)*)
            }
        }

        impl $crate::campaign::decode::Decode for $name {
            fn decode(
                node: &$crate::json::tree::Node<'_>,
                cx: &mut $crate::campaign::decode::Cx,
            ) -> Option<Self> {
                const ALL: &[$name] = &[$($name::$variant),*];
                cx.choice(node, &[$($word),*]).and_then(|place| ALL.get(place).copied())
            }

            #[cfg(feature = "schema")]
            fn shape() -> schemars::Schema {
                $crate::campaign::schema::choice(
                    concat!($($doc, "\n"),*),
                    &[$(($word, concat!($($variant_doc, "\n"),*))),*],
                )
            }

            #[cfg(feature = "schema")]
            fn note_default(&self, schema: &mut schemars::Schema) {
                schema.insert("default".into(), self.as_str().into());
            }
        }
    };
}

macro_rules! member {
    ($node:ident, $cx:ident, $field:ident: $ty:ty) => {
        $cx.required::<$ty>($node, $crate::campaign::document::key!($field))
    };
    ($node:ident, $cx:ident, $field:ident: $ty:ty = $default:expr) => {
        $cx.optional::<$ty>($node, $crate::campaign::document::key!($field)).unwrap_or_else(|| $default)
    };
}

/// The first variant of the enum around it.
macro_rules! first {
    ($first:ident $($rest:ident)*) => {
        Self::$first
    };
}

#[cfg(feature = "schema")]
macro_rules! property {
    ($object:ident, $doc:expr, $field:ident: $ty:ty) => {
        $object.property::<$ty>($crate::campaign::document::key!($field), $doc, None)
    };
    ($object:ident, $doc:expr, $field:ident: $ty:ty = $default:expr) => {
        $object.property::<$ty>($crate::campaign::document::key!($field), $doc, Some($default))
    };
}

/// The key of a field, made while compiling.
macro_rules! key {
    ($field:ident) => {{
        const FIELD: &str = stringify!($field);
        const BYTES: [u8; $crate::campaign::document::camel_length(FIELD)] =
            $crate::campaign::document::camel(FIELD);
        const KEY: &str = match core::str::from_utf8(&BYTES) {
            Ok(key) => key,
            Err(_) => FIELD,
        };
        KEY
    }};
}

#[cfg(feature = "schema")]
pub(crate) use property;
pub(crate) use {choices, document, first, key, member};

/// The length of a field's key.
#[cfg_attr(
    not(test),
    expect(clippy::indexing_slicing, reason = "runs while compiling; `get` is no const function")
)]
pub(crate) const fn camel_length(field: &str) -> usize {
    let bytes = field.as_bytes();
    let mut length = bytes.len();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'_' {
            length -= 1;
        }
        at += 1;
    }
    length
}

/// `snake_case` as `camelCase`, in [`camel_length`] bytes.
#[cfg_attr(
    not(test),
    expect(clippy::indexing_slicing, reason = "runs while compiling; `get` is no const function")
)]
pub(crate) const fn camel<const N: usize>(field: &str) -> [u8; N] {
    let bytes = field.as_bytes();
    let mut out = [0; N];
    let mut from = 0;
    let mut to = 0;
    let mut capital = false;
    while from < bytes.len() && to < N {
        if bytes[from] == b'_' {
            capital = true;
        } else {
            out[to] = if capital { bytes[from].to_ascii_uppercase() } else { bytes[from] };
            capital = false;
            to += 1;
        }
        from += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn keys_are_camel_case() {
        assert_eq!(key!(give_helper), "giveHelper");
        assert_eq!(key!(per), "per");
        assert_eq!(key!(a_b_c), "aBC");
        // A key that is a word of the language.
        assert_eq!(key!(as_), "as");
    }
}
