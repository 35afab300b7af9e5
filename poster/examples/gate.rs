//! Draws what decoders have to read: every poster of the examples, and random styles within the limits.
//!
//! `cargo run -p kfactor-poster --example gate -- FOLDER [COUNT]` writes PNGs and `index.json`, their names and texts.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a tool for tests fails by panicking")]

use kfactor::campaign::{Campaign, Names};
use kfactor::poster::{Data, Poster};
use kfactor::qr::{Level, Matrix, Micro, Severity, SvgOptions};
use kfactor_poster::{Fonts, Format, Images, draw};
use std::path::Path;

fn main() {
    let mut words = std::env::args().skip(1);
    let folder = words.next().expect("gate FOLDER [COUNT]");
    let count: u64 = words.next().map_or(200, |count| count.parse().expect("a number"));
    let (folder, fonts) = (Path::new(&folder), Fonts::load(&[]));
    let mut index = serde_json::Map::new();
    let mut save = |name: String, poster: &Poster, data: &Data| {
        let picture = draw(poster, data, &fonts, &Images::inline(), Format::Png).expect("within the limits");
        assert_eq!(picture.is_read, Some(true), "{name} is read back where it was drawn");
        let code = picture.code.unwrap();
        std::fs::write(folder.join(&name), picture.bytes).unwrap();
        let at = [code.at.x, code.at.y, code.at.width, code.at.height];
        index.insert(name, serde_json::json!({ "text": code.text, "at": at, "unit": code.unit }));
    };
    for (name, poster, variant) in examples() {
        let label = format!("example-{name}-{}.png", variant.as_deref().unwrap_or("only"));
        let url = format!("https://k.example.com/r/{}", token(7));
        let values = vec![("nickname".to_owned(), "小七".to_owned()), ("missing".to_owned(), "3".to_owned())];
        save(label, &poster, &Data { url, variant, values, ..Data::default() });
    }
    for number in 0..count {
        let mut random = Random(number + 1);
        let poster = styled(&mut random);
        let url = format!("https://k.example.com/r/{}{}", token(number), "x".repeat(random.below(60)));
        save(format!("style-{number:04}.png"), &poster, &Data { url, ..Data::default() });
    }
    for number in 0..DEFAULTS {
        let name = format!("default-{number:04}.png");
        let longer = "x".repeat(usize::try_from(number).unwrap());
        let url = format!("https://k.example.com/r/{}{longer}", token(number));
        save(name, &plain(), &Data { url, ..Data::default() });
    }
    has_emoji(&fonts);
    for number in 0..count {
        let (name, text, matrix) = micro(&mut Random(number + 7));
        let look = SvgOptions { quiet: 2, scale: 6, ..SvgOptions::default() };
        std::fs::write(folder.join(format!("micro-{number:04}-{name}.png")), matrix.png(&look).unwrap())
            .unwrap();
        index.insert(
            format!("micro-{number:04}-{name}.png"),
            serde_json::json!({ "text": text, "micro": true }),
        );
    }
    std::fs::write(folder.join("index.json"), serde_json::Value::Object(index).to_string()).unwrap();
}

/// How many codes in the default style are drawn, of ever longer links.
const DEFAULTS: u64 = 60;

