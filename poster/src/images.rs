//! Pictures on posters: `data:` addresses, and files of one folder. Nothing is fetched, so that nobody can make a server
//! ask for addresses.

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, imageops};
use resvg::tiny_skia::{IntSize, Pixmap};
use std::collections::HashMap;
use std::io::Cursor;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Where pictures come from, and those of the folder that were drawn last, in the size in which they were drawn.
#[derive(Clone, Debug, Default)]
pub struct Images {
    folder: Option<PathBuf>,
    kept: Arc<Mutex<Kept>>,
}

/// The largest file that is read, in bytes.
const LARGEST: u64 = 4_000_000;

/// The widest and highest picture that is decoded, in pixels.
const LARGEST_SIDE: u32 = 8_192;

/// How many bytes of pixels are kept.
const MOST_KEPT: usize = 64_000_000;

#[derive(Debug, Default)]
struct Kept {
    pictures: HashMap<Drawn, Arc<Fitted>>,
    bytes: usize,
}

/// A picture in the size in which it is drawn.
#[derive(Debug, PartialEq)]
pub(crate) struct Fitted {
    pub pixels: Pixmap,
    /// Whether nothing shows through it.
    pub is_opaque: bool,
}

/// A file as it was at a moment, in a size, and whether that is filled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Drawn {
    file: PathBuf,
    changed: Option<SystemTime>,
    size: (u32, u32),
    covers: bool,
}

impl Images {
    /// Only `data:` addresses.
    #[must_use]
    pub fn inline() -> Images {
        Images::default()
    }

    /// Also files below a folder.
    #[must_use]
    pub fn of(folder: PathBuf) -> Images {
        Images { folder: Some(folder), ..Images::default() }
    }

    /// The address that stands for a picture in SVG; `None` for one that is not there.
    #[must_use]
    pub fn source(&self, src: &str) -> Option<String> {
        if is_inline(src) {
            return Some(src.to_owned());
        }
        let (file, _) = self.file(src)?;
        let bytes = std::fs::read(file).ok()?;
        let kind = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => "png",
            [0xFF, 0xD8, ..] => "jpeg",
            [b'R', b'I', b'F', b'F', ..] => "webp",
            [b'G', b'I', b'F', ..] => "gif",
            _ => return None,
        };
        Some(address(kind, &bytes))
    }

    /// A picture that fills a size, or fits in it; `None` for one that is not there.
    pub(crate) fn pixels(&self, src: &str, size: (u32, u32), covers: bool) -> Option<Arc<Fitted>> {
        if is_inline(src) {
            let address = data_url::DataUrl::process(src).ok()?;
            let (bytes, _) = address.decode_to_vec().ok()?;
            return decoded(&bytes, size, covers).map(Arc::new);
        }
        let (file, changed) = self.file(src)?;
        let key = Drawn { file, changed, size, covers };
        if let Some(picture) = self.kept().pictures.get(&key) {
            return Some(picture.clone());
        }
        let picture = Arc::new(decoded(&std::fs::read(&key.file).ok()?, size, covers)?);
        let mut kept = self.kept();
        if kept.bytes + picture.pixels.data().len() > MOST_KEPT {
            *kept = Kept::default();
        }
        kept.bytes += picture.pixels.data().len();
        kept.pictures.insert(key, picture.clone());
        Some(picture)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file of the folder that is not too large, and when it was changed.
    fn file(&self, src: &str) -> Option<(PathBuf, Option<SystemTime>)> {
        let path = Path::new(src);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let file = self.folder.as_ref()?.join(path);
        let about = std::fs::metadata(&file).ok()?;
        (about.len() <= LARGEST).then(|| (file, about.modified().ok()))
    }
}

fn is_inline(src: &str) -> bool {
    let kinds = ["data:image/png;", "data:image/jpeg;", "data:image/webp;", "data:image/gif;"];
    kinds.iter().any(|kind| src.starts_with(kind))
}

