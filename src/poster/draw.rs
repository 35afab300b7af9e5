//! From a template and what is known about a person to the display list.

use super::layer::{Fit, Kind, Layer, Poster};
use super::layout::{Font, Measure, Scale, placed};
use super::list::{Code, DisplayList, Fill, Line, Op};
use super::text::{filled, lines, units};
use super::values::pixels;
use crate::campaign::Surface;
use crate::gather::Gather;
use crate::json::tree::{Node, parse};
use crate::qr::{Drawing, Finding, Options, Path, QrError, Rect, Severity, Shape, StyleError, Symbol};

/// What a poster is filled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The tracked link that the code carries.
    pub url: String,
    /// The address of a picture of the platform's own code, instead of a code of the link.
    pub code: Option<String>,
    /// The values of variables.
    pub values: Vec<(String, String)>,
    /// The variant; layers of variants are left out without one.
    pub variant: Option<String>,
    /// The surface; layers of every surface are drawn without one.
    pub surface: Option<Surface>,
    /// The pixels of the picture in per cent of the template's.
    pub scale: u16,
}

/// Why a poster is not drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PosterError {
    /// The data is not an object of the keys that are known.
    Data,
    /// The link has no symbol.
    Code(QrError),
    /// The code would not be read: limits that its style or its size break.
    Limits(Vec<Finding>),
}

impl PosterError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            PosterError::Data => "POSTER_DATA",
            PosterError::Code(error) => error.code(),
            PosterError::Limits(findings) => findings.first().map_or("POSTER_CODE", |first| first.code),
        }
    }
}

impl Default for Data {
    fn default() -> Self {
        Data { url: String::new(), code: None, values: Vec::new(), variant: None, surface: None, scale: 100 }
    }
}

impl Data {
    /// Reads `{"url", "code", "values", "variant", "surface", "scale"}`, each of which may be absent.
    ///
    /// # Errors
    /// [`PosterError::Data`].
    pub fn parse(text: &str) -> Result<Data, PosterError> {
        let tree = parse(text);
        let root = tree.root.as_ref().ok_or(PosterError::Data)?;
        let word = |key: &str| root.get(key).and_then(Node::text).map(str::to_owned);
        let values = root.get("values").map(Node::members).unwrap_or_default();
        let value = |node: &Node<'_>| node.text().map(str::to_owned).or_else(|| number(node));
        Ok(Data {
            url: word("url").unwrap_or_default(),
            code: word("code"),
            values: values
                .iter()
                .filter_map(|member| Some((member.key.to_string(), value(&member.value)?)))
                .gather(),
            variant: word("variant"),
            surface: word("surface").as_deref().and_then(Surface::parse),
            scale: root
                .get("scale")
                .and_then(number)
                .and_then(|raw| raw.parse().ok())
                .unwrap_or(100)
                .clamp(25, 400),
        })
    }
}

fn number(node: &Node<'_>) -> Option<String> {
    match node.data {
        crate::json::tree::Data::Number(raw) => Some(raw.to_owned()),
        _ => None,
    }
}

/// What a painter draws for a poster.
///
/// # Errors
/// [`PosterError::Code`] if the link is empty or too long, [`PosterError::Limits`] if the code would not be read.
pub fn display_list(
    poster: &Poster,
    data: &Data,
    measure: &mut Measure<'_>,
) -> Result<DisplayList, PosterError> {
    let mut canvas = Canvas { data, measure, scale: Scale(i32::from(data.scale)), list: empty(poster, data) };
    let whole = Rect { x: 0, y: 0, width: canvas.list.width, height: canvas.list.height };
    canvas.list.ops.push(Op::Rects(vec![whole], Fill::ink(&poster.ground, whole)));
    let mut ends: Vec<(&str, i32)> = Vec::new();
    for layer in poster.layers.iter() {
        let from = layer.below.as_ref().and_then(|below| ends.iter().rfind(|(id, _)| *id == &**below));
        let mut at = placed(&layer.at, poster.size, from.map_or(0, |(_, end)| *end));
        if canvas.shows(layer) {
            at.height = canvas.layer(layer, at)?;
        } else {
            at.height = 0;
        }
        ends.extend(layer.id.as_ref().map(|id| (&**id, at.y + at.height)));
    }
    Ok(canvas.list)
}

fn empty(poster: &Poster, data: &Data) -> DisplayList {
    let scale = Scale(i32::from(data.scale));
    let (width, height) = (scale.of(poster.size.width), scale.of(poster.size.height));
    DisplayList { width, height, ops: Vec::new(), code: None, findings: Vec::new() }
}

