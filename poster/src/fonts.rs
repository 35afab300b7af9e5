//! The fonts of this machine: what text is measured and drawn with.

use crate::emoji::{EmojiFont, runs};
use kfactor::poster::Measure;
use resvg::tiny_skia::Pixmap;
use resvg::usvg::fontdb::{Database, Family, ID, Query, Weight};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Fonts, with the widths of characters as far as they were asked for.
pub struct Fonts {
    pub(crate) database: Arc<Database>,
    /// The family with emoji in colour.
    emoji: Option<(ID, String)>,
    /// Advances in thousandths of the size, by character, boldness and family.
    widths: Mutex<HashMap<(char, bool, String), i32>>,
    /// The same of runs of emoji, in which several characters are one picture.
    pictures: Mutex<HashMap<String, i32>>,
    /// Words by the SVG that has them: on most posters all but a name are the same.
    words: Mutex<Kept>,
}

/// Words as pixels, and their left and upper edge; no pixels where nothing is to be seen.
pub(crate) struct Words {
    pub at: (i32, i32),
    pub pixels: Option<Pixmap>,
}

#[derive(Default)]
struct Kept {
    drawn: HashMap<String, Arc<Words>>,
    bytes: usize,
}

/// How many bytes of words are kept.
const MOST_KEPT: usize = 32_000_000;

/// How many runs of emoji are remembered.
const MOST_PICTURES: usize = 10_000;

/// Fonts that Chinese is drawn with, in the order of the SVG painter, and their likes on other systems.
const FAMILIES: [&str; 8] = [
    "PingFang SC",
    "Noto Sans SC",
    "Noto Sans CJK SC",
    "Microsoft YaHei",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "Noto Sans",
    "DejaVu Sans",
];

impl Fonts {
    /// The system's fonts and those of further folders.
    #[must_use]
    pub fn load(folders: &[&Path]) -> Fonts {
        let mut database = Database::new();
        database.load_system_fonts();
        folders.iter().for_each(|folder| database.load_fonts_dir(folder));
        // `sans-serif` means a font that is there, so that Latin letters and figures have one.
        let family = FAMILIES.into_iter().find(|family| is_there(&database, family)).map(str::to_owned);
        let any =
            || database.faces().find_map(|face| face.families.first().map(|(family, _)| family.clone()));
        if let Some(family) = family.or_else(any) {
            database.set_sans_serif_family(family);
        }
        let emoji = emoji_of(&database);
        Fonts {
            database: Arc::new(database),
            emoji,
            widths: Mutex::default(),
            pictures: Mutex::default(),
            words: Mutex::default(),
        }
    }

    /// Whether a text in Chinese would have characters and not boxes.
    #[must_use]
    pub fn has_chinese(&self) -> bool {
        self.face('中', false, "").is_some()
    }

    /// Whether emoji are drawn; without a font that has them in colour they are left out.
    #[must_use]
    pub fn has_emoji(&self) -> bool {
        self.emoji.is_some()
    }

