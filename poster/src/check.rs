//! What is looked at before anything is drawn: what is printed by the thousand must not be wrong.

use kfactor::poster::Poster;
use std::collections::BTreeMap;
use std::path::Path;

/// Columns of a table, and values of the command line, that are no variables.
const OWN: [&str; 4] = ["url", "touchpoint", "variant", "file"];

/// Refuses a link that no scanner opens.
///
/// # Errors
/// What an address looks like.
pub fn link(url: &str) -> Result<(), String> {
    match host_of(url) {
        Some(_) => Ok(()),
        None => Err(format!("a code leads to an address such as https://example.com/page, not `{url}`")),
    }
}

/// Refuses a beginning of short links that leads nowhere: `https`, or `http` on this machine, and no more than a path.
///
/// # Errors
/// What it has to be.
pub fn base(url: &str) -> Result<(), String> {
    let host = host_of(url).filter(|_| !url.contains(['?', '#']));
    let is_local = |host: &str| host == "localhost" || host.starts_with("127.") || host == "[::1]";
    match host {
        Some((true, _)) => Ok(()),
        Some((false, host)) if is_local(host) => Ok(()),
        _ => Err(format!(
            "--base is where the world reaches your server, as https://k.example.com, not `{url}`"
        )),
    }
}

/// Whether an address is `https`, and its host without the port.
fn host_of(url: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let is_secure = scheme.eq_ignore_ascii_case("https");
    if !is_secure && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(inside) => authority.get(..inside.find(']')? + 2)?,
        None => authority.split(':').next()?,
    };
    let is_well = !host.is_empty() && !url.contains(char::is_whitespace);
    is_well.then_some((is_secure, host))
}

/// Refuses two rows that would write one file.
///
/// # Errors
/// Both rows, from 1.
pub fn files<'f>(files: impl Iterator<Item = &'f Path>) -> Result<(), String> {
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for (row, file) in (1..).zip(files) {
        // On some disks large and small letters are the same.
        let name = file.to_string_lossy().to_lowercase();
        if let Some(before) = rows.insert(name, row) {
            return Err(format!("rows {before} and {row} have the same file, {}", file.display()));
        }
    }
    Ok(())
}

/// The names that are given and that the poster has no variable for.
pub fn unused<'n>(poster: &Poster, given: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let known = poster.variable_names();
    given.filter(|name| !OWN.contains(name) && !known.iter().any(|known| known == name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_bases_are_addresses() {
        for good in
            ["https://a.example/x?y", "http://a.example", "HTTPS://a.example:8443/r/1", "http://[::1]:80/"]
        {
            assert_eq!(link(good), Ok(()), "{good}");
        }
        for bad in ["hello", "a.example/x", "ftp://a.example", "https://", "https:///x", "https://a b", ""] {
            assert!(link(bad).is_err(), "{bad}");
        }
        for good in [
            "https://k.example",
            "https://k.example/go",
            "http://localhost:8080",
            "http://127.0.0.1",
            "http://[::1]",
        ] {
            assert_eq!(base(good), Ok(()), "{good}");
        }
        for bad in ["k.example", "http://k.example", "https://k.example/?a=b", "https://k.example#x"] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn two_rows_do_not_write_one_file() {
        let check = |names: &[&str]| files(names.iter().map(|name| Path::new(*name)));
        assert_eq!(check(&["a.png", "b.png"]), Ok(()));
        assert_eq!(
            check(&["a.png", "b.png", "A.png"]),
            Err("rows 1 and 3 have the same file, A.png".to_owned())
        );
    }

    #[test]
    fn columns_without_a_variable_are_named() {
        let template = r##"{ "size": [400, 400], "layers": [
            { "draw": "text", "at": [10, 10, 300], "text": "{nickname|A friend} of {title}" },
            { "draw": "image", "at": [10, 60, 50, 50], "src": "{avatar}" },
            { "draw": "qr", "at": [100, 100, 200, 200] } ] }"##;
        let poster = Poster::parse(template).expect("a template");
        assert_eq!(poster.variable_names(), ["nickname", "title", "avatar"]);
        let given = ["touchpoint", "nicname", "avatar", "file", "url"];
        assert_eq!(unused(&poster, given.into_iter()), ["nicname"]);
    }
}