struct Canvas<'c, 'm> {
    data: &'c Data,
    measure: &'c mut Measure<'m>,
    scale: Scale,
    list: DisplayList,
}

impl Canvas<'_, '_> {
    fn shows(&self, layer: &Layer) -> bool {
        let variant = self.data.variant.as_deref();
        let fits = |list: &[crate::campaign::names::Name]| list.iter().any(|name| variant == Some(&**name));
        let on = |list: &[Surface]| self.data.surface.is_none_or(|surface| list.contains(&surface));
        layer.variants.as_ref().is_none_or(|list| fits(list))
            && layer.surfaces.as_ref().is_none_or(|list| on(list))
    }

    /// Draws a layer in its box of the template; gives the height that it really has.
    fn layer(&mut self, layer: &Layer, at: Rect) -> Result<i32, PosterError> {
        let place = self.scale.rect(at);
        match layer.draw {
            Kind::Rect => self.rect(layer, place),
            Kind::Image => self.image(layer, place),
            Kind::Text => return Ok(self.text(layer, at)),
            Kind::Qr => self.code(layer, place)?,
        }
        Ok(at.height)
    }

    fn rect(&mut self, layer: &Layer, at: Rect) {
        let mut fill = layer.fill.as_ref().map_or_else(|| Fill::tint("#fff"), |ink| Fill::ink(ink, at));
        fill.shadow = self.shadow(layer);
        let radius = self.radius(layer, at);
        self.list.ops.push(if radius == 0 {
            Op::Rects(vec![at], fill)
        } else {
            Op::Path(rounded(at, radius), fill)
        });
    }

    fn image(&mut self, layer: &Layer, at: Rect) {
        let src = self.filled(layer.src.as_deref().unwrap_or_default());
        // A person without a picture leaves the ground free, which a circle below it can fill.
        if !src.is_empty() {
            self.list.ops.push(Op::Image { src, at, fit: layer.fit, radius: self.radius(layer, at) });
        }
    }

    fn text(&mut self, layer: &Layer, at: Rect) -> i32 {
        let words = self.filled(layer.text.as_deref().unwrap_or_default());
        let font = Font {
            family: layer.font.as_deref().unwrap_or_default(),
            size: self.scale.of(pixels(layer.size.get())),
            is_bold: layer.bold,
        };
        let spacing = self.scale.of(pixels(layer.spacing.get()));
        let place = self.scale.rect(at);
        let mut parts = units(&words);
        let mut widths = self.measure.widths(&font, &parts, spacing);
        if widths.iter().any(|width| *width > place.width * 100) {
            // A word that no line holds breaks anywhere.
            let is_long = |width: i32| width > place.width * 100;
            let each = parts.iter().zip(widths);
            parts = each
                .flat_map(|(&part, width)| if is_long(width) { characters(part) } else { vec![part] })
                .gather();
            widths = self.measure.widths(&font, &parts, spacing);
        }
        let ellipsis = self.measure.widths(&font, &["…"], spacing).first().copied().unwrap_or(0);
        let measured: Vec<_> = parts.into_iter().zip(widths).gather();
        let most = usize::try_from(layer.lines.get()).unwrap_or(1);
        let filled = lines(&measured, place.width * 100, most, ellipsis);
        let count = pixels(u32::try_from(filled.len()).unwrap_or(0));
        let leading = pixels(layer.size.get() * layer.leading.get()) / 100;
        let x = match layer.align {
            super::layer::Align::Left => place.x,
            super::layer::Align::Center => place.x + place.width / 2,
            super::layer::Align::Right => place.x + place.width,
        };
        let line = |(number, (text, width)): (i32, (String, i32))| {
            // Characters are centred in their line: the middle of a square of Chinese is 0.36 above the baseline.
            let middle = at.y * 100 + number * leading * 100 + leading * 50;
            let baseline = self.scale.of(middle + pixels(layer.size.get()) * 36) / 100;
            Line { text, x, baseline, width }
        };
        let lines: Vec<Line> = (0..).zip(filled).map(line).gather();
        let height = if at.height > 0 { at.height } else { count * leading };
        let within = self.scale.rect(Rect { height: height.max(1), ..at });
        let mut fill = layer.fill.as_ref().map_or_else(|| Fill::tint("#111"), |ink| Fill::ink(ink, within));
        fill.shadow = self.shadow(layer);
        if !lines.is_empty() {
            self.list.ops.push(Op::Text {
                family: font.family.to_owned(),
                size: font.size,
                is_bold: font.is_bold,
                spacing,
                align: layer.align,
                lines,
                fill,
            });
        }
        height
    }

