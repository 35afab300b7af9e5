//! The sinks of a campaign document: where its pages report to.

use crate::campaign::decode::Cx;
use crate::campaign::document::{choices, document};
use crate::campaign::problem::code;
use crate::campaign::units::{Text, Url};
use crate::json::tree::Node;

choices! {
    /// The form that a backend takes records in; the package encodes it.
    pub enum Form {
        /// CloudEvents, one record a request: what every CloudEvents receiver takes.
        CloudEvents = "cloudevents",
        /// CloudEvents, many records a request. Not every receiver takes batches: two of three lose them.
        CloudEventsBatch = "cloudevents-batch",
        /// One record a line, as log collectors and analytical databases read it.
        Ndjson = "ndjson",
        /// A JSON array of records, as a handler of ten lines reads it.
        Json = "json",
        /// Segment's HTTP tracking interface; `key` is the write key.
        Segment = "segment",
        /// 神策 (Sensors Analytics): `data_list` of its SDKs.
        Sensors = "sensors",
        /// GA4's measurement protocol. It needs a secret in the address, so only backends may use it.
        Ga4 = "ga4",
        /// Records for a function of the site's own, which makes the request.
        Custom = "custom",
    }
}

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