    /// Measures with these fonts.
    pub fn measure(&self) -> Measure<'_> {
        Measure::by(|font, units| {
            let width = |unit: &&str| {
                let runs = runs(unit).into_iter();
                let width = |(run, is_emoji)| self.width(run, is_emoji, font.is_bold, font.family);
                runs.map(width).sum::<i32>() * font.size / 10
            };
            units.iter().map(width).collect()
        })
    }

    /// The words of an SVG as pixels, drawn by `draw` where they are not known yet.
    pub(crate) fn drawn(
        &self,
        text: String,
        draw: impl Fn(&str) -> Result<Words, String>,
    ) -> Result<Arc<Words>, String> {
        let kept = || self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(words) = kept().drawn.get(&text) {
            return Ok(words.clone());
        }
        let words = Arc::new(draw(&text)?);
        let bytes = words.pixels.as_ref().map_or(0, |pixels| pixels.data().len());
        let mut kept = kept();
        if kept.bytes + bytes > MOST_KEPT {
            *kept = Kept::default();
        }
        kept.bytes += bytes;
        kept.drawn.insert(text, words.clone());
        Ok(words)
    }

    /// The advance of a character in thousandths of the size.
    fn advance(&self, c: char, is_bold: bool, family: &str) -> i32 {
        // Joiners and variation selectors are drawn with what they join.
        if matches!(c, '\u{200D}' | '\u{FE00}'..='\u{FE0F}') {
            return 0;
        }
        let advance = |face: ID| {
            self.with(face, |face| {
                let glyph = face.glyph_index(c)?;
                let advance = i32::from(face.glyph_hor_advance(glyph)?);
                Some(advance * 1_000 / i32::from(face.units_per_em()))
            })
        };
        self.face(c, is_bold, family).and_then(advance).unwrap_or(1_000)
    }

    /// The font that a character is drawn with: the family's own, the system's, else any that has it.
    fn face(&self, c: char, is_bold: bool, family: &str) -> Option<ID> {
        let weight = if is_bold { Weight::BOLD } else { Weight::NORMAL };
        let named = std::iter::once(family).filter(|family| !family.is_empty());
        let families = named.chain(FAMILIES).map(Family::Name).chain([Family::SansSerif]);
        let faces = families.filter_map(|family| {
            self.database.query(&Query { families: &[family], weight, ..Query::default() })
        });
        let all = self.database.faces().map(|face| face.id);
        faces.chain(all).find(|face| self.with(*face, |face| face.glyph_index(c)).is_some())
    }

    /// The advance of a run in one face, in thousandths of the size, with what it makes of several characters.
    fn shaped(&self, face: ID, run: &str) -> Option<i32> {
        let advance = |data: &[u8], index: u32| {
            let face = rustybuzz::Face::from_slice(data, index)?;
            let mut letters = rustybuzz::UnicodeBuffer::new();
            letters.push_str(run);
            let glyphs = rustybuzz::shape(&face, &[], letters);
            let advance: i32 = glyphs.glyph_positions().iter().map(|glyph| glyph.x_advance).sum();
            Some(i32::try_from(i64::from(advance) * 1_000 / i64::from(face.units_per_em())).unwrap_or(0))
        };
        self.database.with_face_data(face, advance).flatten()
    }

    fn with<T>(&self, face: ID, read: impl FnOnce(&ttf_parser::Face<'_>) -> Option<T>) -> Option<T> {
        self.database
            .with_face_data(face, |data, index| read(&ttf_parser::Face::parse(data, index).ok()?))
            .flatten()
    }
}

impl EmojiFont for Fonts {
    fn family(&self) -> Option<&str> {
        self.emoji.as_ref().map(|(_, family)| family.as_str())
    }

    fn width(&self, run: &str, is_emoji: bool, is_bold: bool, family: &str) -> i32 {
        if is_emoji {
            let Some((face, _)) = self.emoji else { return 0 };
            let mut pictures = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(width) = pictures.get(run) {
                return *width;
            }
            let width = self.shaped(face, run).unwrap_or(0);
            if pictures.len() >= MOST_PICTURES {
                pictures.clear();
            }
            pictures.insert(run.to_owned(), width);
            return width;
        }
        let mut widths = self.widths.lock().unwrap_or_else(PoisonError::into_inner);
        let width = |c: char| {
            *widths.entry((c, is_bold, family.to_owned())).or_insert_with(|| self.advance(c, is_bold, family))
        };
        run.chars().map(width).sum()
    }
}

/// A font that has emoji as pictures, by the face that families and flags are made with.
fn emoji_of(database: &Database) -> Option<(ID, String)> {
    let has_pictures = |face: &ttf_parser::Face<'_>| {
        let tables = face.tables();
        let is_coloured =
            tables.cbdt.is_some() || tables.colr.is_some() || tables.sbix.is_some() || tables.svg.is_some();
        is_coloured && face.glyph_index('😀').is_some()
    };
    database.faces().find_map(|info| {
        let is_one = database.with_face_data(info.id, |data, index| {
            ttf_parser::Face::parse(data, index).is_ok_and(|face| has_pictures(&face))
        })?;
        let (family, _) = info.families.first().filter(|_| is_one)?;
        Some((info.id, family.clone()))
    })
}

fn is_there(database: &Database, family: &str) -> bool {
    database.query(&Query { families: &[Family::Name(family)], ..Query::default() }).is_some()
}
