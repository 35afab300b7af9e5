//! Sentences for the answers that go over HTTP; the log keeps answers without them.

use kfactor::campaign::units::Currency;
use kfactor::engine::Code;
use kfactor::engine::money::Money;
use kfactor::engine::time::{UtcOffset, civil_from_days};
use kfactor::engine::words::explain;
use serde::Deserialize;
use serde_json::{Map, Value};

/// How a campaign writes times and amounts.
#[derive(Clone, Copy, Debug)]
pub struct Locale {
    /// The timezone of its times.
    pub timezone: UtcOffset,
    /// The currency of its amounts.
    pub currency: Currency,
}

/// The answer with `message` and `messageZh`, if it is a refusal.
#[must_use]
pub fn complete(answer: &str, locale: &Locale) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        code: String,
        #[serde(default)]
        params: Map<String, Value>,
    }
    let refusal = if answer.starts_with("{\"ok\":true") { None } else { serde_json::from_str(answer).ok() };
    let Some(Refusal { code, params }) = refusal else { return answer.to_owned() };
    let (Some(open), true) = (answer.strip_suffix('}'), is_known(&code)) else { return answer.to_owned() };
    let (english, chinese) = explain(&code, |name| Some(said(name, params.get(name)?, locale)));
    let (english, chinese) = (Value::from(english), Value::from(chinese));
    format!("{open},\"message\":{english},\"messageZh\":{chinese}}}")
}

fn is_known(code: &str) -> bool {
    Code::ALL.iter().any(|known| known.name() == code)
}

/// A value as the campaign writes it.
fn said(name: &str, value: &Value, locale: &Locale) -> String {
    match (name, value) {
        ("until", Value::Number(at)) => local(at.as_i64().unwrap_or(0), locale.timezone),
        ("amount", Value::Number(amount)) => {
            let amount = Money(amount.as_i64().unwrap_or(0));
            format!("{} {}", amount.display(locale.currency.digits()), locale.currency.code())
        }
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// A moment as a clock on the wall of the campaign's timezone shows it.
fn local(at: i64, timezone: UtcOffset) -> String {
    let minutes = at.div_euclid(60_000).saturating_add(i64::from(timezone.0));
    let (year, month, day) = civil_from_days(minutes.div_euclid(1_440));
    let minute = minutes.rem_euclid(1_440);
    format!("{year}-{month:02}-{day:02} {:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHANGHAI: Locale = Locale { timezone: UtcOffset(480), currency: Currency::CNY };

    fn completed(answer: &str) -> Value {
        serde_json::from_str(&complete(answer, &SHANGHAI)).unwrap()
    }

    #[test]
    fn a_refusal_gets_both_sentences_with_its_values() {
        let late = r#"{"ok":false,"id":"c","code":"CAMPAIGN_NOT_STARTED","params":{"until":1796090400000},"missing":[]}"#;
        let answer = completed(late);
        assert_eq!(answer["message"], "The campaign starts at 2026-12-01 10:00.");
        assert_eq!(answer["messageZh"], "活动将于 2026-12-01 10:00 开始。");
        let price = r#"{"ok":false,"id":"c","code":"AMOUNT_MISMATCH","params":{"amount":4990},"missing":[]}"#;
        assert_eq!(completed(price)["message"], "The amount is not the price, which is 49.90 CNY.");
        let quoted = r#"{"ok":false,"id":"c","code":"PLAY_UNKNOWN","params":{"name":"a\"b"},"missing":[]}"#;
        assert!(completed(quoted)["message"].as_str().unwrap().contains("a\"b"));
        let limit = r#"{"ok":false,"id":"c","code":"LIMIT_REACHED","params":{"most":3,"until":0,"name":"helper/day"},"missing":[]}"#;
        assert_eq!(completed(limit)["message"], "The limit of 3 is reached (each day).");
        assert_eq!(completed(limit)["messageZh"], "已达到上限 3（每天）。");
        let settled =
            r#"{"ok":false,"id":"c","code":"GRANT_SETTLED","params":{"name":"revoked"},"missing":[]}"#;
        assert_eq!(completed(settled)["message"], "The reward is taken back already.");
    }

    #[test]
    fn every_sentence_is_filled() {
        let params = [r#"{"most":3,"until":0,"amount":1,"field":"by","name":"x"}"#, "{}"];
        for (code, params) in Code::ALL.iter().flat_map(|code| params.map(|params| (code, params))) {
            let answer =
                format!("{{\"ok\":false,\"id\":\"c\",\"code\":\"{}\",\"params\":{params}}}", code.name());
            for name in ["message", "messageZh"] {
                let sentence = completed(&answer)[name].as_str().unwrap().to_owned();
                assert!(!sentence.is_empty() && !sentence.contains('{'), "{sentence}");
            }
        }
    }

    #[test]
    fn what_was_accepted_stays_as_it_is() {
        let answer = r#"{"ok":true,"id":"c","facts":[]}"#;
        assert_eq!(complete(answer, &SHANGHAI), answer);
    }
}
