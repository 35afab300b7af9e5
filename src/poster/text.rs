//! Words on a poster: variables, where lines may break, and how lines fill a box.
use crate::gather::Gather;

/// Puts values in the place of variables, `{name}` or `{name|instead}`.
///
/// A variable without a value leaves what stands behind `|`, or nothing.
pub(crate) fn filled(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        let Some((inside, after)) = behind.split_once('}') else {
            out.push('{');
            rest = behind;
            continue;
        };
        let (name, instead) = inside.split_once('|').unwrap_or((inside, ""));
        match value(name).filter(|value| !value.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(instead),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The parts of a text between which a line may break: words, single characters of Chinese, spaces and line feeds.
pub(crate) fn units(text: &str) -> Vec<&str> {
    let mut units = Vec::new();
    let mut from = 0;
    let mut last: Option<char> = None;
    for (at, next) in text.char_indices() {
        if last.is_some_and(|last| breaks(last, next)) {
            units.extend(text.get(from..at));
            from = at;
        }
        last = Some(next);
    }
    units.extend(text.get(from..).filter(|unit| !unit.is_empty()));
    units
}

/// Whether a line may break between two characters.
fn breaks(last: char, next: char) -> bool {
    if joins(next) || last == '\u{200D}' || is_opening(last) || (is_flag(last) && is_flag(next)) {
        return false;
    }
    if is_closing(next) && !last.is_whitespace() {
        return false;
    }
    last == '\n'
        || next == '\n'
        || (is_closing(last) && is_opening(next))
        || is_wide(last)
        || is_wide(next)
        || last.is_whitespace() != next.is_whitespace()
}

/// Whether a character belongs to the one before it: marks, joiners, skin colours.
fn joins(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{200D}' | '\u{20E3}' | '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}')
}

fn is_flag(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

/// Whether a character may not begin a line.
fn is_closing(c: char) -> bool {
    matches!(c, ',' | '.' | '!' | '?' | ':' | ';' | ')' | ']' | '%')
        || "，。！？：；、）】》」』”’…—·％～".contains(c)
}

/// Whether a character may not end a line.
fn is_opening(c: char) -> bool {
    "（【《「『“‘¥￥$([".contains(c)
}

/// Whether lines break around a character: Chinese, Japanese, Korean and emoji.
pub(crate) fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115F}' | '\u{2600}'..='\u{27BF}' | '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE4F}' | '\u{FF00}'..='\u{FF60}' | '\u{FFE0}'..='\u{FFE6}'
        | '\u{1F000}'..='\u{1FAFF}' | '\u{20000}'..='\u{3FFFD}')
}

/// A unit with its width in hundredths of a pixel.
pub(crate) type Measured<'t> = (&'t str, i32);

/// Fills lines of `width`, at most `most` of them; where that is not enough, the last ends with an ellipsis.
/// Gives each line with its width.
pub(crate) fn lines(units: &[Measured<'_>], width: i32, most: usize, ellipsis: i32) -> Vec<(String, i32)> {
    let mut lines: Vec<Vec<Measured<'_>>> = vec![Vec::new()];
    let mut used = 0;
    let mut is_cut = false;
    for &(unit, size) in units {
        let is_feed = unit == "\n";
        let starts_empty = lines.last().is_none_or(Vec::is_empty);
        let is_full = !starts_empty && used + size > width && !unit.trim().is_empty();
        if is_feed || is_full {
            if lines.len() == most {
                is_cut = true;
                break;
            }
            lines.push(Vec::new());
            used = 0;
        }
        // No line begins with a space.
        let begins = lines.last().is_none_or(Vec::is_empty);
        if is_feed || (begins && unit.trim().is_empty()) {
            continue;
        }
        if let Some(line) = lines.last_mut() {
            line.push((unit, size));
            used += size;
        }
    }
    let sum = |line: &[Measured<'_>]| line.iter().map(|(_, size)| size).sum::<i32>();
    if let Some(last) = lines.last_mut().filter(|last| is_cut || sum(last) > width) {
        while !last.is_empty() && sum(last) + ellipsis > width {
            last.pop();
        }
        while last.last().is_some_and(|(unit, _)| unit.trim().is_empty()) {
            last.pop();
        }
        last.push(("…", ellipsis));
    }
    lines.retain(|line| !line.is_empty());
    let whole = |line: Vec<Measured<'_>>| {
        let visible = line.iter().rposition(|(unit, _)| !unit.trim().is_empty()).map_or(0, |at| at + 1);
        let line = line.get(..visible).unwrap_or_default();
        (line.iter().map(|(unit, _)| *unit).collect(), sum(line))
    };
    lines.into_iter().map(whole).gather()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wrap(text: &str, width: i32, most: usize) -> Vec<String> {
        let size = |unit: &str| unit.chars().map(|c| if is_wide(c) { 100 } else { 50 }).sum::<i32>();
        let units: Vec<_> = units(text).into_iter().map(|unit| (unit, size(unit))).gather();
        lines(&units, width, most, 50).into_iter().map(|(line, _)| line).gather()
    }

    #[test]
    fn variables_have_values_or_something_instead() {
        let value = |name: &str| match name {
            "nickname" => Some("安妮".to_owned()),
            "empty" => Some(String::new()),
            _ => None,
        };
        let fill = |text: &str| filled(text, &value);
        assert_eq!(fill("{nickname}邀请你"), "安妮邀请你");
        assert_eq!(fill("{friend|好友}，{empty|新人}{nothing}！"), "好友，新人！");
        assert_eq!(fill("a { b"), "a { b");
        assert_eq!(fill("{nickname"), "{nickname");
    }

    #[test]
    fn lines_break_where_readers_expect() {
        assert_eq!(units("买 one 送一。"), ["买", " ", "one", " ", "送", "一。"]);
        assert_eq!(units("“好”¥49.90"), ["“好”", "¥49.90"]);
        assert_eq!(units("👨‍👩‍👧🇨🇳👍🏽a"), ["👨‍👩‍👧", "🇨🇳", "👍🏽", "a"]);
        assert_eq!(wrap("一起买面膜，两人更省", 500, 3), ["一起买面", "膜，两人更", "省"]);
        assert_eq!(wrap("buy two and save", 400, 3), ["buy two", "and save"]);
        assert_eq!(wrap("一二三四五六七", 300, 2), ["一二三", "四五…"]);
        assert_eq!(wrap("一\n二", 300, 3), ["一", "二"]);
        assert_eq!(wrap("", 300, 3), Vec::<String>::new());
        assert_eq!(wrap("supercalifragilistic", 300, 1), ["…"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn units_are_the_text_and_lines_are_not_wider_than_the_box(
            text in "([a-z]{1,4}|[一-龥]|，| |\n|👍🏽){0,30}", width in 300i32..1_500, most in 1usize..5,
        ) {
            prop_assert_eq!(units(&text).concat(), text.clone());
            let wrapped = wrap(&text, width, most);
            prop_assert!(wrapped.len() <= most);
            for line in &wrapped {
                let size: i32 = line.chars().map(|c| if is_wide(c) { 100 } else { 50 }).sum();
                // What may not be broken is one unit, and stands alone where it is wider than the box.
                prop_assert!(size <= width || units(line).len() == 1, "{line}");
            }
        }
    }
}
