//! What to tell the author of a document that is not JSON.

use super::decode::Cx;
use super::problem::code;
use crate::json::tree::Located;
use crate::json::{DEPTH, Fault, FaultKind};

/// Reports a fault of the text.
pub(crate) fn report(located: &Located, text: &str, cx: &mut Cx) {
    let fault = located.fault;
    let code = match fault.kind {
        FaultKind::Depth => code::JSON_DEPTH,
        FaultKind::Duplicate => code::JSON_DUPLICATE_KEY,
        FaultKind::Utf8 => code::JSON_UTF8,
        _ => code::JSON_SYNTAX,
    };
    cx.error_at(&located.pointer, code, fault.offset, |_| sentences(fault, text));
}

fn sentences(fault: Fault, text: &str) -> (String, String) {
    let (before, rest) = text.split_at_checked(fault.offset).unwrap_or((text, ""));
    let next = rest.chars().next().unwrap_or(' ');
    let (en, zh) = match fault.kind {
        FaultKind::Depth => {
            (format!("Brackets are nested more than {DEPTH} deep."), format!("括号嵌套超过 {DEPTH} 层。"))
        }
        FaultKind::Unexpected | FaultKind::NotObject => match half_width(next) {
            Some(half) => (
                format!("{next} is a typographic character; JSON is written with the plain `{half}`"),
                format!("{next} 是全角或弯引号字符，JSON 要用半角的 `{half}`"),
            ),
            None => own(unexpected(before.trim_end(), next)),
        },
        FaultKind::End => own((
            "The text ends too early; a closing quote or bracket is missing",
            "文本提前结束，缺少右引号或右括号",
        )),
        FaultKind::Number => own((
            "This is not a number as JSON writes it, like 12 or 49.90",
            "这不是 JSON 的数字写法，应写成 12 或 49.90 这样",
        )),
        FaultKind::Control => own((
            "The line ends inside quotes; a closing quote is missing before it",
            "引号内换行了，前面缺少右引号",
        )),
        FaultKind::Escape => own((
            "This backslash begins nothing that JSON knows; a backslash itself is written twice",
            "反斜杠后的写法 JSON 无法识别；反斜杠本身要写两个",
        )),
        FaultKind::Utf8 => own(("The text is not UTF-8", "文本不是 UTF-8 编码")),
        FaultKind::Trailing => {
            own(("Something stands after the end of the campaign", "活动文档结束后还有多余的内容"))
        }
        FaultKind::Duplicate => {
            own(("This key is already there in the same braces", "同一对花括号里已经有这个键"))
        }
    };
    (format!("{}.", en.trim_end_matches('.')), format!("{}。", zh.trim_end_matches('。')))
}

fn own((en, zh): (&str, &str)) -> (String, String) {
    (en.to_owned(), zh.to_owned())
}

/// Why `next` cannot follow `before`.
fn unexpected(before: &str, next: char) -> (&'static str, &'static str) {
    let last = before.chars().next_back().unwrap_or(' ');
    let value_ended = matches!(last, '"' | '}' | ']') || last.is_ascii_alphanumeric();
    match next {
        '/' | '#' => ("JSON has no comments; take this out", "JSON 不支持注释，请删除"),
        '\'' => ("Text stands in double quotes, not in single ones", "文本要用双引号，不能用单引号"),
        '}' | ']' if last == ',' => {
            ("The comma before this bracket has nothing after it; take it out", "括号前多了一个逗号，请删除")
        }
        '"' | '{' | '[' | '-' | '0'..='9' if value_ended => {
            ("A comma is missing before this", "此处之前缺少逗号")
        }
        'a'..='z' | 'A'..='Z' => ("Text and keys stand in double quotes", "文本和键名要用双引号括起来"),
        _ => ("This character cannot stand here", "此处不能出现这个字符"),
    }
}

/// The character that JSON has for one that input methods and word processors put in its place.
fn half_width(character: char) -> Option<char> {
    Some(match character {
        '“' | '”' | '„' | '«' | '»' | '＂' => '"',
        '，' | '、' => ',',
        '：' => ':',
        '｛' => '{',
        '｝' => '}',
        '［' | '【' => '[',
        '］' | '】' => ']',
        _ => return None,
    })
}
