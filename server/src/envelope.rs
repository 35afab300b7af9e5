//! A command as it came: its members kept as they were written, ready to be stamped with a time.

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A command without its time stamp.
///
/// Whatever `at` the sender wrote is left out: the keeper of the log says when it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    id: String,
    members: String,
}

impl Envelope {
    /// The command's id, empty if it has none.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The command as JSON with this time stamp.
    ///
    /// ```
    /// # use kfactor_server::envelope::Envelope;
    /// let sent: Envelope = serde_json::from_str(r#"{"id":"c1","at":99,"do":"tick"}"#)?;
    /// assert_eq!(sent.stamped(5), r#"{"at":5,"id":"c1","do":"tick"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn stamped(&self, at: i64) -> String {
        format!("{{\"at\":{at}{}}}", self.members)
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Envelope, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command: one flat JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        let mut envelope = Envelope { id: String::new(), members: String::new() };
        while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
            if key == "id" {
                envelope.id = serde_json::from_str(value.get()).unwrap_or_default();
            }
            if key != "at" {
                let key = serde_json::to_string(&key).map_err(A::Error::custom)?;
                envelope.members.push_str(&format!(",{key}:{}", value.get()));
            }
        }
        Ok(envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::Envelope;

    #[test]
    fn members_stay_as_they_were_written() {
        let sent: Envelope = serde_json::from_str(
            "{ \"do\":\"help\", \"by\":\"\\u5c0f\", \"at\" : [1], \"x\": {\"y\":1.50} }",
        )
        .unwrap();
        assert_eq!(sent.stamped(7), r#"{"at":7,"do":"help","by":"\u5c0f","x":{"y":1.50}}"#);
        assert_eq!(sent.id(), "");
    }

    #[test]
    fn a_second_member_of_the_same_name_is_still_there_to_be_refused() {
        let sent: Envelope = serde_json::from_str(r#"{"id":"a","by":"x","by":"y"}"#).unwrap();
        assert_eq!(sent.stamped(0), r#"{"at":0,"id":"a","by":"x","by":"y"}"#);
    }

    #[test]
    fn what_is_not_an_object_is_not_an_envelope() {
        for text in ["1", "[]", "null", "\"id\"", "{\"id\":", "{} {}"] {
            assert!(serde_json::from_str::<Envelope>(text).is_err(), "{text}");
        }
    }
}
