//! Whether a value is what a case expects.

use super::instant::Clock;
use serde_json::Value;

/// How an object's missing member is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// As null: facts and answers leave out what they do not have.
    IsNull,
    /// As a difference: views have every member.
    Differs,
}

/// Where an expectation does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The pointer into the actual value.
    pub place: String,
    /// What should be there.
    pub expected: Value,
    /// What is there; nothing if the member is missing.
    pub actual: Option<Value>,
}

/// Compares by the rules of the format.
pub struct Fit<'c> {
    /// For texts that stand for instants.
    pub clock: &'c Clock,
    /// How missing members are read.
    pub missing: Missing,
}

impl Fit<'_> {
    /// The first place at which the expectation does not hold.
    pub fn difference(&self, expected: &Value, actual: &Value) -> Option<Difference> {
        self.at(String::new(), expected, Some(actual), false)
    }

    /// Whether the whole expectation holds.
    pub fn holds(&self, expected: &Value, actual: &Value) -> bool {
        self.difference(expected, actual).is_none()
    }

    /// As [`Fit::difference`], with nothing allowed that is not expected.
    pub fn exact_difference(&self, expected: &Value, actual: &Value) -> Option<Difference> {
        self.at(String::new(), expected, Some(actual), true)
    }

    /// Whether each expectation holds for a value of its own, in their order.
    pub fn contains(&self, expected: &[Value], actual: &[Value]) -> bool {
        let mut rest = actual.iter();
        expected.iter().all(|expected| rest.any(|actual| self.holds(expected, actual)))
    }

    fn at(&self, place: String, expected: &Value, actual: Option<&Value>, exact: bool) -> Option<Difference> {
        let differs = |holds: bool| {
            let of =
                || Difference { place: place.clone(), expected: expected.clone(), actual: actual.cloned() };
            (!holds).then(of)
        };
        let Some(actual) = actual else {
            return differs(expected.is_null() && !exact && self.missing == Missing::IsNull);
        };
        if let Some((operator, operand)) = operator(expected) {
            return match (operator, operand, actual) {
                ("$exactly", operand, actual) => self.at(place, operand, Some(actual), true),
                ("$contains", Value::Array(expected), Value::Array(actual)) => {
                    differs(self.contains(expected, actual))
                }
                ("$not", operand, actual) => differs(!self.holds(operand, actual)),
                _ => differs(false),
            };
        }
        match (expected, actual) {
            (Value::Object(members), Value::Object(others)) => {
                let more = others.keys().find(|key| exact && !members.contains_key(*key));
                if more.is_some() {
                    return differs(false);
                }
                members
                    .iter()
                    .find_map(|(key, value)| self.at(format!("{place}/{key}"), value, others.get(key), exact))
            }
            (Value::Array(expected), Value::Array(values)) if expected.len() == values.len() => {
                expected.iter().zip(values).enumerate().find_map(|(number, (expected, actual))| {
                    self.at(format!("{place}/{number}"), expected, Some(actual), exact)
                })
            }
            (Value::String(text), Value::Number(number)) if text.starts_with('@') => {
                differs(self.clock.read(text).is_some_and(|at| number.as_i64() == Some(at)))
            }
            _ => differs(expected == actual),
        }
    }
}

/// An object with one member whose key begins with `$`.
pub fn operator(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (key, operand) = members.iter().next()?;
    key.starts_with('$').then_some((key.as_str(), operand))
}
