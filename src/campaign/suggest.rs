//! "Did you mean": the candidate nearest to a misspelled word.

/// Longer words are not compared.
const LONGEST: usize = 40;

/// Finds nearest words, within a bound on its whole work, so that a hostile document stays cheap.
#[derive(Debug)]
pub(crate) struct Suggester {
    /// Cells of distance tables that may still be computed.
    budget: usize,
}

impl Default for Suggester {
    fn default() -> Self {
        Self { budget: 20_000_000 }
    }
}

impl Suggester {
    /// The candidate with the least Damerau-Levenshtein distance (adjacent transpositions count one), if
    /// that is at most 2 or a third of the word; of words under four characters only 1.
    pub fn nearest<'c>(
        &mut self,
        word: &str,
        candidates: impl IntoIterator<Item = &'c str>,
    ) -> Option<&'c str> {
        let word = folded(word);
        if word.len() > LONGEST {
            return None;
        }
        let allowed = if word.len() < 4 { 1 } else { (word.len() / 3).max(2) };
        let mut best: Option<(usize, &str)> = None;
        for candidate in candidates {
            let other = folded(candidate);
            if other.len() > LONGEST || word.len().abs_diff(other.len()) > allowed {
                continue;
            }
            self.budget = self.budget.checked_sub((word.len() + 1) * (other.len() + 1))?;
            let distance = distance(&word, &other);
            if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, candidate));
            }
        }
        best.map(|(_, candidate)| candidate)
    }
}

/// Lower case without joiners, so that `per_device` is as near to `perDevice` as it looks.
fn folded(word: &str) -> Vec<char> {
    word.chars()
        .take(LONGEST + 1)
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// The optimal string alignment distance, in three rows.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(last.len());
        row.push(i + 1);
        for (j, &y) in b.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut least =
                (cell(&last, j) + usize::from(x != y)).min(cell(&last, j + 1) + 1).min(cell(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(&y) && b.get(j - 1) == Some(&x);
            if swapped {
                least = least.min(cell(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(word: &str) -> Vec<char> {
        word.chars().collect()
    }

    #[test]
    fn distances_are_the_textbook_ones() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("titel", "title", 1),
            ("ca", "abc", 3),
            ("助力", "力助", 1),
        ] {
            assert_eq!(distance(&chars(a), &chars(b)), expected, "{a} {b}");
            assert_eq!(distance(&chars(b), &chars(a)), expected, "{b} {a}");
        }
    }

    #[test]
    fn only_near_words_are_suggested() {
        let keys = ["helpers", "within", "give", "giveHelper"];
        let mut suggester = Suggester::default();
        let mut nearest = |word| suggester.nearest(word, keys);
        assert_eq!(nearest("helper"), Some("helpers"));
        assert_eq!(nearest("give_helper"), Some("giveHelper"));
        assert_eq!(nearest("withni"), Some("within"));
        assert_eq!(nearest("amount"), None);
        assert_eq!(nearest(&"x".repeat(100_000)), None);
    }

    #[test]
    fn the_work_is_bounded() {
        let names: Vec<String> = (0..8_000).map(|n| format!("touchpoint-with-a-long-name-{n:06}")).collect();
        let mut suggester = Suggester::default();
        for _ in 0..1_000 {
            suggester.nearest("touchpoint-with-a-long-name-x00000", names.iter().map(String::as_str));
        }
        assert!(suggester.budget < 2_000, "the budget was spent and then refused");
    }
}
