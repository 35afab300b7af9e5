//! The template of a poster, as a campaign document gives it.

use super::layout::placed;
use super::values::{At, Size, Tint, pixels};
use crate::campaign::decode::{COMPLETE, Cx, Decode, clip};
use crate::campaign::document::{choices, document};
use crate::campaign::names::{Name, Scope, check_name, is_name};
use crate::campaign::problem::{Problem, code};
use crate::campaign::units::{Int, List, Text};
use crate::campaign::{Names, Surface};
use crate::gather::Gather;
use crate::json::tree::{Data, Node};
use crate::qr::{Colour, Finders, Finding, Level, Logo, Modules, Paint, Severity, Style};

document! {
    /// A poster that participants share, or that hangs where a touchpoint is.
    pub struct Poster {
        /// Width and height in pixels. Mini-programs draw at most 1365 × 1365.
        pub size: Size,
        /// The ground that everything stands on.
        pub ground: Ink = Ink::Tint(Tint::new(String::from("#fff"))),
        /// What is drawn, from the back to the front.
        pub layers: List<Layer, 1, 60>,
        /// Names of variants that are compared. Layers say in which of them they are drawn.
        pub variants: Option<List<Name, 2, 8>>,
    }
    check check_poster;
}

document! {
    /// One thing on a poster.
    pub struct Layer {
        /// What it is.
        pub draw: Kind,
        /// The box: left, top, width and height, in pixels or as "50%" of the poster. A text needs no height.
        pub at: At,
        /// A name that `below` can refer to.
        pub id: Option<Name>,
        /// The layer at whose lower edge this one's top is counted from.
        pub below: Option<Name>,
        /// The colour of a rectangle, a text, or a code's dark modules.
        pub fill: Option<Ink>,
        /// The colour of a code's light modules.
        pub light: Option<Tint>,
        /// The radius of the corners in pixels; half the width makes a circle.
        pub radius: Int<0, 2_000> = Int::clamped(0),
        /// A shadow below it.
        pub shadow: Option<Shadow>,
        /// The address of a picture, or of a code's logo.
        pub src: Option<Text<500>>,
        /// How a picture fits its box.
        pub fit: Fit = Fit::Cover,
        /// The words, with variables.
        pub text: Option<Text<400>>,
        /// The size of letters in pixels.
        pub size: Int<8, 400> = Int::clamped(28),
        /// Whether letters are bold.
        pub bold: bool = false,
        /// The font, where it is not the host's own.
        pub font: Option<Text<100>>,
        /// On which side lines are even.
        pub align: Align = Align::Left,
        /// The most lines; what does not fit ends with an ellipsis.
        pub lines: Int<1, 30> = Int::clamped(1),
        /// The distance of lines in per cent of the size of letters.
        pub leading: Int<80, 300> = Int::clamped(140),
        /// Further space between letters in pixels.
        pub spacing: Int<0, 100> = Int::clamped(0),
        /// The shape of a code's modules.
        pub modules: ModuleShape = ModuleShape::Square,
        /// The corners of a code's finders.
        pub finders: FinderShape = FinderShape::Square,
        /// The light margin of a code, in modules.
        pub quiet: Int<0, 8> = Int::clamped(4),
        /// The side of a code's logo in per cent of the code's.
        pub logo: Int<5, 40> = Int::clamped(18),
        /// How much damage a code survives at least.
        pub level: LevelWord = LevelWord::M,
        /// The variants in which it is drawn; all of them if absent.
        pub variants: Option<List<Name, 1, 8>>,
        /// The surfaces on which it is drawn; all of them if absent.
        pub surfaces: Option<List<Surface, 1, 4>>,
    }
    check check_layer;
    shape layer_shape;
}

choices! {
    /// What a layer is.
    pub enum Kind {
        /// A rectangle or, with a radius, a card or a circle.
        Rect = "rect",
        /// A picture from an address.
        Image = "image",
        /// Words.
        Text = "text",
        /// The code.
        Qr = "qr",
    }
}

choices! {
    /// How a picture fits its box.
    pub enum Fit {
        /// It fills the box, and what hangs over is cut.
        Cover = "cover",
        /// All of it is in the box.
        Contain = "contain",
    }
}

choices! {
    /// On which side lines are even.
    pub enum Align {
        /// The left one.
        Left = "left",
        /// Neither; the middle is.
        Center = "center",
        /// The right one.
        Right = "right",
    }
}