    fn code(&mut self, layer: &Layer, at: Rect) -> Result<(), PosterError> {
        if let Some(code) = &self.data.code {
            self.list.ops.push(Op::Image { src: code.clone(), at, fit: Fit::Contain, radius: 0 });
            self.list.code = Some(Code { at, unit: 0, text: String::new(), share: 0 });
            return Ok(());
        }
        let logo = layer.src.as_deref().map(|src| self.filled(src)).filter(|src| !src.is_empty());
        let mut style = layer.style();
        style.logo = style.logo.filter(|_| logo.is_some());
        let options = Options { level: layer.level(), ..Options::default() };
        let symbol = style.symbol(&self.data.url, &options).map_err(|error| match error {
            StyleError::Symbol(error) => PosterError::Code(error),
            StyleError::Limits(findings) => PosterError::Limits(findings),
        })?;
        let modules = pixels(symbol.width()) + 2 * i32::from(style.quiet);
        let box_side = at.width.min(at.height);
        let unit = box_side / modules.max(1);
        let findings = style.check(&symbol, u32::try_from(unit).unwrap_or(0).max(1));
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(PosterError::Limits(findings));
        }
        let side = unit * modules;
        let place = Rect {
            x: at.x + (at.width - side) / 2,
            y: at.y + (at.height - side) / 2,
            width: side,
            height: side,
        };
        self.list.code = Some(Code {
            at: place,
            unit: u32::try_from(unit).unwrap_or(0),
            text: self.data.url.clone(),
            share: style.damage(&symbol).map_or(0, |damage| damage.share()),
        });
        self.list.findings.extend(findings);
        self.symbol(&symbol, &style, place, unit, logo, layer);
        Ok(())
    }

    fn symbol(
        &mut self,
        symbol: &Symbol,
        style: &crate::qr::Style,
        place: Rect,
        unit: i32,
        logo: Option<String>,
        layer: &Layer,
    ) {
        let drawing = Drawing::of(symbol, style, (place.x, place.y), u32::try_from(unit).unwrap_or(1));
        let radius = self.scale.of(pixels(layer.radius.get())).min(unit * 3);
        let (ground, light) = drawing.ground;
        let light = Fill::tint(&light.hex());
        self.list.ops.push(match radius {
            0 => Op::Rects(vec![ground], light),
            _ => Op::Path(rounded(ground, radius), light),
        });
        for (shape, paint) in drawing.shapes {
            let fill = Fill::paint(paint, place);
            self.list.ops.push(match shape {
                Shape::Rects(rects) => Op::Rects(rects, fill),
                Shape::Path(path) => Op::Path(path, fill),
            });
        }
        if let (Some(at), Some(src)) = (drawing.logo, logo) {
            // Half a module of margin keeps a dark logo apart from the modules around it.
            let inset = (unit / 2).max(1);
            let inner = Rect {
                x: at.x + inset,
                y: at.y + inset,
                width: at.width - 2 * inset,
                height: at.height - 2 * inset,
            };
            self.list.ops.push(Op::Image { src, at: inner, fit: Fit::Cover, radius: inner.width / 5 });
        }
    }

    fn radius(&self, layer: &Layer, at: Rect) -> i32 {
        self.scale.of(pixels(layer.radius.get())).min(at.width / 2).min(at.height / 2)
    }

    fn shadow(&self, layer: &Layer) -> Option<(String, i32, i32)> {
        let shadow = layer.shadow.as_ref()?;
        let scaled = |value: u32| self.scale.of(pixels(value));
        Some((shadow.tint.to_string(), scaled(shadow.down.get()), scaled(shadow.blur.get())))
    }

    fn filled(&self, text: &str) -> String {
        filled(text, &|name| {
            let value = self.data.values.iter().find(|(known, _)| known == name);
            value.map(|(_, value)| value.chars().filter(|c| !c.is_control()).take(400).collect())
        })
    }
}

fn rounded(at: Rect, radius: i32) -> Path {
    let mut path = Path::default();
    path.rounded(at, [radius * 100; 4]);
    path
}

fn characters(part: &str) -> Vec<&str> {
    let starts = part.char_indices().map(|(at, _)| at);
    let ends = part.char_indices().map(|(at, _)| at).skip(1).chain([part.len()]);
    starts.zip(ends).filter_map(|(start, end)| part.get(start..end)).gather()
}
