//! Both readers against serde_json, on random and on damaged text.

#![allow(clippy::disallowed_types, reason = "a test may read the clock, to notice what never ends")]

use proptest::prelude::*;
use serde_json::Value as Peer;

use super::cursor::Key;
use super::scan::{Scanner, Value};
use super::tree::{Data, Node, line_column, parse};
use super::{Fault, FaultKind, write};

/// Random JSON values, with the characters that are hard to quote.
fn values() -> impl Strategy<Value = Peer> {
    let text = "([a-z]{0,9}|[\"\\\\/\u{0}-\u{1f}\u{7f}-\u{ff}力\u{2028}😀]{0,6}){1,4}";
    let leaf = prop_oneof![
        Just(Peer::Null),
        any::<bool>().prop_map(Peer::from),
        any::<i64>().prop_map(Peer::from),
        (-1000i64..1000).prop_map(Peer::from),
        (-1e6f64..1e6).prop_map(Peer::from),
        text.prop_map(Peer::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Peer::from),
            prop::collection::hash_map(text, inner, 0..6)
                .prop_map(|members| Peer::from(serde_json::Map::from_iter(members))),
        ]
    })
}

/// The tree as serde_json's value; the fault of a number that is too large for it is not ours to make.
fn as_peer(node: &Node<'_>) -> Option<Peer> {
    Some(match &node.data {
        Data::Null => Peer::Null,
        Data::Bool(value) => Peer::from(*value),
        Data::Number(raw) => serde_json::from_str(raw).ok()?,
        Data::Text(text) => Peer::from(text.as_ref()),
        Data::List(items) => Peer::from(items.iter().map(as_peer).collect::<Option<Vec<_>>>()?),
        Data::Object(members) => {
            let members =
                members.iter().map(|member| Some((member.key.to_string(), as_peer(&member.value)?)));
            Peer::from(members.collect::<Option<serde_json::Map<_, _>>>()?)
        }
    })
}

fn peer_of(value: Value<'_>) -> Option<Peer> {
    Some(match value {
        Value::Null => Peer::Null,
        Value::Bool(value) => Peer::from(value),
        Value::Int(value) => Peer::from(value),
        Value::Text(text) => Peer::from(text.as_ref()),
        Value::Other(raw) => serde_json::from_slice(raw).ok()?,
    })
}

type Members = Vec<(String, Option<Peer>)>;

/// The first object of some text, if it is all the text.
fn scan_one(text: &[u8]) -> Result<Option<Members>, Fault> {
    let mut scanner = Scanner::new(text);
    let mut members = Vec::new();
    let found = scanner.object(|key, value| {
        members.push((key.to_owned(), peer_of(value)));
        Ok::<(), Fault>(())
    })?;
    let more = scanner.object(|_, _| Ok::<(), Fault>(()))?;
    Ok((found && !more && !scanner.is_array()).then_some(members))
}

/// Whether two readers may differ: serde_json refuses numbers beyond a float's range.
fn too_large_for_a_float(text: &str) -> bool {
    serde_json::from_str::<Peer>(text).is_err_and(|error| error.to_string().contains("out of range"))
}

/// An integer has no minus zero; serde_json reads it as a float.
fn without_minus_zero(value: &Peer) -> Peer {
    if value.as_f64().is_some_and(|number| number == 0.0 && number.is_sign_negative()) {
        Peer::from(0)
    } else {
        value.clone()
    }
}

/// Compares everything there is to compare about one text.
fn check(text: &str) -> Result<(), TestCaseError> {
    if too_large_for_a_float(text) {
        return Ok(());
    }
    let peer: Option<Peer> = serde_json::from_str(text).ok();
    let parsed = parse(text);
    let duplicate = parsed.faults.iter().any(|located| located.fault.kind == FaultKind::Duplicate);
    prop_assert_eq!(parsed.root.is_some(), peer.is_some(), "{:?}: {:?}", text, parsed.faults);
    for located in &parsed.faults {
        prop_assert!(located.fault.offset <= text.len());
        prop_assert!(text.is_char_boundary(located.fault.offset));
    }
    if let (Some(root), Some(peer), false) = (&parsed.root, &peer, duplicate) {
        prop_assert_eq!(as_peer(root), Some(peer.clone()));
        let pointed = located(root, text);
        prop_assert!(pointed, "every node's bytes are that node");
    }
    let scanned = scan_one(text.as_bytes());
    match (&peer, &scanned) {
        (Some(Peer::Object(object)), Ok(Some(members))) => {
            let mut last = serde_json::Map::new();
            for (key, value) in members {
                last.insert(key.clone(), without_minus_zero(&value.clone().unwrap_or_default()));
            }
            let object: serde_json::Map<_, _> =
                object.iter().map(|(key, value)| (key.clone(), without_minus_zero(value))).collect();
            prop_assert_eq!(object, last);
        }
        (Some(Peer::Object(_)), other) => prop_assert!(false, "{text:?}: {other:?}"),
        // One object per line is more than one JSON value, and arrays and blank text are read as such.
        (_, Ok(Some(_))) => prop_assert!(false, "{text:?} is not an object"),
        (_, Ok(None) | Err(_)) => {}
    }
    Ok(())
}

