//! Typed decoding that goes on after a problem, so that every problem is reported at once.

use super::names::{Kind, Scope};
use super::problem::{self, Problem, Severity, code};
use super::suggest::Suggester;
use crate::engine::time::UtcOffset;
use crate::gather::Gather;
use crate::json::tree::{Data, Node, Place, push_key};
use crate::sorted::Sorted;

/// Whether this is the complete build, which explains every problem of a document. The page's build finds the same
/// errors, by code and pointer, and sends their reader to `kfactor validate`.
pub(crate) const COMPLETE: bool = cfg!(feature = "complete");

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

/// A type that has some value, which stands for a member that could not be read until the whole object is given up. So
/// members are read straight into their places; looking at each of them before was 5 kB of the page's WebAssembly.
pub(crate) trait Blank {
    /// The value; nobody sees it.
    fn blank() -> Self;
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
    /// Whether the document says whose customer somebody is.
    pub inviters: bool,
    /// The campaign's timezone.
    pub timezone: UtcOffset,
    pub(crate) scope: Scope,
    pub(crate) suggester: Suggester,
    /// Where decoding stands, as an RFC 6901 pointer.
    pointer: String,
    problems: Vec<(usize, Problem)>,
    /// Whether a member of the object that is being read is missing or cannot be read.
    lacks: bool,
}