/// A picture in a size: all of it filled, what hangs over cut off evenly, or as much as the picture's proportions fill.
fn decoded(bytes: &[u8], (width, height): (u32, u32), covers: bool) -> Option<Fitted> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    // Cameras turn the picture's description, not the picture.
    let orientation = decoder.orientation().ok()?;
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    picture.apply_orientation(orientation);
    let (wide, high) = (picture.width(), picture.height());
    // Compares width / wide with height / high.
    let is_wider = u64::from(wide) * u64::from(height) > u64::from(high) * u64::from(width);
    let (width, height) = if covers {
        let (part_wide, part_high) =
            if is_wider { (share(high, width, height), high) } else { (wide, share(wide, height, width)) };
        let (x, y) = ((wide - part_wide.min(wide)) / 2, (high - part_high.min(high)) / 2);
        picture = picture.crop_imm(x, y, part_wide, part_high);
        (width, height)
    } else if is_wider {
        (width, share(width, high, wide))
    } else {
        (share(height, wide, high), height)
    };
    let mut pixels = picture.into_rgba8();
    let mut is_opaque = true;
    for image::Rgba([red, green, blue, alpha]) in pixels.pixels_mut().filter(|pixel| pixel.0[3] < 255) {
        is_opaque = false;
        for part in [red, green, blue] {
            *part = u8::try_from((u32::from(*part) * u32::from(*alpha) + 127) / 255).unwrap_or(255);
        }
    }
    if pixels.dimensions() != (width, height) {
        pixels = imageops::resize(&pixels, width, height, FilterType::Triangle);
    }
    let pixels = Pixmap::from_vec(pixels.into_raw(), IntSize::from_wh(width, height)?)?;
    Some(Fitted { pixels, is_opaque })
}

/// A length times a ratio, at least one.
fn share(length: u32, part: u32, whole: u32) -> u32 {
    let scaled = u64::from(length) * u64::from(part) / u64::from(whole.max(1));
    u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
}

/// The `data:` address of a picture of a kind, as `png`.
pub(crate) fn address(kind: &str, bytes: &[u8]) -> String {
    format!("data:image/{kind};base64,{}", base64(bytes))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let value = at(0) << 16 | at(1) << 8 | at(2);
        for (place, shift) in [18u32, 12, 6, 0].into_iter().enumerate() {
            let letter =
                LETTERS.get(usize::try_from(value >> shift & 63).unwrap_or(0)).copied().unwrap_or(b'=');
            out.push(if place > group.len() { '=' } else { char::from(letter) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_of_the_folder_are_read() {
        assert_eq!(
            ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
        let folder = std::env::temp_dir().join(format!("kfactor-images-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.png"), b"\x89PNGxyz").unwrap();
        std::fs::write(folder.join("key.txt"), b"secret").unwrap();
        let images = Images::of(folder.join("."));
        assert_eq!(images.source("a.png").as_deref(), Some("data:image/png;base64,iVBOR3h5eg=="));
        for src in [
            "key.txt",
            "../a.png",
            "/etc/passwd",
            "https://example.com/a.png",
            "missing.png",
            "data:text/html,x",
        ] {
            assert_eq!(images.source(src), None, "{src}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn pictures_fill_their_frame_or_stand_in_it() {
        // Three columns, red, green and blue, in one row.
        let row = image::RgbImage::from_raw(3, 1, vec![255, 0, 0, 0, 255, 0, 0, 0, 255]).unwrap();
        let mut png = Vec::new();
        row.write_to(&mut Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
        let address = address("png", &png);
        let images = Images::inline();
        let cut = &images.pixels(&address, (40, 40), true).unwrap().pixels;
        assert_eq!((cut.width(), cut.height()), (40, 40));
        assert!(cut.pixels().iter().all(|pixel| pixel.green() == 255), "the middle is what is left");
        let whole = &images.pixels(&address, (60, 60), false).unwrap().pixels;
        assert_eq!((whole.width(), whole.height()), (60, 20));
        assert_eq!(images.pixels("data:image/png;base64,AAAA", (9, 9), true), None);
    }

    #[test]
    fn a_file_that_changes_is_drawn_as_it_is_now() {
        let folder = std::env::temp_dir().join(format!("kfactor-kept-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let images = Images::of(folder.clone());
        for (grey, second) in [(10, 1), (200, 2)] {
            let file = folder.join("a.png");
            image::GrayImage::from_pixel(4, 4, image::Luma([grey])).save(&file).unwrap();
            let moment = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(second);
            std::fs::File::options().write(true).open(&file).unwrap().set_modified(moment).unwrap();
            let first = images.pixels("a.png", (8, 8), true).unwrap();
            assert_eq!(first.pixels.pixels()[0].red(), grey);
            assert!(Arc::ptr_eq(&first, &images.pixels("a.png", (8, 8), true).unwrap()), "kept");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
