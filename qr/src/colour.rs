//! Colours and how far apart they are to a scanner.

/// An opaque colour of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// Black.
    pub const BLACK: Colour = Colour([0; 3]);
    /// White.
    pub const WHITE: Colour = Colour([255; 3]);

    /// Reads `#rgb` or `#rrggbb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Colour> {
        let digits = text.strip_prefix('#')?;
        let mut values = [0u8; 6];
        let mut count = 0;
        for (value, digit) in values.iter_mut().zip(digits.chars()) {
            *value = u8::try_from(digit.to_digit(16)?).ok()?;
            count += 1;
        }
        let [a, b, c, d, e, f] = values;
        match (count, digits.len()) {
            (3, 3) => Some(Colour([a * 17, b * 17, c * 17])),
            (6, 6) => Some(Colour([a * 16 + b, c * 16 + d, e * 16 + f])),
            _ => None,
        }
    }

    /// Red, green and blue.
    #[must_use]
    pub fn rgb(self) -> [u8; 3] {
        self.0
    }

    /// The contrast of two colours as WCAG 2 counts it, in hundredths: 100 for equal ones, 2100 for black and white.
    ///
    /// ```
    /// use kfactor_qr::Colour;
    /// assert_eq!(Colour::BLACK.contrast(Colour::WHITE), 2100);
    /// let green = Colour::parse("#07c160").unwrap();
    /// assert_eq!(green.contrast(Colour::WHITE), 238);
    /// ```
    #[must_use]
    pub fn contrast(self, other: Colour) -> u32 {
        let (a, b) = (self.luminance() + 50_000, other.luminance() + 50_000);
        let (high, low) = (a.max(b), a.min(b));
        u32::try_from(high * 100 / low).unwrap_or(2_100)
    }

    /// The relative luminance in millionths.
    #[must_use]
    pub fn luminance(self) -> u64 {
        let [red, green, blue] = self.0.map(|part| {
            // A cubic that follows the curve of sRGB within two thousandths; powers of floats differ between machines.
            let part = u64::from(part) * 1_000_000 / 255;
            let square = part * part / 1_000_000;
            let cube = square * part / 1_000_000;
            (cube * 305_306 + square * 682_171 + part * 12_523) / 1_000_000
        });
        (red * 2_126 + green * 7_152 + blue * 722) / 10_000
    }

    /// `#rrggbb`.
    #[must_use]
    pub fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}
