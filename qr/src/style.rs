//! How a symbol looks, and how far that may go before scanners lose it.
//!
//! The limits were measured with twelve decoders on symbols drawn clean and as if photographed; what is refused was lost
//! by at least one of those in wide use, and what is warned of by a weaker one.

use crate::colour::Colour;
use crate::damage::Damage;
use crate::drawing::Paint;
use crate::symbol::{Options, QrError, Symbol};
use crate::version::{Level, Version};

/// How a symbol looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The shape of dark modules.
    pub modules: Modules,
    /// The corners of the three finders.
    pub finders: Finders,
    /// The colour of dark modules.
    pub dark: Paint,
    /// The colour of light modules and the quiet zone.
    pub light: Colour,
    /// The colour of the finders, if it is another one.
    pub finder_colour: Option<Colour>,
    /// The light margin on each side, in modules.
    pub quiet: u8,
    /// A logo in the middle.
    pub logo: Option<Logo>,
}

/// The shape of dark modules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Modules {
    /// Squares.
    #[default]
    Square,
    /// Squares with round corners.
    Rounded,
    /// Dots of so many per cent of a module's width.
    Dots(u8),
    /// Neighbours grow together, and only free corners are round.
    Connected,
}

/// The corners of the finders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finders {
    /// Square.
    #[default]
    Square,
    /// With a radius in hundredths of a module.
    Rounded(u8),
}

/// A square in the middle that is kept free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Its side in per cent of the symbol's, with its margin; it is widened to whole modules.
    pub percent: u8,
}

/// A limit that a style comes near to or breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The stable code.
    pub code: &'static str,
    /// Whether the symbol is refused.
    pub severity: Severity,
    /// What was measured, in the unit of the limit.
    pub measured: u32,
    /// The limit that it should keep to.
    pub limit: u32,
    /// In English: what is wrong and what to do.
    pub message: &'static str,
    /// The same in Chinese.
    pub message_zh: &'static str,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Some scanners have trouble.
    Warning,
    /// Common scanners do not read it.
    Error,
}

/// Why there is no styled symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StyleError {
    /// The text has no symbol.
    Symbol(QrError),
    /// The style breaks limits.
    Limits(Vec<Finding>),
}

impl Default for Style {
    fn default() -> Self {
        Style {
            modules: Modules::Square,
            finders: Finders::Square,
            dark: Paint::Solid(Colour::BLACK),
            light: Colour::WHITE,
            finder_colour: None,
            quiet: 4,
            logo: None,
        }
    }
}

impl Finders {
    /// The radius of the outer corners in hundredths of a module.
    #[must_use]
    pub fn radius(self) -> u8 {
        match self {
            Finders::Square => 0,
            Finders::Rounded(radius) => radius,
        }
    }
}

impl Logo {
    /// The first column and row that it covers, and the first behind it, in a symbol of `width` modules.
    #[must_use]
    pub fn modules(self, width: u32) -> (u32, u32) {
        let side = (width * u32::from(self.percent)).div_ceil(100).min(width);
        // The width is odd, and so is a side that is centred on whole modules.
        let from = (width - side) / 2;
        (from, width - from)
    }
}

impl Style {
    /// The symbol of a text that bears this style: the level, and then the size, rise until the logo is safe.
    ///
    /// # Errors
    ///
    /// [`StyleError::Symbol`] as [`Symbol::with`]; [`StyleError::Limits`] if the style breaks limits that a larger symbol
    /// does not heal, or if the logo is too large for every size.
    pub fn symbol(&self, text: &str, options: &Options) -> Result<Symbol, StyleError> {
        let broken = self.limits(0).into_iter().filter(|finding| finding.severity == Severity::Error);
        let broken: Vec<Finding> = broken.collect();
        if !broken.is_empty() {
            return Err(StyleError::Limits(broken));
        }
        let first = Symbol::with(text, options).map_err(StyleError::Symbol)?;
        let Some(worst) =
            self.damage(&first).map(|damage| damage.share()).filter(|share| *share > SAFE_SHARE)
        else {
            return Ok(first);
        };
        let mut best = (worst, first.clone());
        let from = first.version().number();
        for version in (from..=from.saturating_add(8).min(40)).filter_map(Version::new) {
            for level in Level::ALL.into_iter().filter(|level| *level >= options.level) {
                let wanted = Options { level, at_least: version, boost: false, ..*options };
                let Ok(symbol) = Symbol::with(text, &wanted) else { continue };
                let share = self.damage(&symbol).map_or(0, |damage| damage.share());
                if share <= SAFE_SHARE {
                    return Ok(symbol);
                }
                if share < best.0 {
                    best = (share, symbol);
                }
            }
        }
        if best.0 > MOST_SHARE { Err(StyleError::Limits(vec![share_finding(best.0)])) } else { Ok(best.1) }
    }

    /// What its logo destroys of a symbol.
    #[must_use]
    pub fn damage(&self, symbol: &Symbol) -> Option<Damage> {
        let (from, to) = self.logo?.modules(symbol.width());
        Some(Damage::of(symbol, |x, y| (from..to).contains(&x) && (from..to).contains(&y)))
    }