choices! {
    /// The shape of a code's modules.
    pub enum ModuleShape {
        /// Squares.
        Square = "square",
        /// Squares with round corners.
        Rounded = "rounded",
        /// Dots.
        Dots = "dots",
        /// Neighbours grow together.
        Connected = "connected",
    }
}

choices! {
    /// The corners of a code's finders.
    pub enum FinderShape {
        /// Square.
        Square = "square",
        /// Slightly round.
        Rounded = "rounded",
    }
}

choices! {
    /// How much damage a code survives.
    pub enum LevelWord {
        /// About 7 %.
        L = "L",
        /// About 15 %.
        M = "M",
        /// About 25 %.
        Q = "Q",
        /// About 30 %.
        H = "H",
    }
}

choices! {
    /// Where a colour goes over into another.
    pub enum Turn {
        /// From the top to the bottom.
        Down = "down",
        /// From the left to the right.
        Right = "right",
        /// From the upper left to the lower right corner.
        Diagonal = "diagonal",
    }
}

document! {
    /// A colour that goes over into another.
    pub struct Gradient {
        /// The first colour.
        pub from: Tint,
        /// The last colour.
        pub to: Tint,
        /// The direction.
        pub turn: Turn = Turn::Down,
    }
}

document! {
    /// A shadow.
    pub struct Shadow {
        /// Its colour.
        pub tint: Tint = Tint::new(String::from("#00000033")),
        /// How far it lies below.
        pub down: Int<0, 200> = Int::clamped(8),
        /// How soft it is, in pixels.
        pub blur: Int<0, 200> = Int::clamped(24),
    }
}

/// A colour, or one that goes over into another.
#[derive(Clone, Debug, PartialEq)]
pub enum Ink {
    /// One colour.
    Tint(Tint),
    /// A gradient.
    Gradient(Gradient),
}

impl Decode for Ink {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if matches!(node.data, Data::Object(_)) {
            return Gradient::decode(node, cx).map(Ink::Gradient);
        }
        Tint::decode(node, cx).map(Ink::Tint)
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [Tint::shape(), Gradient::shape()] })
    }
}

/// The posters of a campaign, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Posters(pub(crate) Vec<(String, Poster)>);

impl Decode for Posters {
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self> {
        if !cx.is_object(node) {
            return None;
        }
        let mut posters = Vec::new();
        for member in node.members() {
            let poster = cx.within(&member.key, |cx| {
                check_name(&member.key, member.key_start, cx);
                Poster::decode(&member.value, cx)
            });
            posters.extend(poster.map(|poster| (member.key.to_string(), poster)));
        }
        (posters.len() == node.members().len()).then_some(Self(posters))
    }

    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "propertyNames": { "pattern": crate::campaign::names::NAME_PATTERN },
            "additionalProperties": Poster::shape(),
            "maxProperties": 20
        })
    }
}

impl Posters {
    /// The poster of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Poster> {
        self.iter().find(|(known, _)| *known == name).map(|(_, poster)| poster)
    }

    /// The touchpoints that stand for the posters and their variants.
    pub(crate) fn touchpoints(&self) -> impl Iterator<Item = String> {
        self.iter().flat_map(|(name, poster)| {
            let each = poster.variant_names().map(move |variant| touchpoint(name, Some(variant)));
            std::iter::once(touchpoint(name, None)).chain(each)
        })
    }

    /// Whether a touchpoint stands for a poster or a variant.
    pub(crate) fn has_touchpoint(&self, name: &str) -> bool {
        name.starts_with("poster-") && self.touchpoints().any(|own| own == name)
    }

    /// Names and posters, in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Poster)> {
        self.0.iter().map(|(name, poster)| (name.as_str(), poster))
    }
}

impl Poster {
    /// The names of its variants; none where it has none.
    pub fn variant_names(&self) -> impl Iterator<Item = &str> {
        self.variants.iter().flat_map(|list| list.iter()).map(|name| &**name)
    }

    /// The names of the variables in its texts and addresses of pictures, in the order of its layers.
    #[must_use]
    pub fn variable_names(&self) -> Vec<String> {
        let names = core::cell::RefCell::new(Vec::new());
        let note = |name: &str| {
            let mut names = names.borrow_mut();
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
            None
        };
        for layer in self.layers.iter() {
            for text in [layer.text.as_deref(), layer.src.as_deref()].into_iter().flatten() {
                super::text::filled(text, &note);
            }
        }
        names.into_inner()
    }

