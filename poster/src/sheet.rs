//! Posters on sheets of paper: text as text, bleed, crop marks, and modules that are large enough in print.

use crate::bleed::with_bleed;
use crate::emoji::apart;
use crate::fonts::Fonts;
use crate::images::Images;
use crate::paint::with_pictures;
use crate::picture::tree;
use kfactor::poster::{Code, Data, Poster, PosterError, display_list, svg};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref};
use std::collections::HashMap;

/// How posters are laid out on paper. Lengths are in millimetres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    /// The width of the paper.
    pub width: f32,
    /// The height of the paper.
    pub height: f32,
    /// The width that a poster has in print.
    pub poster: f32,
    /// How far a poster is drawn beyond its edge, where it is cut.
    pub bleed: f32,
    /// From how far away it is scanned.
    pub distance: f32,
}

/// Why there is no sheet.
#[derive(Clone, Debug, PartialEq)]
pub enum SheetError {
    /// A poster cannot be drawn.
    Poster(PosterError),
    /// A module would be smaller than the distance asks for: what it is and what it should be, in hundredths of a
    /// millimetre.
    Module(u32, u32),
    /// A poster with its bleed and marks is larger than the paper.
    Room,
    /// The writer failed.
    Pdf(String),
}

/// The smallest module in print, in millimetres: what phones of the last ten years focus on.
const SMALLEST_MODULE: f32 = 0.4;

/// The length of a crop mark and its distance from the poster.
const MARK: (f32, f32) = (4.0, 1.0);

const POINTS_PER_MM: f32 = 72.0 / 25.4;

impl Default for Sheet {
    /// Four of a hand's width on A4, read at arm's length.
    fn default() -> Self {
        Sheet { width: 210.0, height: 297.0, poster: 78.0, bleed: 3.0, distance: 250.0 }
    }
}

impl Sheet {
    /// Lays out posters, as many on a sheet as fit, and gives the PDF.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn pdf(
        &self,
        posters: &[(&Poster, &Data)],
        fonts: &Fonts,
        images: &Images,
    ) -> Result<Vec<u8>, SheetError> {
        let Some((first, _)) = posters.first() else { return Err(SheetError::Room) };
        let height = self.height_of(first);
        let (across, down) = self.grid(height);
        if across == 0 || down == 0 {
            return Err(SheetError::Room);
        }
        let mut writer = Writer { pdf: Pdf::new(), last: 0, pages: Vec::new() };
        let (catalog, tree) = (writer.next(), writer.next());
        for page in posters.chunks(across * down) {
            let mut placed = Vec::new();
            for (at, (poster, data)) in page.iter().enumerate() {
                let list = display_list(poster, data, &mut fonts.measure()).map_err(SheetError::Poster)?;
                if let Some(code) = list.code.as_ref().filter(|code| code.unit > 0) {
                    self.check(code, list.width)?;
                }
                // Whole pixels, at least as many as the bleed has.
                let pixel = self.poster / number(list.width);
                let beyond =
                    (0..list.width).find(|beyond| number(*beyond) * pixel >= self.bleed).unwrap_or(0);
                let list = with_pictures(apart(&list, fonts), fonts).map_err(SheetError::Pdf)?;
                let text = svg(&with_bleed(list, beyond), &|src| images.source(src));
                let (left, bottom) = self.place(at, across, down, height);
                let around = number(beyond) * pixel;
                let drawn = writer.embed(&text, fonts)?;
                placed.push(Placed { drawn, left, bottom, around });
            }
            writer.page(self, tree, &placed, height);
        }
        let pages = std::mem::take(&mut writer.pages);
        let mut pdf = writer.pdf;
        pdf.catalog(catalog).pages(tree);
        pdf.pages(tree).count(i32::try_from(pages.len()).unwrap_or(0)).kids(pages);
        Ok(pdf.finish())
    }

    fn height_of(&self, poster: &Poster) -> f32 {
        self.poster * number(poster.size.height) / number(poster.size.width)
    }

    /// How many posters fit beside and below each other, each with its bleed and marks.
    fn grid(&self, height: f32) -> (usize, usize) {
        let around = 2.0 * (self.bleed.max(MARK.1) + MARK.0);
        let count =
            |paper: f32, poster: f32| (0..50).rfind(|count| (poster + around) * number(*count) <= paper);
        let whole = |count: Option<i32>| count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        (whole(count(self.width, self.poster)), whole(count(self.height, height)))
    }

    /// The left and lower edge of a poster on its sheet.
    fn place(&self, at: usize, across: usize, down: usize, height: f32) -> (f32, f32) {
        let index = |value: usize| number(i32::try_from(value).unwrap_or(0));
        let (column, row) = (at % across, at / across);
        let (cell_width, cell_height) = (self.width / index(across), self.height / index(down));
        let left = cell_width * index(column) + (cell_width - self.poster) / 2.0;
        let top = cell_height * index(row) + (cell_height - height) / 2.0;
        (left, self.height - top - height)
    }

    /// A code is read from ten times its size, so a module of a code of 33 is a three hundred and thirtieth of the
    /// distance; a rule of thumb of print, where light and hands vary more than the rule.
    fn check(&self, code: &Code, width: i32) -> Result<(), SheetError> {
        let module = self.poster * number(i32::try_from(code.unit).unwrap_or(0)) / number(width);
        let needed = (self.distance / 330.0).max(SMALLEST_MODULE);
        if module < needed {
            return Err(SheetError::Module(hundredths(module), hundredths(needed)));
        }
        Ok(())
    }
}

