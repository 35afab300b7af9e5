//! What was meant by a unit that is not written as the document asks: `"7天"` is `"7d"`, `"¥5"` is `"5.00"`.
//!
//! Everything here is only for suggestions and sentences of the complete build. What is not clear has no suggestion, and
//! whatever is suggested is what the reader of that unit takes.

use super::time::{Hours, parse_offset, parse_span, parse_time, shown_span};
use crate::campaign::decode::clip;
use crate::campaign::triggers::normalised;
use crate::campaign::units::Percent;
use crate::engine::money::Money;
use crate::engine::time::{Span, UtcOffset, date, parse_date};
use crate::json::tree::{Data, Node};

/// The words for units of time, longest first where one begins with another, each with its seconds.
const SPANS: [(&[&str], i64); 7] = [
    (&["years", "year", "y", "年"], 365 * 86_400),
    (&["months", "month", "个月", "月"], 30 * 86_400),
    (&["weeks", "week", "w", "个星期", "星期", "周"], 7 * 86_400),
    (&["days", "day", "d", "天", "日"], 86_400),
    (&["hours", "hour", "hrs", "hr", "h", "个小时", "小时", "个钟头", "钟头"], 3_600),
    (&["minutes", "minute", "mins", "min", "m", "分钟", "分"], 60),
    (&["seconds", "second", "secs", "sec", "s", "秒钟", "秒"], 1),
];

/// The span that is meant, with a month as 30 days: `"1d12h"` for `"1.5d"`.
pub(super) fn span(text: &str) -> Option<String> {
    let text = normalised(text).replace([' ', ','], "");
    let mut rest = text.as_str();
    let mut total = 0i64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at_checked(end)?;
        // Thousandths of the unit, so that a half is exact.
        let thousandths = Money::parse(number, 3)?.0;
        let all = SPANS.iter().flat_map(|(words, seconds)| words.iter().map(move |word| (*word, *seconds)));
        let fitting = all.filter(|(word, _)| behind.starts_with(word));
        let (word, seconds) = fitting.max_by_key(|(word, _)| word.len())?;
        total = total.checked_add(thousandths.checked_mul(seconds)?)?;
        rest = behind.strip_prefix(word)?;
    }
    let shown = shown_span(Span(total - total % 1_000));
    (total % 1_000 == 0 && parse_span(&shown).is_some()).then_some(shown)
}

/// Why something is no span: a number says nothing without its unit.
pub(super) fn why_no_span(subject: &str, node: &Node<'_>) -> Option<(String, String)> {
    let number = match &node.data {
        Data::Number(raw) => *raw,
        Data::Text(text) => text.trim(),
        _ => return None,
    };
    let letters = number.trim_end_matches(|c: char| c.is_alphabetic() || c == ' ');
    if !letters.is_empty() && letters.bytes().all(|byte| byte == b'0') {
        return Some((
            format!("{subject} is no time at all; write a longer one, like \"24h\"."),
            format!("{subject} 的时长为零，请写更长的时间，如“24h”。"),
        ));
    }
    let is_whole = number.len() <= 6 && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_whole && !number.is_empty() && !number.starts_with('0')).then(|| {
        (
            format!("{subject} is {number} without a unit: \"{number}d\" are days, \"{number}h\" hours, \"{number}m\" minutes."),
            format!("{subject} 的值 {number} 缺少单位：“{number}d”是天，“{number}h”是小时，“{number}m”是分钟。"),
        )
    })
}

/// The amount that is meant: without a sign of the currency, full-width digits or commas between thousands.
pub(super) fn money(written: &str, digits: u32) -> Option<String> {
    let text = normalised(written).replace(' ', "");
    let text = ["¥", "￥", "rmb", "cny", "$", "€", "£"]
        .iter()
        .find_map(|sign| text.strip_prefix(sign))
        .unwrap_or(&text);
    let bare = ["元", "块", "圆", "rmb", "cny", "yuan"]
        .iter()
        .find_map(|sign| text.strip_suffix(sign))
        .unwrap_or(text);
    if let Some(wan) = bare.strip_suffix('万') {
        return Some(Money::parse(&without_commas(wan)?, digits + 4)?.display(digits));
    }
    if let Some(fen) = bare.strip_suffix('分').filter(|_| digits == 2) {
        return Some(Money(fen.parse::<u32>().ok()?.into()).display(digits));
    }
    Some(Money::parse(&without_commas(bare)?, digits)?.display(digits))
}

/// A number without the commas between its thousands; nothing if one stands elsewhere.
fn without_commas(number: &str) -> Option<String> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?.len();
    let are_thousands = whole.split(',').skip(1).all(|group| group.len() == 3);
    let is_well =
        !fraction.contains(',') && are_thousands && (!whole.contains(',') || (1..=3).contains(&first));
    is_well.then(|| number.replace(',', ""))
}

