//! A symbol for a terminal.

use crate::matrix::Matrix;

impl Matrix {
    /// The symbol in half blocks, two rows of modules in a line, light on the dark ground that most terminals have.
    ///
    /// ```
    /// use kfactor_qr::{Level, Symbol};
    /// let lines = Symbol::encode("HELLO", Level::L)?.blocks(1);
    /// assert_eq!(lines.lines().count(), 12);
    /// assert!(lines.starts_with("█▀▀▀▀▀▀▀█"));
    /// # Ok::<(), kfactor_qr::QrError>(())
    /// ```
    #[must_use]
    pub fn blocks(&self, quiet: u8) -> String {
        let quiet = u32::from(quiet);
        let side = self.width() + 2 * quiet;
        let light = |x: u32, y: u32| !self.module(x.wrapping_sub(quiet), y.wrapping_sub(quiet));
        let mut text = String::new();
        for y in (0..side).step_by(2) {
            for x in 0..side {
                text.push(match (light(x, y), y + 1 < side && light(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push('\n');
        }
        text
    }
}
