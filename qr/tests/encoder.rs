//! Every size, level and mode against an independent encoder, bit for bit, and masks against the standard's penalties
//! counted the slow way.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use kfactor_qr::{Level, Mode, Options, QrError, Segment, Symbol, Version};
use proptest::prelude::*;
use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, QrSegmentMode, Version as PeerVersion};
use rxing::common::BitMatrix;
use rxing::qrcode::decoder::qrcode_decoder::decode_bitmatrix;

fn peer_level(level: Level) -> QrCodeEcc {
    match level {
        Level::L => QrCodeEcc::Low,
        Level::M => QrCodeEcc::Medium,
        Level::Q => QrCodeEcc::Quartile,
        Level::H => QrCodeEcc::High,
    }
}

fn modules(symbol: &Symbol) -> Vec<Vec<bool>> {
    let width = symbol.width();
    (0..width).map(|y| (0..width).map(|x| symbol.module(x, y)).collect()).collect()
}

fn peer_modules(peer: &QrCode) -> Vec<Vec<bool>> {
    let size = peer.size();
    (0..size).map(|y| (0..size).map(|x| peer.get_module(x, y)).collect()).collect()
}

/// The peer's symbol of the same segments, size and level under a mask.
fn peer(segments: &[QrSegment], symbol: &Symbol, mask: Option<u8>) -> QrCode {
    let version = PeerVersion::new(symbol.version().number());
    let level = peer_level(symbol.level());
    QrCode::encode_segments_advanced(segments, level, version, version, mask.map(Mask::new), false).unwrap()
}

/// Penalties as ISO/IEC 18004:2015 §7.8.3.1 has them, module by module. With `scaled`, finder-like patterns count in
/// any size, as the peer counts them, else only where one module is one module.
fn penalty(dark: &[Vec<bool>], scaled: bool) -> u32 {
    let width = dark.len();
    let column = |x: usize| dark.iter().map(|row| row[x]).collect::<Vec<_>>();
    let lines: Vec<Vec<bool>> = dark.iter().cloned().chain((0..width).map(column)).collect();
    let mut sum = 0;
    for line in &lines {
        let mut runs: Vec<(bool, usize)> = vec![(false, width)];
        for &module in line {
            match runs.last_mut() {
                Some((colour, length)) if *colour == module => *length += 1,
                _ => runs.push((module, 1)),
            }
        }
        match runs.last_mut() {
            Some((false, length)) => *length += width,
            _ => runs.push((false, width)),
        }
        let inside = line.chunk_by(|a, b| a == b).map(|run| u32::try_from(run.len()).unwrap());
        sum += inside.filter(|run| *run >= 5).map(|run| run - 2).sum::<u32>();
        for seven in runs.windows(7).filter(|seven| !seven[0].0) {
            let lengths: Vec<usize> = seven.iter().map(|run| run.1).collect();
            let unit = lengths[1];
            if lengths[1..6] == [unit, unit, 3 * unit, unit, unit] && (scaled || unit == 1) {
                sum += if lengths[0] >= 4 * unit && lengths[6] >= unit { 40 } else { 0 };
                sum += if lengths[6] >= 4 * unit && lengths[0] >= unit { 40 } else { 0 };
            }
        }
    }
    for (upper, lower) in dark.iter().zip(&dark[1..]) {
        for (a, b) in upper.windows(2).zip(lower.windows(2)) {
            sum += if a == b && a[0] == a[1] { 3 } else { 0 };
        }
    }
    let count = dark.iter().flatten().filter(|dark| **dark).count();
    sum + u32::try_from((20 * count).abs_diff(10 * width * width) / (width * width)).unwrap() * 10
}

/// Checks a symbol of known segments: modules under its mask, and that no other mask has a lower penalty.
fn check(symbol: &Symbol, segments: &[QrSegment]) -> Result<(), TestCaseError> {
    prop_assert_eq!(modules(symbol), peer_modules(&peer(segments, symbol, Some(symbol.mask()))));
    let of = |mask: u8, scaled: bool| penalty(&peer_modules(&peer(segments, symbol, Some(mask))), scaled);
    let best = |scaled: bool| (0..8).min_by_key(|mask| of(*mask, scaled)).unwrap();
    prop_assert_eq!(symbol.mask(), best(false));
    // The peer differs only where it takes a larger pattern for a finder.
    prop_assert_eq!(peer(segments, symbol, None).mask().value(), best(true));
    Ok(())
}

fn bytes(text: &str) -> Vec<QrSegment> {
    vec![QrSegment::make_bytes(text.as_bytes())]
}

#[test]
fn every_size_and_level_equals_the_peer() {
    for version in Version::all() {
        for level in Level::ALL {
            let length = version.capacity(level) / 8 - if version.number() < 10 { 2 } else { 3 };
            // Lower case and full, so that there is one segment and this level.
            let text: String = ('a'..='z').cycle().step_by(7).take(length).collect();
            let symbol = Symbol::encode(&text, level).unwrap();
            assert_eq!((symbol.version(), symbol.level()), (version, level));
            check(&symbol, &bytes(&text)).unwrap();
        }
    }
}

#[test]
fn the_level_rises_as_far_as_the_size_allows() {
    let symbol = Symbol::encode("a", Level::L).unwrap();
    assert_eq!((symbol.width(), symbol.level()), (21, Level::H));
    // 17 bytes fill version 1 at level L; 18 need version 2, which has room for level M but not Q.
    let full = Symbol::encode("abcdefghijklmnopq", Level::L).unwrap();
    assert_eq!((full.width(), full.level()), (21, Level::L));
    let more = Symbol::encode("abcdefghijklmnopqrstuvwx", Level::L).unwrap();
    assert_eq!((more.width(), more.level()), (25, Level::M));
}