/// Why something is no amount.
pub(super) fn why_no_money(subject: &str, written: &str, digits: u32) -> Option<(String, String)> {
    let text = normalised(written);
    let shown = clip(written);
    if text.strip_prefix('-').is_some_and(|amount| Money::parse(amount, 9).is_some()) {
        return Some((
            format!("{subject} is {shown}, and an amount must not be negative."),
            format!("{subject} 的值为 {shown}，金额不能为负数。"),
        ));
    }
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_too_exact = is_number && decimals > usize::try_from(digits).unwrap_or(usize::MAX);
    is_too_exact.then(|| {
        let example = Money(4_990).display(digits);
        (
            format!(
                "{subject} is {shown}, but the campaign's currency has {digits} decimals; write it like \"{example}\"."
            ),
            format!("{subject} 的值为 {shown}，但活动货币只有 {digits} 位小数，请写成“{example}”这样。"),
        )
    })
}

/// The timezone that is meant, as the distance from UTC: `"+08:00"` for `"UTC+8"` and `"Beijing"`.
pub(super) fn timezone(written: &str) -> Option<String> {
    let text = normalised(written).replace([' ', '_'], "");
    let is_china = ["beijing", "shanghai", "chongqing", "china", "prc", "北京", "上海", "中国", "东八区"];
    if is_china.iter().any(|name| text.contains(name)) {
        return Some(String::from("+08:00"));
    }
    let text = ["utc", "gmt"].iter().find_map(|name| text.strip_prefix(name)).unwrap_or(&text);
    let (sign, rest) =
        text.strip_prefix('+').map(|rest| ('+', rest)).or_else(|| Some(('-', text.strip_prefix('-')?)))?;
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None if rest.len() == 4 => rest.split_at_checked(2)?,
        None => (rest, "0"),
    };
    let offset = format!("{sign}{:02}:{:02}", hours.parse::<u8>().ok()?, minutes.parse::<u8>().ok()?);
    parse_offset(&offset).is_some().then_some(offset)
}

/// The percentage that is meant: of full-width characters, with the sign behind it.
pub(super) fn percentage(written: &str) -> Option<String> {
    let text = normalised(written).replace(' ', "");
    let number = text.strip_prefix("百分之").unwrap_or(&text);
    let number = number.strip_suffix('%').unwrap_or(number);
    // Below one it is not clear: 0.08 may be eight per cent.
    let is_clear = text.ends_with('%') || !number.starts_with('0');
    let percent = format!("{number}%");
    (is_clear && Percent::parse(&percent).is_some()).then_some(percent)
}

/// Why something is no percentage.
pub(super) fn why_no_percentage(subject: &str, written: &str) -> Option<(String, String)> {
    let text = normalised(written).replace(' ', "");
    let shown = clip(written);
    let number = text.strip_suffix('%').unwrap_or(&text);
    if number.strip_prefix('-').is_some_and(|number| Money::parse(number, 2).is_some()) {
        return Some((
            format!("{subject} is {shown}, and a percentage must not be negative."),
            format!("{subject} 的值为 {shown}，百分比不能为负数。"),
        ));
    }
    let is_more = text.ends_with('%') && Money::parse(number, 2).is_some_and(|points| points > Money(10_000));
    is_more.then(|| {
        (
            format!("{subject} is {shown}; it can be at most 100%."),
            format!("{subject} 的值为 {shown}，最多为 100%。"),
        )
    })
}

/// The hours of the day that are meant: with two digits and plain characters.
pub(crate) fn hours(text: &str) -> Option<String> {
    let text = normalised(text).replace(' ', "").replace(['–', '—', '~', '～', '至', '到'], "-");
    let (from, until) = text.split_once('-')?;
    let hours = format!("{}-{}", clock(from)?, clock(until)?);
    Hours::parse(&hours).is_some().then_some(hours)
}

/// A time of the day with two digits for hours and minutes: `09:00` of `9:00`, `9` and `9点`.
fn clock(text: &str) -> Option<String> {
    let text = text.replace(['点', '时'], ":").replace('分', "");
    let (hour, minute) = text.split_once(':').unwrap_or((&text, ""));
    let (hour, minute) = (hour.parse::<u8>().ok()?, if minute.is_empty() { "00" } else { minute });
    Some(format!("{hour:02}:{:02}", minute.parse::<u8>().ok()?))
}