    /// Reads a template that stands alone.
    ///
    /// # Errors
    /// Every problem of it.
    pub fn parse(text: &str) -> Result<Poster, Vec<Problem>> {
        let tree = crate::json::tree::parse(text);
        let mut cx = Cx::new(Scope::earlier(&Names::default()));
        crate::campaign::syntax::report(&tree, text, &mut cx);
        let poster = tree.root.as_ref().and_then(|root| Poster::decode(root, &mut cx));
        let refused = cx.refuses();
        let (problems, _) = cx.finish(text);
        poster.filter(|_| !refused).ok_or(problems)
    }
}

impl Layer {
    /// How a code of this layer looks.
    #[must_use]
    pub fn style(&self) -> Style {
        let colour = |tint: &Tint| Colour::parse(tint).unwrap_or(Colour::BLACK);
        Style {
            modules: match self.modules {
                ModuleShape::Square => Modules::Square,
                ModuleShape::Rounded => Modules::Rounded,
                ModuleShape::Dots => Modules::Dots(100),
                ModuleShape::Connected => Modules::Connected,
            },
            finders: match self.finders {
                FinderShape::Square => Finders::Square,
                FinderShape::Rounded => Finders::Rounded(50),
            },
            dark: match &self.fill {
                None => Paint::Solid(Colour::BLACK),
                Some(Ink::Tint(tint)) => Paint::Solid(colour(tint)),
                Some(Ink::Gradient(Gradient { from, to, .. })) => Paint::Diagonal(colour(from), colour(to)),
            },
            light: self.light.as_ref().and_then(|tint| Colour::parse(tint)).unwrap_or(Colour::WHITE),
            finder_colour: None,
            quiet: u8::try_from(self.quiet.get()).unwrap_or(4),
            logo: self.src.as_ref().map(|_| Logo { percent: u8::try_from(self.logo.get()).unwrap_or(18) }),
        }
    }

    /// The key that decides what a limit of its code is about.
    fn key_of(&self, finding: &Finding) -> &'static str {
        match finding.code {
            "QR_QUIET" => "quiet",
            "QR_DOTS" => "modules",
            "QR_FINDER" => "finders",
            _ if self.fill.is_none() => "light",
            _ => "fill",
        }
    }

    /// The modules along a side of a code with a tracked link, of some 60 characters, at the layer's level.
    fn modules_of_a_link(&self) -> i32 {
        match self.level() {
            Level::L | Level::M => 33,
            Level::Q => 37,
            Level::H => 45,
        }
    }

    /// The level that a code of this layer has at least; with a logo one that has something to lose.
    #[must_use]
    pub fn level(&self) -> Level {
        let level = Level::parse(self.level.as_str()).unwrap_or_default();
        if self.src.is_some() { level.max(Level::Q) } else { level }
    }
}

/// The touchpoint that stands for a poster or one of its variants: `poster-main`, `poster-main-b`.
#[must_use]
pub fn touchpoint(poster: &str, variant: Option<&str>) -> String {
    variant.map_or_else(|| format!("poster-{poster}"), |variant| format!("poster-{poster}-{variant}"))
}

/// The touchpoints of the posters in a document that is not read yet.
pub(crate) fn touchpoints<'n>(root: &'n Node<'_>) -> impl Iterator<Item = String> + 'n {
    let posters = root.get("posters").map(Node::members).unwrap_or_default();
    posters.iter().filter(|member| is_name(&member.key)).flat_map(|member| {
        let variants = member.value.get("variants").map(Node::entries).unwrap_or_default();
        let variants = variants.iter().filter_map(Node::text).filter(|name| is_name(name));
        let each: Vec<String> = variants.map(|variant| touchpoint(&member.key, Some(variant))).gather();
        std::iter::once(touchpoint(&member.key, None)).chain(each)
    })
}

