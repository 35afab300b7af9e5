//! What identifies a person stays out of reports: members with such names are left out, values of such a shape become
//! pseudonyms.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::json::tree::{Data, Node, parse};
use crate::json::write::text;

/// Members that are left out, wherever they stand; compared without case, `_` and `-`.
const DENIED: [&str; 18] = [
    "phone",
    "phonenumber",
    "mobile",
    "tel",
    "openid",
    "unionid",
    "email",
    "mail",
    "idcard",
    "idnumber",
    "realname",
    "nickname",
    "avatar",
    "avatarurl",
    "address",
    "wechat",
    "wxid",
    "password",
];

/// Appends the object in `data` without what identifies a person. Text that is no object becomes `{}`.
///
/// ```
/// let mut out = Vec::new();
/// kfactor::report::privacy::clean(r#"{"open_id":"x","by":"13812345678","have":3}"#, "tea", &mut out);
/// assert_eq!(out, br#"{"by":"p_f7b4e24d4030","have":3}"#);
/// ```
pub fn clean(data: &str, campaign: &str, out: &mut Vec<u8>) {
    match parse(data).root {
        Some(root) if matches!(root.data, Data::Object(_)) => value(&root, Some(campaign), out),
        _ => out.extend_from_slice(b"{}"),
    }
}

/// The text itself, or a pseudonym if it looks like a phone number, an openid or a mail address. The same text of the
/// same campaign has the same pseudonym, so that people can still be told apart.
///
/// A pseudonym hides a number from those who read reports, not from somebody who tries all numbers.
#[must_use]
pub fn pseudonym<'t>(text: &'t str, campaign: &str) -> Cow<'t, str> {
    if !is_personal(text) {
        return Cow::Borrowed(text);
    }
    let digest = Sha256::new().chain_update(campaign).chain_update([0]).chain_update(text).finalize();
    let mut name = String::from("p_");
    for byte in digest.iter().take(6) {
        name.push_str(&format!("{byte:02x}"));
    }
    Cow::Owned(name)
}

/// Appends a value as it is.
pub(super) fn write(node: &Node<'_>, out: &mut Vec<u8>) {
    value(node, None, out);
}

/// Appends a value; with a campaign, without what identifies a person.
fn value(node: &Node<'_>, campaign: Option<&str>, out: &mut Vec<u8>) {
    match &node.data {
        Data::Null => out.extend_from_slice(b"null"),
        Data::Bool(true) => out.extend_from_slice(b"true"),
        Data::Bool(false) => out.extend_from_slice(b"false"),
        Data::Number(raw) => out.extend_from_slice(raw.as_bytes()),
        Data::Text(raw) => match campaign {
            Some(campaign) => text(out, &pseudonym(raw, campaign)),
            None => text(out, raw),
        },
        Data::List(entries) => {
            out.push(b'[');
            for (place, entry) in entries.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                value(entry, campaign, out);
            }
            out.push(b']');
        }
        Data::Object(members) => {
            out.push(b'{');
            let allowed = members.iter().filter(|member| campaign.is_none() || !is_denied(&member.key));
            for (place, member) in allowed.enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                text(out, &member.key);
                out.push(b':');
                value(&member.value, campaign, out);
            }
            out.push(b'}');
        }
    }
}

fn is_denied(key: &str) -> bool {
    let letters =
        || key.bytes().filter(|byte| !matches!(byte, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase());
    DENIED.iter().any(|denied| denied.bytes().eq(letters()))
}

fn is_personal(text: &str) -> bool {
    is_mail(text) || is_openid(text) || has_phone(text)
}

fn is_mail(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains(' '))
}

/// WeChat's ids of people: `o` and 27 letters of base64url.
fn is_openid(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    text.len() == 28 && text.starts_with('o') && text.bytes().all(is_letter)
}

/// A mainland mobile number anywhere in the text: eleven digits together, from 13 to 19.
fn has_phone(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits.len() == 11 && matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..]))
}
