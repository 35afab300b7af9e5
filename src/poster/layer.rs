//! The template of a poster, as a campaign document gives it.

use super::values::{At, Size, Tint};
use crate::campaign::decode::{Cx, Decode};
use crate::campaign::document::{choices, document};
use crate::campaign::names::{Name, Scope, check_name, is_name};
use crate::campaign::problem::{Problem, code};
use crate::campaign::units::{Int, List, Text};
use crate::campaign::{Names, Surface};
use crate::json::tree::{Data, Node};
use crate::qr::{Colour, Finders, Level, Logo, Modules, Paint, Severity, Style};

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
            let variants = poster.variants.iter().flat_map(|list| list.iter());
            let each = variants.map(move |variant| touchpoint(name, Some(variant)));
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
    /// Reads a template that stands alone.
    ///
    /// # Errors
    /// Every problem of it.
    pub fn parse(text: &str) -> Result<Poster, Vec<Problem>> {
        let tree = crate::json::tree::parse(text);
        let mut cx = Cx::new(Scope::earlier(&Names::default()));
        for located in &tree.faults {
            crate::campaign::syntax::report(located, text, &mut cx);
        }
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
        let each: Vec<String> = variants.map(|variant| touchpoint(&member.key, Some(variant))).collect();
        std::iter::once(touchpoint(&member.key, None)).chain(each)
    })
}

fn check_poster(poster: &Poster, node: &Node<'_>, cx: &mut Cx) {
    let known = |variant: &Name| poster.variants.as_ref().is_some_and(|all| all.contains(variant));
    let entries = node.get("layers").map(Node::entries).unwrap_or_default();
    for (at, (layer, entry)) in poster.layers.iter().zip(entries).enumerate() {
        let unknown = layer.variants.iter().flat_map(|list| list.iter()).find(|variant| !known(variant));
        let earlier = || poster.layers.iter().take(at).filter_map(|layer| layer.id.as_ref());
        let lost = layer.below.as_ref().filter(|below| !earlier().any(|id| id == *below));
        let mut report = |key: &str, name: &Name| {
            cx.within("layers", |cx| {
                cx.within(&at.to_string(), |cx| {
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
            let (en, zh) = (finding.message.to_owned(), finding.message_zh.to_owned());
            match finding.severity {
                Severity::Error => cx.error(code::POSTER_CODE, node.start, |_| (en, zh)),
                Severity::Warning => cx.warning(code::POSTER_SCAN, node.start, |_| (en, zh)),
            };
        }
    }
}