/// The time that is meant: with two digits for months, days and hours, `T` between date and time, and 24:00 as the
/// beginning of the next day.
pub(super) fn time(text: &str) -> Option<String> {
    let text = normalised(text).replace(['年', '月', '/', '.'], "-").replace('日', " ");
    let (day, rest) = text.split_once(['t', ' ']).unwrap_or((&text, ""));
    let mut parts = day.splitn(3, '-').map(|part| part.parse::<u16>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let day = parse_date(&format!("{year:04}-{month:02}-{day:02}"))?;
    let rest = rest.trim();
    let mended = if rest.is_empty() {
        date(day)
    } else {
        let end = rest.find(['z', '+', '-']).unwrap_or(rest.len());
        let (clock_text, offset) = rest.split_at_checked(end)?;
        let (minutes, seconds) =
            clock_text.trim().match_indices(':').nth(1).map_or((clock_text.trim(), ""), |(at, _)| {
                clock_text.trim().split_at_checked(at).unwrap_or_default()
            });
        let clock = clock(minutes)?;
        let (day, clock) = if clock == "24:00" { (day + 1, String::from("00:00")) } else { (day, clock) };
        format!("{}T{clock}{seconds}{}", date(day), offset.to_ascii_uppercase())
    };
    parse_time(&mended, UtcOffset(0)).is_some().then_some(mended)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(mend: impl Fn(&str) -> Option<String>, cases: &[(&str, &str)]) {
        for (written, meant) in cases {
            let meant = (!meant.is_empty()).then_some(*meant);
            assert_eq!(mend(written).as_deref(), meant, "{written}");
        }
    }

    #[test]
    fn spans_as_people_write_them() {
        each(
            span,
            &[
                ("7天", "7d"),
                ("24小时", "1d"),
                ("15分钟", "15m"),
                ("３０天", "30d"),
                ("1 month", "30d"),
                ("2 weeks", "14d"),
                ("1.5d", "1d12h"),
                ("36 hours", "1d12h"),
                ("1D12H", "1d12h"),
                ("1天12小时", "1d12h"),
                ("0.5h", "30m"),
                ("90min", "1h30m"),
                ("24", ""),
                ("0d", ""),
                ("1.5", ""),
                ("d", ""),
                ("0.0001s", ""),
                ("a while", ""),
                ("", ""),
                ("99999999999999d", ""),
            ],
        );
    }

    #[test]
    fn money_as_people_write_it() {
        each(
            |text| money(text, 2),
            &[
                ("5元", "5.00"),
                ("¥5", "5.00"),
                ("￥ 8.00", "8.00"),
                ("500分", "5.00"),
                ("3,000", "3000.00"),
                ("1,234,567.8", "1234567.80"),
                ("４９.９０", "49.90"),
                ("5 RMB", "5.00"),
                ("20万", "200000.00"),
                ("1.5 万元", "15000.00"),
                ("万", ""),
                ("3,00", ""),
                ("3,0000", ""),
                (",300", ""),
                ("1.2,345", ""),
                ("49.905", ""),
                ("five", ""),
            ],
        );
        each(|text| money(text, 0), &[("3,000", "3000"), ("¥500", "500"), ("500分", "")]);
    }

    #[test]
    fn timezones_as_people_write_them() {
        each(
            timezone,
            &[
                ("UTC+8", "+08:00"),
                ("GMT +08:00", "+08:00"),
                ("+0800", "+08:00"),
                ("+8", "+08:00"),
                ("-5:30", "-05:30"),
                ("Asia/Beijing", "+08:00"),
                ("北京时间", "+08:00"),
                ("+25", ""),
                ("Paris", ""),
                ("", ""),
            ],
        );
    }

    #[test]
    fn percentages_hours_and_times_as_people_write_them() {
        each(
            percentage,
            &[
                ("8", "8%"),
                ("8％", "8%"),
                ("12.5 %", "12.5%"),
                ("百分之8", "8%"),
                ("0.5%", "0.5%"),
                ("0.08", ""),
                ("150%", ""),
                ("all", ""),
            ],
        );
        each(
            hours,
            &[
                ("9:00-21:00", "09:00-21:00"),
                ("09：00－21：00", "09:00-21:00"),
                ("9-21", "09:00-21:00"),
                ("9点 到 21点30分", "09:00-21:30"),
                ("9:00 – 24:00", "09:00-24:00"),
                ("9:00", ""),
                ("9:00-9:00", ""),
                ("25:00-26:00", ""),
            ],
        );
        each(
            time,
            &[
                ("2026-12-01 10:00", "2026-12-01T10:00"),
                ("2026/12/1 9:00", "2026-12-01T09:00"),
                ("2026年12月1日 10:00", "2026-12-01T10:00"),
                ("2026-12-01T24:00", "2026-12-02T00:00"),
                ("2026-12-31T24:00", "2027-01-01T00:00"),
                ("2026-12-01T24:00+08:00", "2026-12-02T00:00+08:00"),
                ("2026-12-1", "2026-12-01"),
                ("2026.12.01", "2026-12-01"),
                ("2026-12-01t10:00:30z", "2026-12-01T10:00:30Z"),
                ("2026-13-01", ""),
                ("2026-12-01T25:00", ""),
                ("tomorrow", ""),
                ("", ""),
            ],
        );
    }
}