/// Whether the bytes of every node read as that node again.
fn located(node: &Node<'_>, text: &str) -> bool {
    let own = text.get(node.start..node.end).and_then(|own| serde_json::from_str::<Peer>(own).ok());
    own == as_peer(node)
        && match &node.data {
            Data::List(items) => items.iter().all(|item| located(item, text)),
            Data::Object(members) => members
                .iter()
                .all(|member| text[member.key_start..].starts_with('"') && located(&member.value, text)),
            _ => true,
        }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_what_serde_json_writes(value in values(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        check(&text.unwrap())?;
    }

    #[test]
    fn agrees_on_damaged_text(
        value in values(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0..5usize, "[\\[\\]{},:\"\\\\0-9eE+.a-u \n-]"), 1..4),
    ) {
        let mut text: Vec<char> = value.to_string().chars().collect();
        for (at, how, with) in damage {
            let at = at.index(text.len().max(1));
            let with = with.chars().next().unwrap();
            match how {
                0 if at < text.len() => drop(text.remove(at)),
                1 if at < text.len() => text[at] = with,
                2 => text.truncate(at),
                3 => { let tail: Vec<char> = text[at.min(text.len())..].to_vec(); text.extend(tail); }
                _ => text.insert(at.min(text.len()), with),
            }
        }
        check(&text.into_iter().collect::<String>())?;
    }

    #[test]
    fn agrees_on_soup(text in "[\\[\\]{},:\"\\\\0-9eE+.truefalsn \n-]{0,24}") {
        check(&text)?;
    }

    #[test]
    fn agrees_on_numbers(text in "-?[0-9]{0,20}(\\.[0-9]{0,3})?([eE][+-]?[0-9]{0,3})?") {
        check(&text)?;
        check(&format!("{{\"n\":{text}}}"))?;
    }

    #[test]
    fn agrees_on_escapes(text in "(\\\\[\"\\\\/bfnrtux]|\\\\u(d[89a-f][0-9a-f]{2}|[0-9a-fA-F]{3,4})|[a-z力😀]){0,8}") {
        check(&format!("\"{text}\""))?;
        check(&format!("{{\"{text}\":\"{text}\"}}"))?;
    }

    #[test]
    fn never_panics_on_bytes_and_always_ends(bytes in prop::collection::vec(any::<u8>(), 0..200), lead in 0..3usize) {
        let mut input = [&b""[..], b"[{\"a\":1},", b"{\"a\":\"x\"}\n"][lead].to_vec();
        input.extend(bytes);
        let mut scanner = Scanner::new(&input);
        let mut reads = 0;
        loop {
            match scanner.object(|_, _| Ok::<(), Fault>(())) {
                Ok(false) => break,
                Ok(true) => {
                    let whole = scanner.raw().starts_with(b"{") && scanner.raw().ends_with(b"}");
                    prop_assert!(whole);
                }
                Err(fault) => prop_assert!(fault.offset <= input.len()),
            }
            reads += 1;
            prop_assert!(reads <= input.len() + 1, "every read moves on");
        }
    }

    #[test]
    fn writes_what_serde_json_reads(text in "(\\PC|[\u{0}-\u{1f}\"\\\\]){0,40}", number: i64, shorter in 0u32..64) {
        let number = number >> shorter;
        let mut out = Vec::new();
        write::text(&mut out, &text);
        prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        out.clear();
        write::int(&mut out, number);
        prop_assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
    }

    #[test]
    fn lines_and_columns_are_those_of_a_simple_count(text in "[a力😀\n]{0,60}", at: prop::sample::Index) {
        let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let offset = boundaries[at.index(boundaries.len())];
        let before = &text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let (found_line, found_column) = line_column(&text, offset);
        prop_assert_eq!((found_line as usize, found_column as usize), (line, column));
    }
}