/// A code in the default style, with nothing said of how it looks.
fn plain() -> Poster {
    Poster::parse(r#"{"size": [600, 600], "layers": [{"draw": "qr", "at": [130, 130, 340, 340]}]}"#).unwrap()
}

/// What is several characters and one picture is drawn in colour, once, and as wide as it was measured.
fn has_emoji(fonts: &Fonts) {
    let drawn = |text: &str| {
        let template = format!(
            r#"{{"size": [500, 100], "layers": [{{"draw": "text", "at": [0, 10, 500], "text": "{text}", "size": 60}}]}}"#
        );
        let poster = Poster::parse(&template).unwrap();
        let picture = draw(&poster, &Data::default(), fonts, &Images::inline(), Format::Png).unwrap();
        let pixels = image::load_from_memory(&picture.bytes).unwrap().to_rgb8();
        let is = |test: &dyn Fn([u8; 3]) -> bool| {
            let found = pixels.enumerate_pixels().filter(|(_, _, pixel)| test(pixel.0));
            found.map(|(x, _, _)| x).collect::<Vec<_>>()
        };
        let coloured = is(&|[red, green, blue]| red.abs_diff(green).max(green.abs_diff(blue)) > 25);
        let black = is(&|[red, green, blue]| red.max(green).max(blue) < 60);
        (coloured.len(), coloured.into_iter().max(), black.into_iter().min())
    };
    for picture in ["🎉", "👍🏽", "🇨🇳", "❤️"] {
        let (count, right, left) = drawn(&format!("{picture}中"));
        let (right, left) = (right.unwrap(), left.unwrap());
        assert!(count > 300, "{picture} is drawn in colour");
        assert!(
            (40..=90).contains(&right) && left > right,
            "{picture} ends at {right}, and 中 begins at {left}"
        );
    }
    assert_eq!(drawn("中文 plain").0, 0);
}

fn examples() -> Vec<(String, Poster, Option<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/campaigns");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let campaign =
            Campaign::parse(&text, &Names::default()).expect("an example without problems").campaign;
        for (name, poster) in campaign.posters.iter() {
            match &poster.variants {
                None => found.push((name.to_owned(), poster.clone(), None)),
                Some(variants) => {
                    let each = variants
                        .iter()
                        .map(|variant| (name.to_owned(), poster.clone(), Some(variant.to_string())));
                    found.extend(each);
                }
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// A poster with a code of a random style that nothing is said against, or only warned of.
fn styled(random: &mut Random) -> Poster {
    loop {
        let modules = random.of(&["square", "rounded", "dots", "connected"]);
        let finders = random.of(&["square", "rounded"]);
        let (fill, second) = (random.colour(120), random.colour(120));
        let fill = if random.below(3) == 0 {
            format!(r#"{{ "from": "{fill}", "to": "{second}" }}"#)
        } else {
            format!("\"{fill}\"")
        };
        let light = random.pale();
        let quiet = 2 + random.below(3);
        let level = random.of(&["L", "M", "Q", "H"]);
        let logo = if random.below(2) == 0 {
            format!(r#", "src": "{LOGO}", "logo": {}"#, 8 + random.below(18))
        } else {
            String::new()
        };
        let side = 260 + random.below(300);
        let template = format!(
            r##"{{ "size": [750, 900], "ground": {{ "from": "{}", "to": "{}" }}, "layers": [
                {{ "draw": "qr", "at": [100, 150, {side}, {side}], "modules": "{modules}", "finders": "{finders}",
                   "fill": {fill}, "light": "{light}", "quiet": {quiet}, "level": "{level}"{logo} }} ] }}"##,
            random.colour(256),
            random.colour(256)
        );
        let Ok(poster) = Poster::parse(&template) else { continue };
        let url = format!("https://k.example.com/r/{}{}", token(1), "x".repeat(60));
        let data = Data { url, ..Data::default() };
        let list = kfactor::poster::display_list(&poster, &data, &mut kfactor::poster::Measure::rough());
        if list.is_ok_and(|list| list.findings.iter().all(|finding| finding.severity == Severity::Warning)) {
            return poster;
        }
    }
}

/// A Micro QR symbol of a random text, size and level, with the name of its size.
fn micro(random: &mut Random) -> (String, String, Matrix) {
    loop {
        let letters = random.of(&["0123456789", "0123456789ABCXYZ $%*+-./:", "abcxyz_=?&#é"]);
        let letters: Vec<char> = letters.chars().collect();
        let text: String = (0..=random.below(35)).map(|_| letters[random.below(letters.len())]).collect();
        let level = [None, Some(Level::L), Some(Level::M), Some(Level::Q)][random.below(4)];
        if let Ok(symbol) = Micro::encode(&text, level) {
            let letter = symbol.level().map_or("", Level::letter);
            return (format!("M{}{letter}", symbol.number()), text, symbol.into());
        }
    }
}

/// A dark blue square, the smallest picture there is of one.
const LOGO: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

fn token(number: u64) -> String {
    let mut random = Random(number + 1_000);
    let letters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    (0..29).map(|_| char::from(letters[random.below(62)])).collect()
}

struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn of<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }

    fn colour(&mut self, most: usize) -> String {
        format!("#{:02x}{:02x}{:02x}", self.below(most), self.below(most), self.below(most))
    }

    fn pale(&mut self) -> String {
        format!("#{:02x}{:02x}{:02x}", 225 + self.below(31), 225 + self.below(31), 225 + self.below(31))
    }
}
