//! What to tell the author of a document that is not JSON.

use super::decode::{Cx, clip};
use super::problem::code;
use crate::json::tree::{Data, Located, Node, Parsed, line_column};
use crate::json::{DEPTH, FaultKind};

/// Reports what is wrong with the text that a tree was read from.
pub(crate) fn report(tree: &Parsed<'_>, text: &str, cx: &mut Cx) {
    for located in &tree.faults {
        let fault = located.fault;
        let code = match fault.kind {
            FaultKind::Depth => code::JSON_DEPTH,
            FaultKind::Duplicate => code::JSON_DUPLICATE_KEY,
            FaultKind::Utf8 => code::JSON_UTF8,
            _ => code::JSON_SYNTAX,
        };
        cx.error_at(&located.pointer, code, fault.offset, |_| sentences(located, tree, text));
    }
}

fn sentences(located: &Located, tree: &Parsed<'_>, text: &str) -> (String, String) {
    let fault = located.fault;
    let (before, rest) = text.split_at_checked(fault.offset).unwrap_or((text, ""));
    let next = rest.chars().next().unwrap_or(' ');
    let (en, zh) = match fault.kind {
        FaultKind::Depth => {
            (format!("Brackets are nested more than {DEPTH} deep."), format!("括号嵌套超过 {DEPTH} 层。"))
        }
        _ if text.trim().is_empty() => own(("The file is empty", "文件是空的")),
        // Every other byte of UTF-16 is zero where the text is Latin, as JSON begins.
        _ if text.chars().take(4).any(|c| c == '\0') => own((
            "The file is not UTF-8; it looks like UTF-16: save it as UTF-8",
            "文件不是 UTF-8 编码，看起来是 UTF-16：请另存为 UTF-8",
        )),
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
        FaultKind::Duplicate => duplicate(located, tree, text),
    };
    (format!("{}.", en.trim_end_matches('.')), format!("{}。", zh.trim_end_matches('。')))
}

/// What to say of a key that is there already: which, and where.
fn duplicate(located: &Located, tree: &Parsed<'_>, text: &str) -> (String, String) {
    let (holder, key) = located.pointer.rsplit_once('/').unwrap_or_default();
    let key = key.replace("~1", "/").replace("~0", "~");
    let first = tree.root.as_ref().and_then(|root| node_at(root, holder));
    let first = first.and_then(|node| node.members().iter().find(|member| member.key == key));
    let (at, at_zh) = first.map_or_else(Default::default, |first| {
        let (line, column) = line_column(text, first.key_start);
        (format!(", at {line}:{column}"), format!("（第 {line} 行第 {column} 列）"))
    });
    let key = clip(&key);
    (
        format!("The key `{key}` is already there in the same braces{at}; take one of them out"),
        format!("同一对花括号里已经有 `{key}` 这个键{at_zh}，请删去其中一个"),
    )
}

/// The value that an RFC 6901 pointer leads to.
fn node_at<'n, 'd>(root: &'n Node<'d>, pointer: &str) -> Option<&'n Node<'d>> {
    pointer.split('/').skip(1).try_fold(root, |node, step| match &node.data {
        Data::List(entries) => entries.get(step.parse::<usize>().ok()?),
        _ => node.get(&step.replace("~1", "/").replace("~0", "~")),
    })
}

fn own((en, zh): (&str, &str)) -> (String, String) {
    (en.to_owned(), zh.to_owned())
}

/// Why `next` cannot follow `before`.
fn unexpected(before: &str, next: char) -> (&'static str, &'static str) {
    let last = before.chars().next_back().unwrap_or(' ');
    let after_colon = last == ':';
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
        'T' | 'F' | 'N' if after_colon => (
            "`true`, `false` and `null` are written in small letters, and text in double quotes",
            "`true`、`false`、`null` 要小写，文本要加双引号",
        ),
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