/// What a scanner makes of a text: the raw objects, and the kinds and offsets of faults.
fn walk(bytes: &[u8]) -> Vec<Result<String, (FaultKind, usize)>> {
    let mut scanner = Scanner::new(bytes);
    let mut seen = Vec::new();
    loop {
        match scanner.object(|_, _| Ok::<(), Fault>(())) {
            Ok(true) => seen.push(Ok(String::from_utf8(scanner.raw().to_vec()).unwrap())),
            Ok(false) => return seen,
            Err(fault) => seen.push(Err((fault.kind, fault.offset))),
        }
    }
}

#[test]
fn reads_one_object_an_array_or_lines() {
    let ok = |texts: &[&str]| texts.iter().map(|text| Ok((*text).to_owned())).collect::<Vec<_>>();
    assert_eq!(walk(b""), []);
    assert_eq!(walk(b" \n "), []);
    assert_eq!(walk(b" {\n \"a\" : [1, {}] }\n"), ok(&["{\n \"a\" : [1, {}] }"]));
    assert_eq!(walk(b"{\"a\":1}\n\n{\"b\":2}\r\n"), ok(&["{\"a\":1}", "{\"b\":2}"]));
    assert_eq!(walk(b"[]"), []);
    assert_eq!(walk(b" [ { } , {\"a\":1} ] "), ok(&["{ }", "{\"a\":1}"]));
}

#[test]
fn goes_on_after_faults() {
    use FaultKind::{Depth, End, NotObject, Trailing, Unexpected, Utf8};
    let ok = |text: &str| Ok(text.to_owned());
    assert_eq!(walk(b"[{},7,[1],{}]"), [ok("{}"), Err((NotObject, 4)), Err((NotObject, 6)), ok("{}")]);
    assert_eq!(walk(b"[{},]"), [ok("{}"), Err((NotObject, 4))]);
    assert_eq!(walk(b"[{}"), [Err((End, 3))]);
    assert_eq!(walk(b"[{},"), [ok("{}"), Err((End, 4))]);
    assert_eq!(walk(b"[{}] {}"), [Err((Trailing, 5))]);
    assert_eq!(walk(b"[] {}"), [Err((Trailing, 3))]);
    assert_eq!(walk(b"[{\"a\":x},{}]"), [Err((Unexpected, 6))]);
    assert_eq!(walk(b"{\"a\":x}\n{}"), [Err((Unexpected, 5)), ok("{}")]);
    assert_eq!(walk(b"{} {}\n{}"), [Err((Trailing, 3)), ok("{}")]);
    assert_eq!(
        walk(b"{\"a\":\"\xff\"}\n{}\n\xff\n{}"),
        [Err((Utf8, 6)), ok("{}"), Err((Utf8, 13)), ok("{}")]
    );
    let deep = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(walk(deep(31).as_bytes()), [Ok(deep(31))]);
    assert_eq!(walk(deep(32).as_bytes()), [Err((Depth, 36))]);
    assert!(parse(&deep(31)).root.is_some());
    assert_eq!(parse(&deep(32)).faults[0].fault, Fault { kind: Depth, offset: 36 });
}

static KNOWN: [Key; 6] = [
    Key::new("id", 0),
    Key::new("at", 1),
    Key::new("token", 2),
    Key::new("amount", 3),
    Key::new("", 4),
    Key::new("i", 5),
];

/// As [`scan_one`], by known keys.
fn scan_known(text: &[u8]) -> Result<Option<Members>, Fault> {
    let mut scanner = Scanner::new(text);
    let mut members = Vec::new();
    let found = scanner.known(&KNOWN, |key, value| {
        members.push((key.map_or("other", |key| key.name).to_owned(), peer_of(value)));
        Ok::<(), Fault>(())
    })?;
    let more = scanner.known(&KNOWN, |_, _| Ok::<(), Fault>(()))?;
    Ok((found && !more && !scanner.is_array()).then_some(members))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Also of keys that begin like known ones, with spaces and escapes, of numbers of every length, and of what is cut off.
    #[test]
    fn known_keys_are_found_however_they_are_written(
        members in prop::collection::vec(
            (
                "|id|at|i|idx|token|tokens|amount|other|\\\\u0069d|i\\\\n|助",
                "[ \\n]{0,1}",
                "-?[0-9]{1,20}|[0-9]{1,9}(\\.[0-9]{1,3}|e1)|\"[a-z\u{7f}力]{0,20}\"|\"[a-z]{0,9}\\\\\"\"|\\[1\\]|null",
            ),
            0..6,
        ),
        cut in prop::option::weighted(0.2, 0usize..60),
    ) {
        let members: Vec<String> =
            members.iter().map(|(key, space, value)| format!("{space}\"{key}\"{space}:{space}{value}{space}")).collect();
        let mut text = format!("{{{}}}", members.join(","));
        if let Some(cut) = cut.filter(|cut| text.is_char_boundary(*cut)) {
            text.truncate(cut);
        }
        let other = |key: String| if KNOWN.iter().any(|known| known.name == key) { key } else { "other".to_owned() };
        let named = scan_one(text.as_bytes()).map(|members| {
            members.map(|members| members.into_iter().map(|(key, value)| (other(key), value)).collect::<Members>())
        });
        check(&text)?;
        prop_assert_eq!(scan_known(text.as_bytes()), named);
    }
}

