//! Micro QR symbols against an independent encoder, bit for bit. Sizes that end with half a codeword, M1 and M3, are where
//! that encoder errs or panics: zxing-cpp reads those (`cargo xtask test scan`).

use kfactor_qr::{Level, Micro, QrError};
use proptest::prelude::*;
use qrcode::{Color, EcLevel, QrCode, Version};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn modules_are_those_of_another_encoder(
        text in "[0-9]{1,35}|[A-Z $%*+./:-]{1,21}|[a-z?=&#]{1,15}",
        level in prop::sample::select(vec![None, Some(Level::L), Some(Level::M), Some(Level::Q)]),
    ) {
        let Ok(symbol) = Micro::encode(&text, level) else { return Ok(()) };
        prop_assert!(symbol.level() >= level);
        prop_assert_eq!(symbol.width(), u32::from(symbol.number()) * 2 + 9);
        if symbol.number() % 2 == 1 {
            return Ok(());
        }
        let theirs = match symbol.level() {
            Some(Level::Q) => EcLevel::Q,
            Some(Level::M) => EcLevel::M,
            _ => EcLevel::L,
        };
        let peer = QrCode::with_version(&text, Version::Micro(i16::from(symbol.number())), theirs).unwrap();
        for (x, y) in (0..symbol.width()).flat_map(|y| (0..symbol.width()).map(move |x| (x, y))) {
            let dark = peer[(usize::try_from(x).unwrap(), usize::try_from(y).unwrap())] == Color::Dark;
            prop_assert_eq!(symbol.module(x, y), dark, "{:?} at {}, {}", symbol, x, y);
        }
    }
}

#[test]
fn what_fits_is_what_the_standard_says() {
    let most = |letter: &str, level: Option<Level>| {
        (1..60).take_while(|count| Micro::encode(&letter.repeat(*count), level).is_ok()).count()
    };
    for (letter, wanted) in [("7", [35, 35, 30, 21]), ("Q", [21, 21, 18, 13]), ("q", [15, 15, 13, 9])] {
        let levels = [None, Some(Level::L), Some(Level::M), Some(Level::Q)];
        assert_eq!(levels.map(|level| most(letter, level)), wanted, "{letter}");
    }
    let sizes = ["12345", "1234567890", "12345678901234567890123", "123456789012345678901234"];
    assert_eq!(sizes.map(|text| Micro::encode(text, None).unwrap().number()), [1, 2, 3, 4]);
    // The highest level that the same size allows.
    assert_eq!(Micro::encode("12", Some(Level::L)).unwrap().level(), Some(Level::M));
    assert_eq!(Micro::encode("", None), Err(QrError::Empty));
    assert_eq!(Micro::encode("1", Some(Level::H)), Err(QrError::NotMicro));
}
