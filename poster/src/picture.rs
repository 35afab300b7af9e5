//! A poster as pixels, and its code read back from them.

use crate::fonts::Fonts;
use crate::images::Images;
use crate::paint::paint;
use image::codecs::{png, webp};
use image::{ExtendedColorType, ImageEncoder};
use kfactor::poster::{Code, Data, Poster, PosterError, display_list};
use kfactor::qr::Finding;
use resvg::tiny_skia::Pixmap;
use resvg::usvg::{Options, Tree};
use rxing::common::HybridBinarizer;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{BinaryBitmap, DecodeHints, Luma8LuminanceSource, Reader};

/// A file format of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Exact, and large.
    Png,
    /// With this quality, 1 to 100.
    Jpeg(u8),
    /// Exact, and smaller than PNG.
    WebP,
}

impl Format {
    /// The media type of its files.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Png => "image/png",
            Format::Jpeg(_) => "image/jpeg",
            Format::WebP => "image/webp",
        }
    }
}

/// A poster that was drawn.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The file.
    pub bytes: Vec<u8>,
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
    /// The code, where the poster has one.
    pub code: Option<Code>,
    /// Whether the code was read back from the pixels; `None` for a poster without one, or with a picture of one.
    pub is_read: Option<bool>,
    /// What comes near to the limits of the code.
    pub findings: Vec<Finding>,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureError {
    /// The poster cannot be drawn.
    Poster(PosterError),
    /// The rasteriser failed.
    Raster(String),
}

impl PictureError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            PictureError::Poster(error) => error.code(),
            PictureError::Raster(_) => "POSTER_RASTER",
        }
    }
}

/// Draws a poster.
///
/// # Errors
/// [`PictureError::Poster`] if its code would not be read, [`PictureError::Raster`] if the picture has no room.
pub fn draw(
    poster: &Poster,
    data: &Data,
    fonts: &Fonts,
    images: &Images,
    format: Format,
) -> Result<Picture, PictureError> {
    let list = display_list(poster, data, &mut fonts.measure()).map_err(PictureError::Poster)?;
    let pixels = paint(&list, fonts, images).map_err(PictureError::Raster)?;
    let wanted = list.code.as_ref().filter(|code| code.unit > 0);
    let is_read = wanted.map(|code| read(&pixels, code).as_deref() == Some(&code.text));
    let mut bytes = Vec::new();
    match format {
        Format::Png => {
            // The line above is what a line is most like; looking for something better takes ten times as long.
            let (fast, filter) = (png::CompressionType::Fast, png::FilterType::Up);
            encoded(&pixels, png::PngEncoder::new_with_quality(&mut bytes, fast, filter))?;
        }
        Format::WebP => encoded(&pixels, webp::WebPEncoder::new_lossless(&mut bytes))?,
        Format::Jpeg(quality) => jpeg(&pixels, quality, &mut bytes)?,
    }
    let (width, height) = (pixels.width(), pixels.height());
    Ok(Picture { bytes, width, height, code: list.code, is_read, findings: list.findings })
}

pub(crate) fn tree(text: &str, fonts: &Fonts) -> Result<Tree, String> {
    let options = Options { fontdb: fonts.database.clone(), ..Options::default() };
    Tree::from_str(text, &options).map_err(|error| error.to_string())
}

/// Encodes every pixel as it is. A poster's ground is opaque, so what is premultiplied is what is shown.
fn encoded(pixels: &Pixmap, encoder: impl ImageEncoder) -> Result<(), PictureError> {
    let opaque: Vec<u8> =
        pixels.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    encoder
        .write_image(&opaque, pixels.width(), pixels.height(), ExtendedColorType::Rgb8)
        .map_err(|error| PictureError::Raster(error.to_string()))
}

fn jpeg(pixels: &Pixmap, quality: u8, bytes: &mut Vec<u8>) -> Result<(), PictureError> {
    let wrong = |error: String| PictureError::Raster(error);
    let [width, height] = [pixels.width(), pixels.height()].map(u16::try_from);
    let (Ok(width), Ok(height)) = (width, height) else {
        return Err(wrong("the picture is too large".to_owned()));
    };
    jpeg_encoder::Encoder::new(bytes, quality.clamp(1, 100))
        .encode(pixels.data(), width, height, jpeg_encoder::ColorType::Rgba)
        .map_err(|error| wrong(error.to_string()))
}

/// What the code says in the pixels, with the ground around it as far as a camera's frame would have it.
fn read(pixels: &Pixmap, code: &Code) -> Option<String> {
    let at = |value: i32| u32::try_from(value.max(0)).unwrap_or(0);
    let margin = code.at.width / 8;
    let (left, top) = (at(code.at.x - margin), at(code.at.y - margin));
    let right = at(code.at.x + code.at.width + margin).min(pixels.width());
    let bottom = at(code.at.y + code.at.height + margin).min(pixels.height());
    let grey = |x: u32, y: u32| {
        let pixel = pixels.pixel(x, y)?;
        let [red, green, blue] = [pixel.red(), pixel.green(), pixel.blue()].map(u32::from);
        u8::try_from((red * 299 + green * 587 + blue * 114) / 1_000).ok()
    };
    let light = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
    let light = light.map(|(x, y)| grey(x, y).unwrap_or(255)).collect();
    read_code(light, right.checked_sub(left)?, bottom.checked_sub(top)?)
}

/// What the QR code in a grey picture says, which has a byte for each pixel; none where none is found.
#[must_use]
pub fn read_code(light: Vec<u8>, width: u32, height: u32) -> Option<String> {
    let source = Luma8LuminanceSource::new(light, width, height).ok()?;
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    let hints = DecodeHints { TryHarder: Some(true), ..DecodeHints::default() };
    // The port of the reader in C++: that of the one in Java misses one good code in seventy.
    let found = QrReader.decode_with_hints(&mut bitmap, &hints).ok()?;
    Some(found.getText().to_owned())
}