fn check_poster(poster: &Poster, node: &Node<'_>, cx: &mut Cx) {
    check_codes(poster, node, cx);
    let known = |variant: &Name| poster.variants.as_ref().is_some_and(|all| all.contains(variant));
    let entries = node.get("layers").map(Node::entries).unwrap_or_default();
    for (at, (layer, entry)) in poster.layers.iter().zip(entries).enumerate() {
        let unknown = layer.variants.iter().flat_map(|list| list.iter()).find(|variant| !known(variant));
        let earlier = || poster.layers.iter().take(at).filter_map(|layer| layer.id.as_ref());
        let lost = layer.below.as_ref().filter(|below| !earlier().any(|id| id == *below));
        let mut report = |key: &str, name: &Name| {
            cx.within("layers", |cx| {
                cx.within_entry(at, |cx| {
                    cx.within(key, |cx| {
                        cx.error(
                            code::NAME_UNKNOWN,
                            entry.get(key).map_or(entry.start, |node| node.start),
                            |subject| {
                                (
                                    format!(
                                        "{subject} names \"{}\", which stands nowhere before it.",
                                        &**name
                                    ),
                                    format!("{subject} 提到的“{}”在此之前不存在。", &**name),
                                )
                            },
                        );
                    });
                });
            });
        };
        unknown.into_iter().for_each(|name| report("variants", name));
        lost.into_iter().for_each(|name| report("below", name));
    }
    if COMPLETE && !cx.refuses() {
        check_ways(poster, node, cx);
    }
}

/// Reports codes that are not all on the poster.
fn check_codes(poster: &Poster, node: &Node<'_>, cx: &mut Cx) {
    let Size { width, height } = poster.size;
    for (number, layer, offset) in codes(poster, node) {
        let place = placed(&layer.at, poster.size, 0);
        let (right, lower) = (place.x + place.width, place.y + place.height);
        // Where a layer above ends, the words of whoever shares it decide.
        let fits_down = layer.below.is_some() || (place.y >= 0 && lower <= height);
        if place.x >= 0 && right <= width && fits_down {
            continue;
        }
        at_layer(number, "at", cx, |cx| {
            cx.error(code::POSTER_CODE, offset, |_| {
                let (x, y) = (place.x, place.y);
                (
                    format!(
                        "The code is not all on the poster: it goes from {x}, {y} to {right}, {lower}, and the poster has {width} × \
                         {height} pixels."
                    ),
                    format!(
                        "二维码超出了海报：它从 {x}, {y} 到 {right}, {lower}，而海报为 {width} × {height} 像素。"
                    ),
                )
            });
        });
    }
}

/// Reports codes of a campaign's posters whose boxes are too small for a tracked link. What a template that stands alone
/// leads to is known when it is drawn.
pub(crate) fn check_sizes(posters: &Posters, root: &Node<'_>, cx: &mut Cx) {
    let Some(node) = root.get("posters") else { return };
    for (name, poster) in posters.iter() {
        let Some(node) = node.get(name) else { continue };
        for (number, layer, offset) in codes(poster, node) {
            let place = placed(&layer.at, poster.size, 0);
            let side = place.width.min(place.height);
            let modules = layer.modules_of_a_link() + 2 * pixels(layer.quiet.get());
            let unit = side / modules;
            let report = |cx: &mut Cx| {
                if unit < LEAST_MODULE {
                    cx.error(code::POSTER_CODE, offset, |_| too_small((side, modules, unit), LEAST_MODULE));
                } else if unit < GOOD_MODULE {
                    cx.warning(code::POSTER_SCAN, offset, |_| too_small((side, modules, unit), GOOD_MODULE));
                }
            };
            cx.within("posters", |cx| cx.within(name, |cx| at_layer(number, "at", cx, report)));
        }
    }
}

/// The codes of a poster, each with its number among the layers and where its box is written.
fn codes<'p>(poster: &'p Poster, node: &Node<'_>) -> Vec<(usize, &'p Layer, usize)> {
    let entries = node.get("layers").map(Node::entries).unwrap_or_default();
    let layers = poster.layers.iter().zip(entries).enumerate();
    let codes = layers.filter(|(_, (layer, _))| layer.draw == Kind::Qr);
    codes
        .map(|(number, (layer, entry))| (number, layer, entry.get("at").map_or(entry.start, |at| at.start)))
        .gather()
}

fn at_layer(number: usize, key: &str, cx: &mut Cx, report: impl FnOnce(&mut Cx)) {
    cx.within("layers", |cx| cx.within_entry(number, |cx| cx.within(key, report)));
}

/// Pixels of a module below which a code is refused, as [`Style::limits`] has it.
const LEAST_MODULE: i32 = 2;
/// Pixels of a module below which a code is warned of.
const GOOD_MODULE: i32 = 4;

