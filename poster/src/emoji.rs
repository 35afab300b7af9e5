//! Emoji among words: runs of them are measured and drawn with a font that has them in colour.
//!
//! The library that draws words looks for missing characters one by one, so that it makes boxes of what is several
//! characters and one picture: families, flags, skin colours. Nicknames are full of them.

use kfactor::poster::{Align, DisplayList, Line, Op};
use unicode_properties::{EmojiStatus, UnicodeEmoji};
use unicode_segmentation::UnicodeSegmentation;

/// A font with emoji, and how it measures them.
pub(crate) trait EmojiFont {
    /// Its family; `None` if no font here has emoji, which are left out then.
    fn family(&self) -> Option<&str>;
    /// The width of a run in thousandths of the size.
    fn width(&self, run: &str, is_emoji: bool, is_bold: bool, family: &str) -> i32;
}

/// Takes lines with emoji apart, so that each run stands at a place of its own and has its own font.
pub(crate) fn apart(list: &DisplayList, font: &impl EmojiFont) -> DisplayList {
    let mut parts = list.clone();
    parts.ops = list.ops.iter().flat_map(|op| of_op(op, font)).collect();
    parts
}

/// The runs of a text: one with emoji, one without, and so on.
pub(crate) fn runs(text: &str) -> Vec<(&str, bool)> {
    let mut runs: Vec<(usize, usize, bool)> = Vec::new();
    for (at, cluster) in text.grapheme_indices(true) {
        let end = at + cluster.len();
        match runs.last_mut() {
            Some((_, to, is_emoji)) if *is_emoji == is_pictured(cluster) => *to = end,
            _ => runs.push((at, end, is_pictured(cluster))),
        }
    }
    runs.into_iter().filter_map(|(from, to, is_emoji)| Some((text.get(from..to)?, is_emoji))).collect()
}

/// Whether what a reader sees as one character is a picture: by itself, or because a selector asks for one.
fn is_pictured(cluster: &str) -> bool {
    let is_picture = |c: char| {
        matches!(
            c.emoji_status(),
            EmojiStatus::EmojiPresentation
                | EmojiStatus::EmojiPresentationAndModifierBase
                | EmojiStatus::EmojiPresentationAndEmojiComponent
                | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent
        )
    };
    cluster.contains('\u{FE0F}') || cluster.chars().next().is_some_and(is_picture)
}

fn of_op(op: &Op, font: &impl EmojiFont) -> Vec<Op> {
    let Op::Text { family, size, is_bold, align, lines, spacing, .. } = op else { return vec![op.clone()] };
    let has_emoji = |line: &Line| runs(&line.text).iter().any(|(_, is_emoji)| *is_emoji);
    if !lines.iter().any(has_emoji) {
        return vec![op.clone()];
    }
    let (mut words, mut pictures) = (Vec::new(), Vec::new());
    for line in lines {
        let parts = runs(&line.text).into_iter().map(|(run, is_emoji)| {
            let characters = i32::try_from(run.chars().count()).unwrap_or(0);
            let width = font.width(run, is_emoji, *is_bold, family) * size / 10;
            (run, is_emoji, width + spacing * 100 * characters)
        });
        let parts: Vec<_> = parts.filter(|(_, is_emoji, _)| !is_emoji || font.family().is_some()).collect();
        let whole: i32 = parts.iter().map(|(_, _, width)| width).sum();
        let mut left = line.x * 100
            - match align {
                Align::Left => 0,
                Align::Center => whole / 2,
                Align::Right => whole,
            };
        for (run, is_emoji, width) in parts {
            let x = (left + 50).div_euclid(100);
            let part = Line { text: run.to_owned(), x, baseline: line.baseline, width };
            if is_emoji {
                pictures.push(part)
            } else {
                words.push(part)
            }
            left += width;
        }
    }
    let of = |wanted: Option<&str>, parts: Vec<Line>| {
        let mut op = op.clone();
        if let Op::Text { family, align, lines, .. } = &mut op {
            *align = Align::Left;
            *lines = parts;
            if let Some(wanted) = wanted {
                wanted.clone_into(family);
            }
        }
        op
    };
    [of(None, words), of(font.family(), pictures)]
        .into_iter()
        .filter(|op| matches!(op, Op::Text { lines, .. } if !lines.is_empty()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_what_readers_see_as_pictures() {
        let of = |text| {
            runs(text).into_iter().map(|(run, is_emoji)| format!("{run}{is_emoji}")).collect::<Vec<_>>()
        };
        assert_eq!(of("🎉 朋友"), ["🎉true", " 朋友false"]);
        assert_eq!(of("👨‍👩‍👧‍👦🇨🇳👍🏽1️⃣12"), ["👨‍👩‍👧‍👦🇨🇳👍🏽1️⃣true", "12false"]);
        assert_eq!(of("❤ ❤️ ☕ © #"), ["❤ false", "❤️true", " false", "☕true", " © #false"]);
        assert_eq!(of(""), Vec::<String>::new());
    }

    struct Half(Option<&'static str>);

    impl EmojiFont for Half {
        fn family(&self) -> Option<&str> {
            self.0
        }

        fn width(&self, run: &str, _: bool, _: bool, _: &str) -> i32 {
            i32::try_from(run.graphemes(true).count()).unwrap_or(0) * 500
        }
    }

    fn drawn(text: &str, align: Align, font: &Half) -> Vec<(String, i32, String)> {
        let template = format!(
            r#"{{"size": [400, 400], "layers": [{{"draw": "text", "at": [100, 0, 200], "text": "{text}", "size": 40,
            "align": "{}"}}]}}"#,
            align.as_str()
        );
        let poster = kfactor::poster::Poster::parse(&template).unwrap_or_else(|_| panic!("{template}"));
        let mut measure = kfactor::poster::Measure::by(|_, units| vec![1_000; units.len()]);
        let data = kfactor::poster::Data::default();
        let list = kfactor::poster::display_list(&poster, &data, &mut measure).unwrap_or_else(|_| panic!());
        let lines = apart(&list, font).ops.into_iter().flat_map(|op| match op {
            Op::Text { family, lines, .. } => {
                lines.into_iter().map(|line| (line.text, line.x, family.clone())).collect()
            }
            _ => Vec::new(),
        });
        lines.collect()
    }

    #[test]
    fn each_run_stands_where_the_one_before_ends() {
        let line = |text: &str, x, family: &str| (text.to_owned(), x, family.to_owned());
        let font = Half(Some("E"));
        assert_eq!(
            drawn("ab🎉c", Align::Left, &font),
            [line("ab", 100, ""), line("c", 160, ""), line("🎉", 140, "E")]
        );
        assert_eq!(drawn("🎉c", Align::Center, &font), [line("c", 200, ""), line("🎉", 180, "E")]);
        assert_eq!(drawn("🎉c", Align::Right, &font), [line("c", 280, ""), line("🎉", 260, "E")]);
        assert_eq!(drawn("abc", Align::Right, &font), [line("abc", 300, "")]);
        assert_eq!(
            drawn("🎉c", Align::Right, &Half(None)),
            [line("c", 280, "")],
            "no box for what no font has"
        );
    }
}
