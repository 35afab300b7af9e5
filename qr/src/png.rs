//! A symbol as PNG with one bit for each pixel.

use crate::colour::Colour;
use crate::matrix::Matrix;
use crate::svg::SvgOptions;
use crate::symbol::QrError;

impl Matrix {
    /// Draws the symbol as a PNG of two colours, every module `scale` whole pixels wide.
    ///
    /// ```
    /// use kfactor_qr::{Level, SvgOptions, Symbol};
    /// let png = Symbol::encode("https://example.com/", Level::M)?.png(&SvgOptions::default())?;
    /// assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() < 2_000);
    /// # Ok::<(), kfactor_qr::QrError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`QrError::Colour`] if a colour is neither `#rgb` nor `#rrggbb`.
    pub fn png(&self, options: &SvgOptions) -> Result<Vec<u8>, QrError> {
        let colour = |text: &str| Colour::parse(text).ok_or(QrError::Colour);
        let (dark, light) = (colour(options.dark)?, colour(options.light)?);
        let quiet = u32::from(options.quiet);
        let scale = u32::from(options.scale.max(1));
        let side = (self.width() + 2 * quiet) * scale;
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut header = Vec::from(side.to_be_bytes());
        header.extend_from_slice(&side.to_be_bytes());
        // One bit, colours from the palette, no interlacing.
        header.extend_from_slice(&[1, 3, 0, 0, 0]);
        chunk(&mut png, b"IHDR", &header);
        chunk(&mut png, b"PLTE", &[light.rgb(), dark.rgb()].concat());
        chunk(&mut png, b"IDAT", &self.zlib(quiet, scale, side));
        chunk(&mut png, b"IEND", &[]);
        Ok(png)
    }

    /// The lines of pixels, compressed. Each line is stored as its difference to the one above, so that the further
    /// lines of a row of modules are runs of zeros.
    fn zlib(&self, quiet: u32, scale: u32, side: u32) -> Vec<u8> {
        let stride = usize::try_from(side.div_ceil(8)).unwrap_or(0);
        let mut deflate = Deflate::new();
        let mut above = vec![0; stride];
        for y in 0..self.width() + 2 * quiet {
            let mut line = vec![0u8; stride];
            let dark = |x: &u32| self.module(x / scale.max(1) - quiet, y.wrapping_sub(quiet));
            for x in (quiet * scale..side).filter(dark) {
                let at = usize::try_from(x / 8).ok();
                if let Some(byte) = at.and_then(|at| line.get_mut(at)) {
                    *byte |= 0x80 >> (x % 8);
                }
            }
            for copy in 0..scale {
                deflate.byte(2);
                for (byte, above) in line.iter().zip(&above) {
                    deflate.byte(if copy == 0 { byte.wrapping_sub(*above) } else { 0 });
                }
            }
            above = line;
        }
        deflate.finish()
    }
}

/// Appends a chunk with its length and checksum.
fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    png.extend_from_slice(&u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
    let body: Vec<u8> = kind.iter().chain(data).copied().collect();
    png.extend_from_slice(&body);
    let step = |crc: u32, byte: &u8| {
        let low = |crc: u32, _| if crc & 1 == 1 { 0xEDB8_8320 ^ crc >> 1 } else { crc >> 1 };
        (0..8).fold(crc ^ u32::from(*byte), low)
    };
    png.extend_from_slice(&(!body.iter().fold(!0, step)).to_be_bytes());
}

/// A zlib stream of one block with fixed codes (RFC 1950 and 1951). Runs of one byte are all it looks for.
struct Deflate {
    out: Vec<u8>,
    held: u32,
    count: u32,
    last: Option<u8>,
    run: u32,
    sums: (u32, u32),
}

impl Deflate {
    fn new() -> Deflate {
        let mut deflate =
            Deflate { out: vec![0x78, 0x01], held: 0, count: 0, last: None, run: 0, sums: (1, 0) };
        deflate.bits(0b011, 3);
        deflate
    }

    fn byte(&mut self, byte: u8) {
        let first = (self.sums.0 + u32::from(byte)) % 65_521;
        self.sums = (first, (self.sums.1 + first) % 65_521);
        if self.last == Some(byte) {
            self.run += 1;
            if self.run == 258 {
                self.flush();
            }
            return;
        }
        self.flush();
        self.symbol(u32::from(byte));
        self.last = Some(byte);
    }

    fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.symbol(256);
        if self.count > 0 {
            self.bits(0, 8 - self.count);
        }
        let (first, second) = self.sums;
        self.out.extend_from_slice(&(second << 16 | first).to_be_bytes());
        self.out
    }

    /// Writes the run: as a copy of the byte before from three bytes on.
    fn flush(&mut self) {
        let run = std::mem::take(&mut self.run);
        let Some(last) = self.last else { return };
        if run < 3 {
            (0..run).for_each(|_| self.symbol(u32::from(last)));
            return;
        }
        let (code, base, extra) = match run {
            258 => (285, 258, 0),
            3..11 => (254 + run, run, 0),
            _ => {
                // Four codes for each further bit.
                let extra = (run - 3).ilog2() - 2;
                let step = ((run - 3) >> extra) & 3;
                (261 + 4 * extra + step, 3 + ((4 + step) << extra), extra)
            }
        };
        self.symbol(code);
        self.bits(run - base, extra);
        // A distance of one.
        self.bits(0, 5);
    }

    /// A literal, a length or the end, in the fixed code.
    fn symbol(&mut self, symbol: u32) {
        let (code, length) = match symbol {
            0..144 => (0x30 + symbol, 8),
            144..256 => (0x190 + symbol - 144, 9),
            256..280 => (symbol - 256, 7),
            _ => (0xC0 + symbol - 280, 8),
        };
        self.bits(code.reverse_bits() >> (32 - length), length);
    }

    /// Appends bits, the lowest first; at most 16.
    fn bits(&mut self, value: u32, width: u32) {
        self.held |= value << self.count;
        self.count += width;
        while self.count >= 8 {
            let [byte, ..] = self.held.to_le_bytes();
            self.out.push(byte);
            self.held >>= 8;
            self.count -= 8;
        }
    }
}