fn too_small((side, modules, unit): (i32, i32, i32), limit: i32) -> (String, String) {
    let needed = modules * limit;
    (
        format!(
            "The code's box is too small for a tracked link: {modules} modules with their margin get {unit} pixels each in \
             {side}, and should have {limit}; make it {needed} × {needed}."
        ),
        format!(
            "二维码的框太小，放不下追踪链接：{modules} 个码点（含留白）在 {side} 像素内每个只有 {unit} 像素，至少应为 {limit}；请改为 \
             {needed} × {needed}。"
        ),
    )
}

/// Warns of posters, and of variants of them, from which nothing leads into the campaign: neither a code nor words or a
/// picture with one.
fn check_ways(poster: &Poster, node: &Node<'_>, cx: &mut Cx) {
    let leads = |layer: &Layer| {
        let has_code = |text: &str| text.split('{').skip(1).any(|name| name.to_lowercase().contains("code"));
        let words = layer.text.iter().map(|text| &**text);
        let picture = layer.src.iter().map(|src| &**src);
        layer.draw == Kind::Qr || words.chain(picture).any(has_code)
    };
    let mut missing = |variant: Option<&Name>| {
        let shown = |layer: &&Layer| {
            layer.variants.as_ref().is_none_or(|list| variant.is_none_or(|variant| list.contains(variant)))
        };
        if poster.layers.iter().filter(shown).any(leads) {
            return;
        }
        cx.warning(code::POSTER_NO_CODE, node.start, |_| {
            let (which, which_zh) = variant.map_or_else(
                || (String::from("The poster"), String::from("海报")),
                |variant| {
                    (
                        format!("The variant \"{}\" of the poster", &**variant),
                        format!("海报的版本“{}”", &**variant),
                    )
                },
            );
            (
                format!("{which} has no code, so nobody comes by it: add a layer that draws \"qr\"."),
                format!("{which_zh}上没有二维码，看到的人无法进入活动：请加一个绘制“qr”的图层。"),
            )
        });
    };
    match &poster.variants {
        Some(variants) => variants.iter().for_each(|variant| missing(Some(variant))),
        None => missing(None),
    }
}

/// The keys that only some kinds of layers have.
const OWN_KEYS: [(&str, &[Kind]); 18] = [
    ("fill", &[Kind::Rect, Kind::Text, Kind::Qr]),
    ("light", &[Kind::Qr]),
    ("radius", &[Kind::Rect, Kind::Image, Kind::Qr]),
    ("shadow", &[Kind::Rect, Kind::Text]),
    ("src", &[Kind::Image, Kind::Qr]),
    ("fit", &[Kind::Image]),
    ("text", &[Kind::Text]),
    ("size", &[Kind::Text]),
    ("bold", &[Kind::Text]),
    ("font", &[Kind::Text]),
    ("align", &[Kind::Text]),
    ("lines", &[Kind::Text]),
    ("leading", &[Kind::Text]),
    ("spacing", &[Kind::Text]),
    ("modules", &[Kind::Qr]),
    ("finders", &[Kind::Qr]),
    ("quiet", &[Kind::Qr]),
    ("level", &[Kind::Qr]),
];

