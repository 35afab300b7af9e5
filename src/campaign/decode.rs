//! Typed decoding that goes on after a problem, so that every problem is reported at once.

use super::names::{Kind, Scope};
use super::problem::{Problem, Severity, code};
use super::suggest::Suggester;
use crate::engine::time::UtcOffset;
use crate::json::tree::{Data, Node, Place, push_key};

/// A type that a value of the document can be read as.
pub trait Decode: Sized {
    /// Reads the value, or reports in `cx` why it cannot be read.
    fn decode(node: &Node<'_>, cx: &mut Cx) -> Option<Self>;

    /// What stands for a key that is absent, where it may be.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }

    /// The JSON Schema of the value.
    #[cfg(feature = "schema")]
    fn shape() -> schemars::Schema;

    /// Notes this value as the `default` of a schema.
    #[cfg(feature = "schema")]
    fn note_default(&self, _schema: &mut schemars::Schema) {}
}

/// A type read from an object's members; made by `document!`.
pub trait Document: Decode {
    /// The keys it reads.
    const KEYS: &'static [&'static str];

    /// Reads the members of an object, and leaves keys it does not know to the caller.
    fn decode_members(node: &Node<'_>, cx: &mut Cx) -> Option<Self>;
}

/// What decoding knows of the whole document, and the problems so far.
#[derive(Debug)]
pub struct Cx {
    /// The decimals of the campaign's currency.
    pub digits: u32,
    /// The campaign's timezone.
    pub timezone: UtcOffset,
    pub(crate) scope: Scope,
    pub(crate) suggester: Suggester,
    /// Where decoding stands, as an RFC 6901 pointer.
    pointer: String,
    problems: Vec<(usize, Problem)>,
}

impl Cx {
    /// Starts at the root, with the names that references can resolve to.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        Self {
            digits: 2,
            timezone: UtcOffset(480),
            scope,
            suggester: Suggester::default(),
            pointer: String::new(),
            problems: Vec::new(),
        }
    }

    /// Reports an error at the current value; [`Cx::suggest`] can follow.
    pub fn error(&mut self, code: &'static str, offset: usize, en: String, zh: String) -> &mut Self {
        self.report(Severity::Error, code, offset, en, zh)
    }

    /// Reports a warning at the current value; [`Cx::suggest`] can follow.
    pub fn warning(&mut self, code: &'static str, offset: usize, en: String, zh: String) -> &mut Self {
        self.report(Severity::Warning, code, offset, en, zh)
    }

    /// Reports an error at another value than the current one.
    pub(crate) fn error_at(
        &mut self,
        pointer: &str,
        code: &'static str,
        offset: usize,
        en: String,
        zh: String,
    ) {
        let outer = std::mem::replace(&mut self.pointer, pointer.to_owned());
        self.error(code, offset, en, zh);
        self.pointer = outer;
    }

    fn report(
        &mut self,
        severity: Severity,
        code: &'static str,
        offset: usize,
        message: String,
        message_zh: String,
    ) -> &mut Self {
        let pointer = self.pointer.clone();
        let problem =
            Problem { code, severity, pointer, line: 0, column: 0, message, message_zh, suggestion: None };
        self.problems.push((offset, problem));
        self
    }

    /// Says what to write instead, for the problem reported last.
    pub fn suggest(&mut self, suggestion: Option<String>) {
        if let Some((_, problem)) = self.problems.last_mut() {
            problem.suggestion = suggestion;
        }
    }

    /// Runs `read` one step deeper, so that problems carry the pointer of that member or entry.
    pub fn within<T>(&mut self, key: &str, read: impl FnOnce(&mut Cx) -> T) -> T {
        let outer = self.pointer.len();
        push_key(&mut self.pointer, key);
        let value = read(self);
        self.pointer.truncate(outer);
        value
    }

    /// How a message calls the current value: its key in backticks, or key and position in a list.
    #[must_use]
    pub fn subject(&self) -> String {
        let mut position = String::new();
        for step in self.pointer.rsplit('/') {
            if !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()) {
                position.insert_str(0, &format!("[{step}]"));
                continue;
            }
            return format!("`{}{position}`", clip(step));
        }
        String::new()
    }

    /// Reads a member that must be there, unless its type says what its absence means.
    pub fn required<T: Decode>(&mut self, parent: &Node<'_>, key: &str) -> Option<T> {
        if let Some(node) = parent.get(key) {
            return self.within(key, |cx| T::decode(node, cx));
        }
        let absent = T::absent();
        if absent.is_none() {
            self.within(key, |cx| {
                cx.error(
                    code::KEY_MISSING,
                    parent.start,
                    format!("`{key}` is missing here."),
                    format!("这里缺少 `{key}`。"),
                );
            });
        }
        absent
    }

    /// Reads a member that may be absent.
    pub fn optional<T: Decode>(
        &mut self,
        parent: &Node<'_>,
        key: &str,
        default: impl FnOnce() -> T,
    ) -> Option<T> {
        match parent.get(key) {
            Some(node) => self.within(key, |cx| T::decode(node, cx)),
            None => Some(default()),
        }
    }

    /// Whether the value is an object; if not, that is reported.
    pub fn is_object(&mut self, node: &Node<'_>) -> bool {
        let object = matches!(node.data, Data::Object(_));
        if !object {
            self.wrong_type(node, "an object in braces", "花括号中的对象");
        }
        object
    }

    /// The text of a string; anything else is reported, with what was wanted.
    pub fn text<'n>(&mut self, node: &'n Node<'_>, en: &str, zh: &str) -> Option<&'n str> {
        let text = node.text();
        if text.is_none() {
            self.wrong_type(node, en, zh);
        }
        text
    }

    /// Reports every key that is in none of the lists, with the nearest that is.
    pub fn unknown_keys(&mut self, node: &Node<'_>, known: &[&[&str]]) {
        for member in node.members() {
            let keys = || known.iter().copied().flatten().copied();
            if keys().any(|key| key == member.key) {
                continue;
            }
            let nearest = self.suggester.nearest(&member.key, keys());
            self.within(&member.key, |cx| {
                let key = clip(&member.key);
                let mut en = format!("There is no key `{key}` here.");
                let mut zh = format!("这里没有 `{key}` 这个键。");
                did_you_mean(nearest, &mut en, &mut zh);
                cx.error(code::KEY_UNKNOWN, member.key_start, en, zh).suggest(nearest.map(String::from));
            });
        }
    }

    /// Reads one of some words, each standing for a value.
    pub fn choice<T: Clone>(&mut self, node: &Node<'_>, choices: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(node, "one of the words allowed here, in quotes", "引号中的可选词之一")?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(value.clone());
        }
        let words = || choices.iter().map(|(word, _)| *word);
        let nearest = self.suggester.nearest(text, words());
        let list = words().collect::<Vec<_>>().join(", ");
        let (subject, text) = (self.subject(), clip(text));
        let mut en = format!("{subject} cannot be \"{text}\"; it is one of: {list}.");
        let mut zh = format!("{subject} 不能是“{text}”，可选：{list}。");
        did_you_mean(nearest, &mut en, &mut zh);
        self.error(code::VALUE_UNKNOWN, node.start, en, zh).suggest(nearest.map(String::from));
        None
    }

    /// Reports a value of another kind than wanted.
    pub fn wrong_type(&mut self, node: &Node<'_>, en: &str, zh: &str) -> &mut Self {
        let (is, is_zh) = match &node.data {
            Data::Null => ("null", "空值（null）"),
            Data::Bool(_) => ("true or false", "是否值"),
            Data::Number(_) => ("a number", "数字"),
            Data::Text(_) => ("text", "文本"),
            Data::List(_) => ("a list", "列表"),
            Data::Object(_) => ("an object", "对象"),
        };
        let subject = self.subject();
        self.error(
            code::TYPE_WRONG,
            node.start,
            format!("{subject} must be {en}, not {is}."),
            format!("{subject} 应为{zh}，而不是{is_zh}。"),
        )
    }

    /// Reports a value that is not written the way its unit asks; the examples show the way.
    pub fn wrong_shape(&mut self, code: &'static str, node: &Node<'_>, examples: &[&str]) -> &mut Self {
        let subject = self.subject();
        let quoted: Vec<String> = examples.iter().map(|example| format!("\"{example}\"")).collect();
        let (like, like_zh) = (quoted.join(" or "), quoted.join(" 或 "));
        let is = match &node.data {
            Data::Text(text) => format!("\"{}\"", clip(text)),
            Data::Number(raw) => clip(raw),
            _ => {
                return self.wrong_type(
                    node,
                    &format!("text like {like}"),
                    &format!("形如 {like_zh} 的文本"),
                );
            }
        };
        self.error(
            code,
            node.start,
            format!("{subject} is {is}; write it like {like}."),
            format!("{subject} 的值 {is} 无法识别，请写成 {like_zh} 这样。"),
        )
    }

    /// The handle position of a name the document declares; an unknown one is reported.
    pub(crate) fn resolve(&mut self, node: &Node<'_>, kind: Kind) -> Option<usize> {
        let (word, word_zh) = kind.words();
        let name =
            self.text(node, &format!("the name of {word}, in quotes"), &format!("引号中的{word_zh}名称"))?;
        if let Some(position) = self.scope.refer(kind, name) {
            return Some(position);
        }
        let nearest = self.scope.nearest(kind, name, &mut self.suggester);
        let (subject, name) = (self.subject(), clip(name));
        let mut en = format!("{subject} names {word} \"{name}\" that the campaign does not have.");
        let mut zh = format!("{subject} 提到的{word_zh}“{name}”在活动中不存在。");
        did_you_mean(nearest.as_deref(), &mut en, &mut zh);
        self.error(code::NAME_UNKNOWN, node.start, en, zh).suggest(nearest);
        None
    }

    /// Whether an error has been reported, so that the document is refused.
    pub(crate) fn refuses(&self) -> bool {
        self.problems.iter().any(|(_, problem)| problem.severity == Severity::Error)
    }

    /// Whether a problem with this code has been reported.
    pub(crate) fn has(&self, code: &str) -> bool {
        self.problems.iter().any(|(_, problem)| problem.code == code)
    }

    /// Ends decoding: the problems in the order of the text, with their lines and columns, and the names.
    pub(crate) fn finish(mut self, text: &str) -> (Vec<Problem>, Scope) {
        self.problems.sort_by_key(|(offset, _)| *offset);
        let mut place = Place::default();
        let problems = self.problems.into_iter().map(|(offset, mut problem)| {
            place.advance(text, offset);
            (problem.line, problem.column) = (place.line, place.column);
            problem
        });
        (problems.collect(), self.scope)
    }
}

/// The beginning of a text that is quoted in a message.
pub(crate) fn clip(text: &str) -> String {
    let mut out: String = text.chars().take(40).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}

fn did_you_mean(nearest: Option<&str>, en: &mut String, zh: &mut String) {
    if let Some(nearest) = nearest {
        en.push_str(" Did you mean \"");
        en.push_str(nearest);
        en.push_str("\"?");
        zh.push_str("是不是想写“");
        zh.push_str(nearest);
        zh.push_str("”？");
    }
}