#[test]
fn the_longest_texts_fit_and_longer_ones_are_refused() {
    let most = [(Level::L, 2_953), (Level::M, 2_331), (Level::Q, 1_663), (Level::H, 1_273)];
    for (level, bytes) in most {
        assert_eq!(Symbol::encode(&"a".repeat(bytes), level).unwrap().width(), 177);
        assert_eq!(Symbol::encode(&"a".repeat(bytes + 1), level), Err(QrError::TooLong));
    }
    assert_eq!(Symbol::encode(&"7".repeat(7_089), Level::L).unwrap().width(), 177);
    assert_eq!(Symbol::encode(&"7".repeat(7_090), Level::L), Err(QrError::TooLong));
    assert_eq!(Symbol::encode(&"7".repeat(1 << 20), Level::L), Err(QrError::TooLong));
    assert_eq!(QrError::TooLong.code(), "QR_TOO_LONG");
    assert_eq!(Symbol::encode("", Level::L), Err(QrError::Empty));
}

#[test]
fn kanji_and_character_sets_equal_the_peer() {
    // 点茗 in Shift JIS, the standard's own example.
    let symbol =
        Symbol::of_segments(&[Segment::Text(Mode::Kanji, b"\x93\x5f\xe4\xaa")], &Options::default()).unwrap();
    let bits = [(0x0D9F, 13), (0x1AAA, 13)];
    let bits =
        bits.into_iter().flat_map(|(value, width)| (0..width).rev().map(move |bit| value >> bit & 1 == 1));
    let segment = QrSegment::new(QrSegmentMode::Kanji, 2, bits.collect());
    check(&symbol, &[segment]).unwrap();

    let options = Options { utf8_mark: true, ..Options::default() };
    let symbol = Symbol::with("一起买面膜", &options).unwrap();
    let segments = [vec![QrSegment::make_eci(26)], bytes("一起买面膜")].concat();
    check(&symbol, &segments).unwrap();
    assert_eq!(Symbol::with("plain", &options), Symbol::encode("plain", Level::M));
    for number in [127, 128, 16_383, 16_384, 999_999] {
        let text = Segment::Text(Mode::Byte, b"abc");
        let symbol = Symbol::of_segments(&[Segment::Eci(number), text], &Options::default()).unwrap();
        check(&symbol, &[vec![QrSegment::make_eci(number)], bytes("abc")].concat()).unwrap();
    }
}

#[test]
fn a_wanted_mask_is_taken() {
    for mask in 0..8 {
        let symbol =
            Symbol::with("https://example.com/", &Options { mask: Some(mask), ..Options::default() });
        assert_eq!(symbol.unwrap().mask(), mask);
    }
}

fn peer_segments(parts: &[(Mode, String)]) -> Vec<QrSegment> {
    let one = |(mode, text): &(Mode, String)| match mode {
        Mode::Numeric => QrSegment::make_numeric(text),
        Mode::Alphanumeric => QrSegment::make_alphanumeric(text),
        _ => QrSegment::make_bytes(text.as_bytes()),
    };
    parts.iter().map(one).collect()
}

fn part() -> impl Strategy<Value = (Mode, String)> {
    prop_oneof![
        "[0-9]{1,120}".prop_map(|text| (Mode::Numeric, text)),
        "[0-9A-Z $%*+./:-]{1,90}".prop_map(|text| (Mode::Alphanumeric, text)),
        "\\PC{1,60}|[a-z/?=&]{1,150}".prop_map(|text| (Mode::Byte, text)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn mixed_segments_equal_the_peer(
        parts in prop::collection::vec(part(), 1..5), level in 0usize..4, boost: bool, at_least in 1u8..30,
    ) {
        let own: Vec<Segment<'_>> = parts.iter().map(|(mode, text)| Segment::Text(*mode, text.as_bytes())).collect();
        let at_least = Version::new(at_least).unwrap();
        let options = Options { level: Level::ALL[level], boost, at_least, ..Options::default() };
        let symbol = Symbol::of_segments(&own, &options).unwrap();
        let segments = peer_segments(&parts);
        let (least, most) = (PeerVersion::new(at_least.number()), PeerVersion::new(40));
        let chosen =
            QrCode::encode_segments_advanced(&segments, peer_level(options.level), least, most, None, boost).unwrap();
        prop_assert_eq!(symbol.version().number(), chosen.version().value());
        prop_assert_eq!(peer_level(symbol.level()), chosen.error_correction_level());
        check(&symbol, &segments)?;
    }

    /// Among texts beyond ASCII only those that no decoder takes for another character set.
    #[test]
    fn any_text_reads_back(
        text in "[ -~]{1,60}|[A-Z0-9 $%*+./:-]{1,60}|[0-9]{1,40}[a-z]{0,9}[0-9A-Z]{0,40}|[ぁ-龥]{1,40}",
    ) {
        let symbol = Symbol::encode(&text, Level::L).unwrap();
        let mut matrix = BitMatrix::with_single_dimension(symbol.width()).unwrap();
        let all = (0..symbol.width()).flat_map(|y| (0..symbol.width()).map(move |x| (x, y)));
        all.filter(|(x, y)| symbol.module(*x, *y)).for_each(|(x, y)| matrix.set(x, y));
        let read = decode_bitmatrix(&matrix).unwrap();
        prop_assert_eq!(read.getText(), text);
    }
}