    /// Every limit that the styled symbol comes near to or breaks, with modules of `unit` pixels; 0 if it is not drawn in
    /// pixels.
    #[must_use]
    pub fn check(&self, symbol: &Symbol, unit: u32) -> Vec<Finding> {
        let mut findings = self.limits(unit);
        let share = self.damage(symbol).map_or(0, |damage| damage.share());
        if share > SAFE_SHARE {
            findings.push(share_finding(share));
        }
        findings
    }

    /// The limits that do not depend on what the symbol says, as [`Style::check`].
    #[must_use]
    pub fn limits(&self, unit: u32) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut note = |rule: Rule, measured: u32| findings.extend(rule.finding(measured));
        let colours = match self.dark {
            Paint::Solid(colour) => [colour, colour],
            Paint::Diagonal(first, second) => [first, second],
        };
        let darks = || colours.into_iter().chain(self.finder_colour);
        if darks().any(|dark| dark.luminance() >= self.light.luminance()) {
            note(POLARITY, 0);
        } else {
            note(CONTRAST, darks().map(|dark| dark.contrast(self.light)).min().unwrap_or(0));
        }
        note(QUIET, u32::from(self.quiet));
        if let Modules::Dots(scale) = self.modules {
            note(DOTS, u32::from(scale));
        }
        note(FINDER, u32::from(self.finders.radius()));
        if unit > 0 {
            note(MODULE, unit);
        }
        findings
    }
}

/// The share of what a block corrects that a logo may take: more is warned of.
const SAFE_SHARE: u32 = 50;
/// More than this is refused.
const MOST_SHARE: u32 = 75;

/// A limit: what is good, what is refused, and what to say.
#[derive(Clone, Copy)]
struct Rule {
    code: &'static str,
    good: u32,
    hard: u32,
    /// Whether more is worse.
    is_upper: bool,
    message: &'static str,
    message_zh: &'static str,
}

impl Rule {
    fn finding(self, measured: u32) -> Option<Finding> {
        let breaks = |limit: u32| if self.is_upper { measured > limit } else { measured < limit };
        let (severity, limit) = match (breaks(self.hard), breaks(self.good)) {
            (true, _) => (Severity::Error, self.hard),
            (false, true) => (Severity::Warning, self.good),
            (false, false) => return None,
        };
        let Rule { code, message, message_zh, .. } = self;
        Some(Finding { code, severity, measured, limit, message, message_zh })
    }
}

fn share_finding(share: u32) -> Finding {
    let Rule { code, message, message_zh, .. } = LOGO;
    let severity = if share > MOST_SHARE { Severity::Error } else { Severity::Warning };
    let limit = if share > MOST_SHARE { MOST_SHARE } else { SAFE_SHARE };
    Finding { code, severity, measured: share, limit, message, message_zh }
}

const LOGO: Rule = Rule {
    code: "QR_LOGO",
    good: SAFE_SHARE,
    hard: MOST_SHARE,
    is_upper: true,
    message: "The logo takes too much of the error correction (per cent of a block): make it smaller.",
    message_zh: "Logo 占用的纠错能力过多（单块百分比），请缩小 Logo。",
};
const CONTRAST: Rule = Rule {
    code: "QR_CONTRAST",
    good: 700,
    hard: 450,
    is_upper: false,
    message: "Dark and light are too similar (contrast in hundredths): take a darker colour.",
    message_zh: "深浅对比度不足（百分之一），请使用更深的颜色。",
};
const POLARITY: Rule = Rule {
    code: "QR_POLARITY",
    good: 1,
    hard: 1,
    is_upper: false,
    message: "The modules are lighter than their ground, which most scanners do not read: swap the colours.",
    message_zh: "码点比底色浅，多数扫码器无法识别，请对调颜色。",
};
const QUIET: Rule = Rule {
    code: "QR_QUIET",
    good: 4,
    hard: 2,
    is_upper: false,
    message: "The light margin is too narrow (modules): leave four modules.",
    message_zh: "四周留白过窄（模块数），请留出 4 个模块。",
};
const DOTS: Rule = Rule {
    code: "QR_DOTS",
    good: 100,
    hard: 90,
    is_upper: false,
    message: "The dots are too small (per cent of a module): make them as wide as modules.",
    message_zh: "圆点过小（模块百分比），请放大到模块宽度。",
};
const FINDER: Rule = Rule {
    code: "QR_FINDER",
    good: 50,
    hard: 100,
    is_upper: true,
    message: "The finders' corners are too round (hundredths of a module): take a smaller radius.",
    message_zh: "定位角过圆（模块百分之一），请减小圆角。",
};
const MODULE: Rule = Rule {
    code: "QR_MODULE",
    good: 4,
    hard: 2,
    is_upper: false,
    message: "The modules are too small (pixels): draw the code larger or shorten its text.",
    message_zh: "码点过小（像素），请放大二维码或缩短内容。",
};