impl Cx {
    /// Starts at the root, with the names that references can resolve to.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        Self {
            digits: 2,
            inviters: false,
            timezone: UtcOffset(480),
            scope,
            suggester: Suggester::default(),
            pointer: String::new(),
            problems: Vec::new(),
            lacks: false,
        }
    }

    /// Reports an error at the current value; [`Cx::suggest`] can follow. `say` gives the sentences in English
    /// and Chinese, and is told how they call the value.
    pub fn error(
        &mut self,
        code: &'static str,
        offset: usize,
        say: impl FnOnce(&str) -> (String, String),
    ) -> &mut Self {
        self.report(Severity::Error, code, offset);
        self.explain(say)
    }

    /// Reports a warning at the current value; [`Cx::suggest`] can follow. Warnings are for those who write the
    /// document, so that only the complete build has them.
    pub fn warning(
        &mut self,
        code: &'static str,
        offset: usize,
        say: impl FnOnce(&str) -> (String, String),
    ) -> &mut Self {
        if !COMPLETE {
            return self;
        }
        self.report(Severity::Warning, code, offset);
        self.explain(say)
    }

    /// Reports an error at another value than the current one.
    pub(crate) fn error_at(
        &mut self,
        pointer: &str,
        code: &'static str,
        offset: usize,
        say: impl FnOnce(&str) -> (String, String),
    ) {
        let outer = std::mem::replace(&mut self.pointer, pointer.to_owned());
        self.error(code, offset, say);
        self.pointer = outer;
    }

    #[inline(never)]
    fn report(&mut self, severity: Severity, code: &'static str, offset: usize) {
        let (message, message_zh) = problem::elsewhere();
        let pointer = self.pointer.clone();
        let problem =
            Problem { code, severity, pointer, line: 0, column: 0, message, message_zh, suggestion: None };
        self.problems.push((offset, problem));
    }

    fn explain(&mut self, say: impl FnOnce(&str) -> (String, String)) -> &mut Self {
        self.because(|subject| Some(say(subject)))
    }

    /// Says more exactly what is wrong, if `say` knows it, of the problem reported last.
    pub(crate) fn because(&mut self, say: impl FnOnce(&str) -> Option<(String, String)>) -> &mut Self {
        if COMPLETE
            && let Some((message, message_zh)) = say(&self.subject())
            && let Some((_, problem)) = self.problems.last_mut()
        {
            (problem.message, problem.message_zh) = (message, message_zh);
        }
        self
    }

    /// Says what to write instead, if `find` knows it, for the problem reported last.
    pub(crate) fn suggest(&mut self, find: impl FnOnce(&mut Suggester) -> Option<String>) {
        if COMPLETE && let Some((_, problem)) = self.problems.last_mut() {
            problem.suggestion = find(&mut self.suggester);
        }
    }

    /// Asks whether the nearest of some words was meant, for the problem reported last.
    fn did_you_mean(&mut self, find: impl FnOnce(&mut Suggester) -> Option<String>) {
        self.suggest(find);
        let last = self.problems.last_mut().map(|(_, problem)| problem);
        if COMPLETE && let Some(Problem { suggestion: Some(nearest), message, message_zh, .. }) = last {
            message.push_str(&format!(" Did you mean \"{nearest}\"?"));
            message_zh.push_str(&format!("是不是想写“{nearest}”？"));
        }
    }

    /// Runs `read` one step deeper, so that problems carry the pointer of that member or entry.
    pub fn within<T>(&mut self, key: &str, read: impl FnOnce(&mut Cx) -> T) -> T {
        let outer = self.enter(key);
        let value = read(self);
        self.leave(outer);
        value
    }

    /// Runs `read` one step deeper, at an entry of a list.
    pub(crate) fn within_entry<T>(&mut self, place: usize, read: impl FnOnce(&mut Cx) -> T) -> T {
        let outer = self.enter_entry(place);
        let value = read(self);
        self.leave(outer);
        value
    }

    #[inline(never)]
    fn enter_entry(&mut self, place: usize) -> usize {
        self.enter(&place.to_string())
    }

    #[inline(never)]
    fn enter(&mut self, key: &str) -> usize {
        let outer = self.pointer.len();
        push_key(&mut self.pointer, key);
        outer
    }

    #[inline(never)]
    fn leave(&mut self, outer: usize) {
        self.pointer.truncate(outer);
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

    /// Reads an object by its members; nothing if one of them is missing or cannot be read.
    pub(crate) fn members<T>(&mut self, read: impl FnOnce(&mut Cx) -> T) -> Option<T> {
        let outer = std::mem::take(&mut self.lacks);
        let value = read(self);
        let lacks = std::mem::replace(&mut self.lacks, outer);
        (!lacks).then_some(value)
    }

    /// Reads a member that must be there, unless its type says what its absence means.
    #[inline(never)]
    pub(crate) fn required<T: Decode + Blank>(&mut self, parent: &Node<'_>, key: &str) -> T {
        let value = match self.member(parent, key) {
            Some((node, outer)) => {
                let value = T::decode(node, self);
                self.leave(outer);
                value
            }
            None => {
                let absent = T::absent();
                if absent.is_none() {
                    self.missing(parent, key);
                }
                absent
            }
        };
        value.unwrap_or_else(|| {
            self.lacks = true;
            T::blank()
        })
    }

    /// Reads a member that may be absent; nothing if it is, or if it cannot be read.
    #[inline(never)]
    pub(crate) fn optional<T: Decode>(&mut self, parent: &Node<'_>, key: &str) -> Option<T> {
        let (node, outer) = self.member(parent, key)?;
        let value = T::decode(node, self);
        self.leave(outer);
        self.lacks |= value.is_none();
        value
    }

    /// Finds a member and goes there.
    #[inline(never)]
    fn member<'n, 'd>(&mut self, parent: &'n Node<'d>, key: &str) -> Option<(&'n Node<'d>, usize)> {
        let node = parent.get(key)?;
        Some((node, self.enter(key)))
    }

    #[inline(never)]
    fn missing(&mut self, parent: &Node<'_>, key: &str) {
        self.within(key, |cx| {
            cx.error(code::KEY_MISSING, parent.start, |_| {
                (format!("`{key}` is missing here."), format!("这里缺少 `{key}`。"))
            });
        });
    }

    /// Whether the value is an object; if not, that is reported.
    #[inline(never)]
    pub fn is_object(&mut self, node: &Node<'_>) -> bool {
        let object = matches!(node.data, Data::Object(_));
        if !object {
            self.wrong_type(node, || wanted("an object in braces", "花括号中的对象"));
        }
        object
    }

    /// The text of a string; anything else is reported, with what was wanted.
    pub fn text<'n>(
        &mut self,
        node: &'n Node<'_>,
        wanted: impl FnOnce() -> (String, String),
    ) -> Option<&'n str> {
        let text = node.text();
        if text.is_none() {
            self.wrong_type(node, wanted);
        }
        text
    }

    /// Reports every key that is in none of the lists, with the nearest that is, or else with those that could stand
    /// here and do not.
    #[inline(never)]
    pub fn unknown_keys(&mut self, node: &Node<'_>, known: &[&[&str]]) {
        let mut free: Option<String> = None;
        for member in node.members() {
            let keys = || known.iter().copied().flatten().copied();
            if keys().any(|key| key == member.key) {
                continue;
            }
            if COMPLETE && free.is_none() {
                free = Some(self.free_keys(node, keys()));
            }
            self.within(&member.key, |cx| {
                cx.error(code::KEY_UNKNOWN, member.key_start, |_| {
                    let key = clip(&member.key);
                    (format!("There is no key `{key}` here."), format!("这里没有 `{key}` 这个键。"))
                })
                .did_you_mean(|suggester| suggester.nearest(&member.key, keys()).map(String::from));
                cx.list_instead(free.as_deref().unwrap_or_default());
            });
        }
    }

    /// The keys that an object does not have yet, those that it lacks first.
    fn free_keys<'k>(&self, node: &Node<'_>, keys: impl Iterator<Item = &'k str>) -> String {
        let lacks = |key: &str| {
            self.problems.iter().any(|(_, problem)| {
                let place = problem.pointer.strip_prefix(&self.pointer);
                problem.code == code::KEY_MISSING
                    && place.and_then(|rest| rest.strip_prefix('/')) == Some(key)
            })
        };
        let (mut first, others): (Vec<&str>, Vec<&str>) =
            keys.filter(|key| node.get(key).is_none()).partition(|key| lacks(key));
        first.extend(others);
        let quoted: Vec<String> = first.iter().map(|key| format!("`{key}`")).collect();
        quoted.join(", ")
    }

    /// Adds what could stand here to the problem reported last, if that has no suggestion.
    fn list_instead(&mut self, words: &str) {
        let last = self.problems.last_mut().map(|(_, problem)| problem);
        if COMPLETE
            && !words.is_empty()
            && let Some(Problem { suggestion: None, message, message_zh, .. }) = last
        {
            message.push_str(&format!(" It can have: {words}."));
            message_zh.push_str(&format!("可用的键：{}。", words.replace(", ", "、")));
        }
    }

    /// Reads one of some words; gives its place among them.
    #[inline(never)]
    pub fn choice(&mut self, node: &Node<'_>, words: &[&str]) -> Option<usize> {
        let text =
            self.text(node, || wanted("one of the words allowed here, in quotes", "引号中的可选词之一"))?;
        let place = words.iter().position(|word| *word == text);
        if place.is_none() {
            self.error(code::VALUE_UNKNOWN, node.start, |subject| {
                let (text, list) = (clip(text), words.join(", "));
                (
                    format!("{subject} cannot be \"{text}\"; it is one of: {list}."),
                    format!("{subject} 不能是“{text}”，可选：{list}。"),
                )
            })
            .did_you_mean(|suggester| suggester.nearest(text, words.iter().copied()).map(String::from));
        }
        place
    }

    /// Reports a value of another kind than wanted.
    pub fn wrong_type(&mut self, node: &Node<'_>, wanted: impl FnOnce() -> (String, String)) -> &mut Self {
        self.error(code::TYPE_WRONG, node.start, |subject| {
            let (is, is_zh) = match &node.data {
                Data::Null => ("null", "空值（null）"),
                Data::Bool(_) => ("true or false", "是否值"),
                Data::Number(_) => ("a number", "数字"),
                Data::Text(_) => ("text", "文本"),
                Data::List(_) => ("a list", "列表"),
                Data::Object(_) => ("an object", "对象"),
            };
            let (en, zh) = wanted();
            (format!("{subject} must be {en}, not {is}."), format!("{subject} 应为{zh}，而不是{is_zh}。"))
        })
    }

    /// Reports a value that is not written the way its unit asks; the examples show the way.
    #[inline(never)]
    pub fn wrong_shape(&mut self, code: &'static str, node: &Node<'_>, examples: &[&str]) -> &mut Self {
        let like =
            |or: &str| examples.iter().map(|example| format!("\"{example}\"")).collect::<Vec<_>>().join(or);
        if !matches!(node.data, Data::Text(_) | Data::Number(_)) {
            return self.wrong_type(node, || {
                (format!("text like {}", like(" or ")), format!("形如 {} 的文本", like(" 或 ")))
            });
        }
        self.error(code, node.start, |subject| {
            let is = match &node.data {
                Data::Number(raw) => clip(raw),
                _ => format!("\"{}\"", clip(node.text().unwrap_or_default())),
            };
            (
                format!("{subject} is {is}; write it like {}.", like(" or ")),
                format!("{subject} 的值 {is} 无法识别，请写成 {} 这样。", like(" 或 ")),
            )
        })
    }

    /// The handle position of a name the document declares; an unknown one is reported.
    #[inline(never)]
    pub(crate) fn resolve(&mut self, node: &Node<'_>, kind: Kind) -> Option<usize> {
        let (word, word_zh) = kind.words();
        let name =
            self.text(node, || (format!("the name of {word}, in quotes"), format!("引号中的{word_zh}名称")))?;
        if let Some(position) = self.scope.refer(kind, name) {
            return Some(position);
        }
        self.error(code::NAME_UNKNOWN, node.start, |subject| {
            let name = clip(name);
            (
                format!("{subject} names {word} \"{name}\" that the campaign does not have."),
                format!("{subject} 提到的{word_zh}“{name}”在活动中不存在。"),
            )
        });
        if COMPLETE {
            let nearest = self.scope.nearest(kind, name, &mut self.suggester);
            if nearest.is_none() {
                self.there_are(kind);
            }
            self.did_you_mean(|_| nearest);
        }
        None
    }

    /// Adds to the last problem which names of a kind there are.
    fn there_are(&mut self, kind: Kind) {
        let en = self.scope.quoted(kind, ['"', '"']).join(", ");
        let zh = self.scope.quoted(kind, ['“', '”']).join("、");
        let Some((_, Problem { message, message_zh, .. })) = self.problems.last_mut() else { return };
        if en.is_empty() {
            message.push_str(" It has none.");
            message_zh.push_str("目前一个也没有。");
        } else {
            message.push_str(&format!(" It has {en}."));
            message_zh.push_str(&format!("现有：{zh}。"));
        }
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
    pub(crate) fn finish(self, text: &str) -> (Vec<Problem>, Scope) {
        let numbered = self.problems.into_iter().enumerate();
        let problems: Sorted<(usize, usize), Problem> =
            numbered.map(|(number, (offset, problem))| ((offset, number), problem)).collect();
        let mut place = Place::default();
        let problems = problems.into_iter().map(|((offset, _), mut problem)| {
            place.advance(text, offset);
            (problem.line, problem.column) = (place.line, place.column);
            problem
        });
        (problems.gather(), self.scope)
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

/// What belongs in a place, as sentences of [`Cx::text`] and [`Cx::wrong_type`] say it.
pub(crate) fn wanted(en: &str, zh: &str) -> (String, String) {
    (en.to_owned(), zh.to_owned())
}
