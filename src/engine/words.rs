//! Rejections in words: the sentences of a code with its values filled in.

use super::rejection::Code;

/// The sentences of a code in English and Chinese; `value` gives the values by name.
///
/// An unknown code, as a newer server may send, is named as it is. Values that are missing leave their
/// placeholder out. Limits and what has become of a grant are said in words.
///
/// ```
/// use kfactor::engine::words::explain;
/// let values = [("most", "3"), ("name", "helper/day")];
/// let value = |name: &str| values.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
/// let (en, zh) = explain("LIMIT_REACHED", value);
/// assert_eq!(en, "The limit of 3 is reached (each day).");
/// assert_eq!(zh, "已达到上限 3（每天）。");
/// ```
#[must_use]
pub fn explain(code: &str, value: impl Fn(&str) -> Option<String>) -> (String, String) {
    let Some(known) = Code::ALL.iter().find(|known| known.name() == code) else {
        return (format!("Not accepted: {code}."), format!("未被接受：{code}。"));
    };
    let (en, zh) = known.sentences();
    let said = |chinese: bool| {
        let value = &value;
        move |name: &str| {
            let value = value(name)?;
            Some(if name == "name" { called(*known, &value, chinese) } else { value })
        }
    };
    (fill(en, &said(false)), fill(zh, &said(true)))
}

/// A word of answers, and what it is called in English and Chinese.
pub type Word = (&'static str, &'static str, &'static str);

/// What has become of a grant.
pub const STATES: &[Word] = &[
    ("claimable", "waiting to be claimed", "待领取"),
    ("held", "on hold", "冻结中"),
    ("reserved", "reserved", "待发放"),
    ("fulfilled", "handed over", "已发放"),
    ("active", "in use", "使用中"),
    ("used", "used", "已使用"),
    ("outdated", "out of date", "已过期"),
    ("failed", "cancelled", "发放失败"),
    ("revoked", "taken back", "已收回"),
];

/// The period of a limit.
pub const PERIODS: &[Word] = &[
    ("hour", "each hour", "每小时"),
    ("day", "each day", "每天"),
    ("week", "each week", "每周"),
    ("month", "each month", "每月"),
    ("campaign", "in the whole campaign", "整个活动期间"),
];

/// Whom a limit counts for; it is plain where it is whoever reads it.
pub const WHOM: &[Word] = &[
    ("helper", "", ""),
    ("participant", "", ""),
    ("initiator", "for whoever started it", "按发起者计"),
    ("device", "for this device", "按设备计"),
    ("network", "for this network", "按网络计"),
    ("loop", "for this one", "按本次活动计"),
    ("touchpoint", "for this place", "按触点计"),
    ("reward", "for this reward", "按奖励计"),
    ("play", "for all together", "全部参与者合计"),
    ("campaign", "for all together", "全部参与者合计"),
];

/// What a sentence calls what an answer names, as `helper/day`, the label of a limit.
fn called(code: Code, name: &str, chinese: bool) -> String {
    let own = |words: &[Word], key: &str| {
        let found = words.iter().find(|(word, ..)| *word == key);
        found.map_or(key.to_owned(), |(_, en, zh)| String::from(if chinese { *zh } else { *en }))
    };
    if code == Code::GrantSettled {
        return own(STATES, name);
    }
    let Some((per, every)) = name.split_once('/') else { return name.to_owned() };
    let parts = [own(PERIODS, every), own(WHOM, per)];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(if chinese { "，" } else { ", " })
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
