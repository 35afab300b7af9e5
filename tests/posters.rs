//! Posters: what a template and any data become, and that every painter is given whole pixels.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use kfactor::campaign::{Campaign, Names};
use kfactor::poster::{Data, Measure, Op, Poster, PosterError, display_list, svg, touchpoint};
use proptest::prelude::*;
use serde_json::Value;

const EXAMPLES: [&str; 5] =
    ["ten-friends", "mask-for-two", "follow-and-unlock", "bring-a-friend", "your-post-for-tea"];

fn campaign(name: &str) -> Campaign {
    let file = format!("{}/examples/campaigns/{name}.json", env!("CARGO_MANIFEST_DIR"));
    Campaign::parse(&std::fs::read_to_string(file).unwrap(), &Names::default()).unwrap().campaign
}

fn data() -> Data {
    Data { url: "https://k.example.com/r/0OA2aaszmI1TKX80cBpKwKVR6Xxhi".into(), ..Data::default() }
}

#[test]
fn every_example_is_drawn_in_every_variant_and_size() {
    for name in EXAMPLES {
        let campaign = campaign(name);
        let mut count = 0;
        for (poster_name, poster) in campaign.posters.iter() {
            let variants = poster.variants.iter().flat_map(|list| list.iter());
            for variant in variants.map(|name| Some(name.to_string())).chain([None]) {
                for scale in [75, 100, 150, 200] {
                    let data = Data { variant: variant.clone(), scale, ..data() };
                    let list = display_list(poster, &data, &mut Measure::rough()).unwrap();
                    let code = list.code.clone().unwrap();
                    assert!(code.unit >= 4, "{name} {scale}: {}", code.unit);
                    assert_eq!(list.findings, [], "{name}");
                    assert!(svg(&list, &|_| None).ends_with("</svg>"));
                    let json: Value = serde_json::from_str(&list.json()).unwrap();
                    assert_eq!(json["width"], list.width);
                    assert_eq!(json["ops"].as_array().unwrap().len(), list.ops.len());
                }
            }
            assert!(!poster_name.is_empty());
            count += 1;
        }
        assert_eq!(count, 1, "{name}");
    }
}

#[test]
fn posters_and_variants_are_touchpoints() {
    let file = format!("{}/examples/campaigns/ten-friends.json", env!("CARGO_MANIFEST_DIR"));
    let parsed = Campaign::parse(&std::fs::read_to_string(file).unwrap(), &Names::default()).unwrap();
    for name in [touchpoint("invite", None), touchpoint("invite", Some("cash")), "sms".to_owned()] {
        let handle = parsed.names.touchpoint(&name).unwrap();
        let number = kfactor::attribution::touchpoint_number(&name);
        assert_eq!(parsed.campaign.touchpoint_numbered(number), Some(handle), "{name}");
    }
    assert_eq!(parsed.names.touchpoint("poster-invite-nothing"), None);
}

fn template(layers: &str) -> Poster {
    Poster::parse(&format!(r##"{{ "size": [750, 1000], "layers": [{layers}] }}"##)).unwrap()
}

#[test]
fn a_layer_below_another_follows_its_lines() {
    let poster = template(
        r##"{ "draw": "text", "at": [0, 100, 300], "id": "words", "text": "{words}", "size": 30, "lines": 9, "leading": 100 },
           { "draw": "rect", "at": [0, 20, 100, 10], "below": "words" }"##,
    );
    for (words, top) in [("", 120), ("一", 150), ("一二三四五六七八九十一", 180)] {
        let data = Data { values: vec![("words".into(), words.into())], ..data() };
        let list = display_list(&poster, &data, &mut Measure::rough()).unwrap();
        let Some(Op::Rects(rects, _)) = list.ops.last() else { panic!("no rectangle") };
        assert_eq!(rects[0].y, top, "{words}");
    }
}

#[test]
fn what_cannot_be_read_is_not_drawn() {
    let small = template(r##"{ "draw": "qr", "at": [0, 0, 60, 60] }"##);
    let error = display_list(&small, &data(), &mut Measure::rough()).unwrap_err();
    assert_eq!(error.code(), "QR_MODULE");
    let logo = template(r##"{ "draw": "qr", "at": [0, 0, 400, 400], "src": "logo.png", "logo": 40 }"##);
    let error = display_list(&logo, &data(), &mut Measure::rough()).unwrap_err();
    assert_eq!(error.code(), "QR_LOGO");
    let none = display_list(
        &template(r##"{ "draw": "qr", "at": [0, 0, 400, 400] }"##),
        &Data::default(),
        &mut Measure::rough(),
    );
    assert_eq!(none.unwrap_err(), PosterError::Code(kfactor::qr::QrError::Empty));
    let ready = Data { code: Some("https://example.com/code.png".into()), ..Data::default() };
    let list = display_list(&small, &ready, &mut Measure::rough()).unwrap();
    assert!(matches!(list.ops.last(), Some(Op::Image { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nobody's name breaks a poster: whatever the values are, it is drawn, its JSON and its SVG are well formed, and
    /// the code stands on whole pixels inside the poster.
    #[test]
    fn any_values_are_drawn(
        name in "\\PC{0,40}|[一-龥]{0,60}|[<>&\"'{}|]{0,20}", path in "[a-zA-Z0-9]{1,120}", scale in 50u16..300, at in 0usize..5,
    ) {
        let campaign = campaign(EXAMPLES[at]);
        let (_, poster) = campaign.posters.iter().next().unwrap();
        let data = Data {
            url: format!("https://k.example.com/r/{path}"),
            values: ["nickname", "missing", "reward", "code", "title", "avatar"].map(|key| (key.into(), name.clone())).to_vec(),
            scale,
            ..Data::default()
        };
        let list = match display_list(poster, &data, &mut Measure::rough()) {
            Ok(list) => list,
            Err(PosterError::Limits(findings)) => {
                prop_assert_eq!(findings[0].code, "QR_MODULE");
                return Ok(());
            }
            Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert!(serde_json::from_str::<Value>(&list.json()).is_ok());
        let code = list.code.clone().unwrap();
        prop_assert!(code.at.x >= 0 && code.at.y >= 0);
        prop_assert!(code.at.x + code.at.width <= list.width && code.at.y + code.at.height <= list.height);
        prop_assert_eq!(u32::try_from(code.at.width).unwrap() % code.unit, 0);
        let text = svg(&list, &|_| None);
        prop_assert_eq!(text.matches("<text").count(), text.matches("</text>").count());
        prop_assert!(!text.contains("<<") && text.ends_with("</svg>"));
    }

    /// A template with any numbers is read or refused, and what is read is drawn or refused.
    #[test]
    fn any_box_is_answered(x in -5_000i32..5_000, y in -5_000i32..5_000, width in 0i32..5_000, height in 0i32..5_000, kind in 0usize..4) {
        let kinds = [r#""rect""#, r#""image", "src": "a""#, r#""text", "text": "words and 字""#, r#""qr""#];
        let text = format!(r#"{{ "size": [750, 1000], "layers": [{{ "draw": {}, "at": [{x}, {y}, {width}, {height}] }}] }}"#, kinds[kind]);
        if let Ok(poster) = Poster::parse(&text)
            && let Ok(list) = display_list(&poster, &data(), &mut Measure::rough())
        {
            prop_assert!(serde_json::from_str::<Value>(&list.json()).is_ok());
        }
    }
}