fn check_layer(layer: &Layer, node: &Node<'_>, cx: &mut Cx) {
    for member in node.members() {
        let known = OWN_KEYS.iter().find(|(key, _)| *key == member.key);
        if known.is_some_and(|(_, kinds)| !kinds.contains(&layer.draw)) {
            cx.within(&member.key, |cx| {
                let (key, kind) = (&member.key, layer.draw.as_str());
                cx.error(code::POSTER_LAYER, member.key_start, |_| {
                    (
                        format!("A layer that draws \"{kind}\" has no `{key}`."),
                        format!("绘制“{kind}”的图层没有 `{key}`。"),
                    )
                });
            });
        }
    }
    let needed = match layer.draw {
        Kind::Text if layer.text.is_none() => Some("text"),
        Kind::Image if layer.src.is_none() => Some("src"),
        _ => None,
    };
    if let Some(key) = needed {
        cx.within(key, |cx| {
            cx.error(code::KEY_MISSING, node.start, |_| {
                (format!("`{key}` is missing here."), format!("这里缺少 `{key}`。"))
            });
        });
    }
    if layer.draw != Kind::Text && layer.at.height.is_none() {
        cx.error(code::POSTER_LAYER, node.start, |_| {
            (
                String::from("Only a text goes without a height: `at` has four numbers here."),
                String::from("只有文字可以省略高度：这里的 `at` 应有四个数字。"),
            )
        });
    }
    if layer.draw == Kind::Qr {
        for finding in layer.style().limits(0) {
            let key = layer.key_of(&finding);
            let offset = node.get(key).map_or(node.start, |node| node.start);
            cx.within(key, |cx| match finding.severity {
                Severity::Error => {
                    cx.error(code::POSTER_CODE, offset, |_| measured(&finding));
                }
                Severity::Warning => {
                    cx.warning(code::POSTER_SCAN, offset, |_| measured(&finding));
                }
            });
        }
    }
    for (key, text) in [("text", layer.text.as_deref()), ("src", layer.src.as_deref())] {
        if let Some(open) = text.and_then(open_variable) {
            cx.within(key, |cx| {
                cx.error(code::POSTER_VARIABLE, node.get(key).map_or(node.start, |node| node.start), |subject| {
                    let open = clip(open.split([' ', '，', '。', '！', '？', ',', '!', '?', '|', '\n']).next().unwrap_or(open));
                    (
                        format!("{subject} has a variable that is not closed: write `{{{open}}}` with both braces."),
                        format!("{subject} 中的变量没有右花括号：请写成 `{{{open}}}`。"),
                    )
                });
            });
        }
    }
}

/// What a schema can tell of [`check_layer`]: the keys that each kind of layer needs, and those that it does not have.
#[cfg(feature = "schema")]
fn layer_shape(mut schema: schemars::Schema) -> schemars::Schema {
    let kinds = [Kind::Rect, Kind::Image, Kind::Qr, Kind::Text];
    // Each in the `else` of the one before: a list of them would be lost on those who make types of it.
    let all = kinds.into_iter().fold(serde_json::json!({}), |others, kind| {
        let foreign = OWN_KEYS.iter().filter(|(_, kinds)| !kinds.contains(&kind));
        let mut properties: serde_json::Map<_, _> =
            foreign.map(|(key, _)| ((*key).to_owned(), false.into())).collect();
        if kind != Kind::Text {
            properties.insert("at".into(), serde_json::json!({ "minItems": 4 }));
        }
        let needed = match kind {
            Kind::Text => &["text"][..],
            Kind::Image => &["src"],
            _ => &[],
        };
        serde_json::json!({
            "if": { "properties": { "draw": { "const": kind.as_str() } }, "required": ["draw"] },
            "then": { "properties": properties, "required": needed },
            "else": others,
        })
    });
    for (keyword, value) in all.as_object().into_iter().flatten() {
        schema.insert(keyword.clone(), value.clone());
    }
    schema
}

/// The beginning of a variable in a text that no brace closes.
fn open_variable(text: &str) -> Option<&str> {
    // A brace before a space stands for itself.
    text.split('{').skip(1).find(|part| !part.contains('}') && !part.is_empty() && !part.starts_with(' '))
}

/// The sentences of a limit, with what was measured and the limit in them.
fn measured(finding: &Finding) -> (String, String) {
    let Finding { code, measured, limit, message, message_zh, .. } = *finding;
    if code == "QR_POLARITY" {
        return (message.to_owned(), message_zh.to_owned());
    }
    let (bound, bound_zh) =
        if measured > limit { ("at most", "不超过") } else { ("at least", "不低于") };
    // What is counted in hundredths is read with its decimals, and the sentence does not have to name the unit.
    let without = |sentence: &str, open: &str, close: char| {
        let cut =
            sentence.split_once(open).and_then(|(before, rest)| Some((before, rest.split_once(close)?.1)));
        cut.map_or_else(|| sentence.to_owned(), |(before, behind)| format!("{before}{behind}"))
    };
    let (message, message_zh, is, allowed) = if matches!(code, "QR_CONTRAST" | "QR_FINDER") {
        let decimal = |hundredths: u32| format!("{}.{:02}", hundredths / 100, hundredths % 100);
        (without(message, " (", ')'), without(message_zh, "（", '）'), decimal(measured), decimal(limit))
    } else {
        (message.to_owned(), message_zh.to_owned(), measured.to_string(), limit.to_string())
    };
    (
        format!("{message} It is {is}, and should be {bound} {allowed}."),
        format!("{message_zh}目前为 {is}，应{bound_zh} {allowed}。"),
    )
}
