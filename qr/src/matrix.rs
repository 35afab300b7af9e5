//! The modules of a symbol, whatever kind of symbol it is.

/// A square of modules, without its quiet zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    width: u32,
    rows: Vec<u8>,
}

impl Matrix {
    /// Rows as [`Matrix::rows`] gives them.
    pub(crate) fn new(width: u32, rows: Vec<u8>) -> Matrix {
        Matrix { width, rows }
    }

    /// The number of modules on each side: 21 to 177 in steps of 4, of Micro QR symbols 11 to 17 in steps of 2.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Whether the module in column `x` and row `y` is dark; everything outside the symbol is light.
    #[must_use]
    pub fn module(&self, x: u32, y: u32) -> bool {
        if x >= self.width || y >= self.width {
            return false;
        }
        let at = usize::try_from(y * self.width.div_ceil(8) + x / 8).ok();
        at.and_then(|at| self.rows.get(at)).is_some_and(|byte| byte << (x % 8) & 0x80 != 0)
    }

    /// The rows from top to bottom, each in `width` / 8 bytes rounded up: one bit per module, 1 is dark, the
    /// leftmost in the highest bit, the unused bits 0.
    #[must_use]
    pub fn rows(&self) -> &[u8] {
        &self.rows
    }

    /// The runs of dark modules of each row, from the left: the first column and the length.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (u32, Runs)> + '_ {
        let stride = usize::try_from(self.width.div_ceil(8)).unwrap_or(1);
        (0u32..).zip(self.rows.chunks_exact(stride)).map(|(y, row)| (y, Runs::of(row)))
    }
}

/// Runs of dark modules in a row.
pub(crate) struct Runs {
    /// Where a module differs from its neighbour to the left, the leftmost in the highest bit.
    changes: [u64; 3],
}

impl Runs {
    fn of(row: &[u8]) -> Runs {
        let mut words = [0u64; 3];
        for (word, bytes) in words.iter_mut().zip(row.chunks(8)) {
            let mut whole = [0; 8];
            for (to, from) in whole.iter_mut().zip(bytes) {
                *to = *from;
            }
            *word = u64::from_be_bytes(whole);
        }
        let mut carry = 0;
        let changes = words.map(|word| {
            let change = word ^ (word >> 1 | carry << 63);
            carry = word;
            change
        });
        Runs { changes }
    }

    fn change(&mut self) -> Option<u32> {
        for (word, base) in self.changes.iter_mut().zip([0, 64, 128]) {
            if *word != 0 {
                let at = word.leading_zeros();
                *word &= !(1 << (63 - at));
                return Some(base + at);
            }
        }
        None
    }
}

impl Iterator for Runs {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<(u32, u32)> {
        // A row has fewer modules than bits, so every run ends.
        let start = self.change()?;
        let end = self.change()?;
        Some((start, end - start))
    }
}
