//! The sinks of a campaign document: where its pages report to.

use super::Form;
use crate::campaign::decode::Cx;
use crate::campaign::document::document;
use crate::campaign::problem::code;
use crate::campaign::units::{Text, Url};
use crate::json::tree::Node;

document! {
    /// A backend that pages report to.
    pub struct SinkRules {
        /// The address that reports are posted to.
        pub to: Url,
        /// The form in which it takes them.
        pub as_: Form = Form::CloudEvents,
        /// Segment's write key, which is no secret.
        pub key: Option<Text<100>>,
    }
    check check_sink;
}

fn check_sink(sink: &SinkRules, node: &Node<'_>, cx: &mut Cx) {
    let (en, zh) = match sink.as_ {
        Form::Ga4 => (
            "GA4 needs a secret, which pages cannot keep; report to it from a backend",
            "GA4 需要密钥，页面无法保密；请由后端上报",
        ),
        Form::Custom => (
            "a form of the page's own needs a function; give it to the page",
            "自定义格式需要函数；请在页面代码中提供",
        ),
        Form::Segment if sink.key.is_none() => {
            ("Segment needs its write key as `key`", "Segment 需要在 `key` 中写明写入密钥")
        }
        _ => return,
    };
    cx.error(code::REPORT_FORM, node.start, |subject| {
        (format!("{subject} cannot be used like this: {en}."), format!("{subject} 不能这样使用：{zh}。"))
    });
}