/// A drawing on a page: the left and lower edge of the poster in it, and how far it goes on around that.
struct Placed {
    drawn: Ref,
    left: f32,
    bottom: f32,
    around: f32,
}

struct Writer {
    pdf: Pdf,
    last: i32,
    pages: Vec<Ref>,
}

impl Writer {
    fn next(&mut self) -> Ref {
        self.last += 1;
        Ref::new(self.last)
    }

    /// Draws SVG once; what it gives can be put on pages.
    fn embed(&mut self, text: &str, fonts: &Fonts) -> Result<Ref, SheetError> {
        let tree = tree(text, fonts).map_err(SheetError::Pdf)?;
        let options = svg2pdf::ConversionOptions::default();
        let (chunk, root) =
            svg2pdf::to_chunk(&tree, options).map_err(|error| SheetError::Pdf(error.to_string()))?;
        let mut numbers = HashMap::new();
        let mut last = self.last;
        let chunk = chunk.renumber(|old| {
            *numbers.entry(old).or_insert_with(|| {
                last += 1;
                Ref::new(last)
            })
        });
        self.last = last;
        self.pdf.extend(&chunk);
        numbers.get(&root).copied().ok_or_else(|| SheetError::Pdf("the drawing was lost".to_owned()))
    }

    fn page(&mut self, sheet: &Sheet, tree: Ref, placed: &[Placed], height: f32) {
        let (page, body) = (self.next(), self.next());
        let mut content = Content::new();
        for (number, Placed { left, bottom, around, .. }) in (0..).zip(placed) {
            let [x, y] = [left - around, bottom - around].map(points);
            let [wide, high] = [sheet.poster, height].map(|side| points(side + 2.0 * around));
            let bleed = points(sheet.bleed);
            content.save_state();
            // What goes on beyond the bleed by parts of a pixel is not printed.
            let [cut, high_cut] = [sheet.poster, height].map(|side| points(side) + 2.0 * bleed);
            content
                .rect(points(*left) - bleed, points(*bottom) - bleed, cut, high_cut)
                .clip_nonzero()
                .end_path();
            content.transform([wide, 0.0, 0.0, high, x, y]);
            content.x_object(Name(name(number).as_bytes()));
            content.restore_state();
            marks(&mut content, sheet, (*left, *bottom), height);
        }
        self.pdf.stream(body, &content.finish());
        let paper = Rect::new(0.0, 0.0, points(sheet.width), points(sheet.height));
        let mut writer = self.pdf.page(page);
        writer.media_box(paper).parent(tree).contents(body);
        let mut resources = writer.resources();
        let mut objects = resources.x_objects();
        for (number, Placed { drawn, .. }) in (0..).zip(placed) {
            objects.pair(Name(name(number).as_bytes()), *drawn);
        }
        objects.finish();
        resources.finish();
        writer.finish();
        self.pages.push(page);
    }
}

/// Two fine lines at each corner of a poster, outside of its bleed.
fn marks(content: &mut Content, sheet: &Sheet, (left, bottom): (f32, f32), height: f32) {
    let near = sheet.bleed.max(MARK.1);
    let far = near + MARK.0;
    content.save_state();
    content.set_line_width(0.25);
    for (x, out) in [(left, -1.0), (left + sheet.poster, 1.0)] {
        for (y, up) in [(bottom, -1.0), (bottom + height, 1.0)] {
            content.move_to(points(x + out * near), points(y)).line_to(points(x + out * far), points(y));
            content.move_to(points(x), points(y + up * near)).line_to(points(x), points(y + up * far));
        }
    }
    content.stroke();
    content.restore_state();
}

fn name(number: i32) -> String {
    format!("P{number}")
}

fn points(millimetres: f32) -> f32 {
    millimetres * POINTS_PER_MM
}

/// Lengths of posters have few digits, which a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "below 2^24")]
fn number(value: i32) -> f32 {
    value as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few millimetres")]
fn hundredths(millimetres: f32) -> u32 {
    (millimetres * 100.0).round() as u32
}
