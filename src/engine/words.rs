//! Rejections in words: the sentences of a code with its values filled in.

use super::rejection::Code;

/// The sentences of a code in English and Chinese; `value` gives the values by name.
///
/// An unknown code, as a newer server may send, is named as it is. Values that are missing leave their
/// placeholder out.
///
/// ```
/// use kfactor::engine::words::explain;
/// let value = |name: &str| match name { "most" => Some("3"), "name" => Some("helper/day"), _ => None };
/// let (en, zh) = explain("LIMIT_REACHED", |name| value(name).map(str::to_owned));
/// assert_eq!(en, "The limit of 3 is reached (helper/day).");
/// assert!(zh.contains('3'));
/// ```
#[must_use]
pub fn explain(code: &str, value: impl Fn(&str) -> Option<String>) -> (String, String) {
    let Some(known) = Code::ALL.iter().find(|known| known.name() == code) else {
        return (format!("Not accepted: {code}."), format!("未被接受：{code}。"));
    };
    let (en, zh) = known.sentences();
    (fill(en, &value), fill(zh, &value))
}

fn fill(template: &str, value: &impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(&value(name).unwrap_or_default());
        rest = after;
    }
    out.push_str(rest);
    out
}