#[test]
fn a_refused_object_is_passed_over() {
    #[derive(Debug, PartialEq)]
    enum Stop {
        Text(Fault),
        Key(String),
    }
    impl From<Fault> for Stop {
        fn from(fault: Fault) -> Self {
            Stop::Text(fault)
        }
    }
    let mut scanner = Scanner::new(br#"[{"a":1,"b":[2],"c":3},{"a":2}]"#);
    let mut seen = Vec::new();
    let mut read = || {
        let result = scanner.object(|key, value| {
            seen.push((key.to_owned(), value.clone()));
            if key == "b" { Err(Stop::Key(key.to_owned())) } else { Ok(()) }
        });
        (result, scanner.raw().to_vec())
    };
    let (first, raw) = read();
    assert_eq!(first, Err(Stop::Key("b".into())));
    assert_eq!(raw, br#"{"a":1,"b":[2],"c":3}"#);
    assert_eq!(read().0, Ok(true));
    assert_eq!(read().0, Ok(false));
    let expected = [("a", Value::Int(1)), ("b", Value::Other(b"[2]")), ("a", Value::Int(2))];
    assert_eq!(seen, expected.map(|(key, value)| (key.to_owned(), value)));
}

#[test]
fn texts_of_every_length_are_written_whole_and_again() {
    for length in 0..40 {
        let text: String = ('0'..'z').filter(char::is_ascii_alphanumeric).take(length).collect();
        let mut out = Vec::new();
        write::text(&mut out, &text);
        assert_eq!(out, format!("\"{text}\"").into_bytes());
        for from in 0..out.len() {
            for to in from..=out.len() {
                let mut twice = out.clone();
                write::again(&mut twice, from..to);
                assert_eq!(twice, [&out, &out[from..to]].concat(), "{from}..{to}");
            }
        }
    }
}

#[test]
fn text_without_escapes_is_borrowed() {
    let mut scanner = Scanner::new("{\"a\":\"助力\",\"b\":\"\\u52a9力\"}".as_bytes());
    let mut owned = Vec::new();
    let read = scanner.object(|_, value| {
        if let Value::Text(text) = value {
            owned.push((matches!(text, std::borrow::Cow::Owned(_)), text.into_owned()));
        }
        Ok::<(), Fault>(())
    });
    assert_eq!(read, Ok(true));
    assert_eq!(owned, [(false, "助力".to_owned()), (true, "助力".to_owned())]);
}

#[test]
fn repeated_keys_are_all_listed_with_their_pointers() {
    let parsed = parse(r#"{"a":{"x":1,"y/z":2,"x":3,"y/z":4},"a":0}"#);
    let pointers: Vec<&str> = parsed.faults.iter().map(|located| located.pointer.as_str()).collect();
    assert_eq!(pointers, ["/a/x", "/a/y~1z", "/a"]);
    let root = parsed.root.unwrap();
    assert!(matches!(root.get("a").and_then(|a| a.get("x")).map(|x| &x.data), Some(Data::Number("1"))));
}

#[test]
fn hostile_text_is_read_in_linear_time() {
    let many = 200_000;
    for text in [
        "[".repeat(many),
        "{\"a\":".repeat(many),
        format!("{{{}}}", "\"k\":1,".repeat(many)),
        format!("\"{}", "\\u0041".repeat(many)),
        "{\"a\":\"\n".repeat(many),
        "\u{fffd}\n".repeat(many),
    ] {
        let started = std::time::Instant::now();
        let _ = parse(&text);
        let _ = walk(text.as_bytes());
        assert!(started.elapsed().as_secs() < 5, "{} bytes took {:?}", text.len(), started.elapsed());
    }
}
