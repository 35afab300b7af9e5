//! Errors outside the engine: a closed list of codes, each with its status and a sentence in two languages.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal, $code:literal, $en:literal, $zh:literal;)*) => {
        /// What went wrong with a request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The code as it stands in answers.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Code::$name => $status,)* }
            }

            /// The sentence in English and in Chinese.
            #[must_use]
            pub fn sentences(self) -> (&'static str, &'static str) {
                match self { $(Code::$name => ($en, $zh),)* }
            }
        }
    };
}

codes! {
    /// No key came with the request.
    KeyMissing = 401, "KEY_MISSING", "Send a key: `Authorization: Bearer pk_…` or `sk_…`.", "请求缺少密钥：请携带 `Authorization: Bearer pk_…` 或 `sk_…`。";
    /// The key is not one of this server's.
    KeyWrong = 401, "KEY_WRONG", "This key is not valid here.", "密钥无效。";
    /// The request needs the secret key.
    SecretKeyNeeded = 403, "SECRET_KEY_NEEDED", "Only a backend with the secret key may do this.", "此操作仅限持有私钥的后端执行。";
    /// A publishable key came without a proof of who the participant is.
    ProofMissing = 401, "PROOF_MISSING", "Say who the participant is and prove it: `X-Kfactor-Participant` and `X-Kfactor-Proof`.", "缺少参与者身份证明：请携带 `X-Kfactor-Participant` 与 `X-Kfactor-Proof`。";
    /// The proof does not belong to the participant.
    ProofWrong = 401, "PROOF_WRONG", "The participant's proof is not valid.", "参与者身份证明无效。";
    /// A command is about someone other than the proven participant.
    ParticipantMismatch = 403, "PARTICIPANT_MISMATCH", "`by` must be the participant whose proof was sent.", "`by` 必须与已证明身份的参与者一致。";
    /// There is no such campaign.
    CampaignUnknown = 404, "CAMPAIGN_UNKNOWN", "There is no such campaign here.", "该活动不存在。";
    /// The campaign document has problems.
    CampaignInvalid = 422, "CAMPAIGN_INVALID", "The campaign document has problems.", "活动文档存在问题。";
    /// The campaign's log has reached its configured size.
    CampaignFull = 507, "CAMPAIGN_FULL", "This campaign has reached the size this server allows.", "该活动已达到服务器允许的规模上限。";
    /// No command with this id was recorded.
    CommandUnknown = 404, "COMMAND_UNKNOWN", "No command with this id was recorded; it may be sent again.", "没有该编号的指令记录，可以重新发送。";
    /// The campaign has no such poster, or the poster no such variant.
    PosterUnknown = 404, "POSTER_UNKNOWN", "The campaign has no such poster or variant.", "该活动没有这张海报或变体。";
    /// The poster's code would not be read; `reason` says why.
    PosterNotDrawn = 422, "POSTER_NOT_DRAWN", "The poster is not drawn, because its code would not be read.", "海报未生成：其二维码将无法识别。";
    /// A parameter is missing or has the wrong form.
    ParameterWrong = 400, "PARAMETER_WRONG", "A parameter is missing or not valid.", "请求参数缺失或无效。";
    /// The body is not the JSON that was expected.
    BodyMalformed = 400, "BODY_MALFORMED", "The body is not valid JSON of the expected form.", "请求体不是符合要求的 JSON。";
    /// The body is larger than the server accepts.
    BodyTooLarge = 413, "BODY_TOO_LARGE", "The request is too large.", "请求体过大。";
    /// More commands in one request than allowed.
    BatchTooLarge = 413, "BATCH_TOO_LARGE", "Too many commands in one request.", "单次请求的指令数量过多。";
    /// Too many requests in a short time.
    RateLimited = 429, "RATE_LIMITED", "Too many requests; try again in a moment.", "请求过于频繁，请稍后再试。";
    /// The link or code cannot be trusted.
    TokenInvalid = 404, "TOKEN_INVALID", "This link or code is not valid.", "该链接或二维码无效。";
    /// Nothing answers at this path.
    PathUnknown = 404, "PATH_UNKNOWN", "There is nothing at this address.", "该地址不存在。";
    /// The path does not answer to this method.
    MethodUnknown = 405, "METHOD_UNKNOWN", "This address does not answer to this method.", "该地址不支持此请求方法。";
    /// The id stands for another command in the store.
    CommandIdReused = 409, "COMMAND_ID_REUSED", "This command id was already used for something else.", "该指令编号已用于其他操作。";
    /// More waits than the server can take in.
    Busy = 503, "BUSY", "The server is busy; try again in a moment.", "服务器繁忙，请稍后再试。";
    /// The log refused; nothing was recorded.
    NotRecorded = 503, "NOT_RECORDED", "Nothing was recorded; send it again.", "未能记录，请重新发送。";
    /// The log did not say whether it was recorded.
    OutcomeUnknown = 503, "OUTCOME_UNKNOWN", "It may have been recorded: ask what became of the command, or send it again with the same id.", "结果未知：请查询该指令，或以相同编号重新发送。";
    /// The log cannot be read, or does not replay.
    Unavailable = 503, "UNAVAILABLE", "The campaign is not available at the moment.", "活动暂时不可用。";
}

/// A request that cannot be served: a code and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What went wrong.
    pub code: Code,
    /// After how many seconds another try makes sense.
    pub retry_after: Option<u32>,
    /// Further members of the answer.
    pub details: Map<String, Value>,
}

impl Failure {
    /// With one more member in the answer.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Failure {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// With the parameter that is wrong.
    #[must_use]
    pub fn field(self, name: &str) -> Failure {
        self.with("params", json!({ "field": name }))
    }

    /// With the seconds to wait.
    #[must_use]
    pub fn after(mut self, seconds: u32) -> Failure {
        self.retry_after = Some(seconds);
        self
    }

    /// The answer's JSON.
    #[must_use]
    pub fn body(&self) -> Value {
        let (message, message_zh) = self.code.sentences();
        let mut body = json!({
            "ok": false, "code": self.code.name(), "message": message, "messageZh": message_zh,
        });
        if let Some(body) = body.as_object_mut() {
            body.extend(self.details.clone());
        }
        body
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Failure {
        Failure { code, retry_after: None, details: Map::new() }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Code {
    fn into_response(self) -> Response {
        Failure::from(self).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_their_statuses_are_errors() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| (400..600).contains(&code.status())));
    }

    #[test]
    fn a_failure_names_code_sentences_and_details() {
        let body = Failure::from(Code::ParameterWrong).field("after").body();
        assert_eq!(body["ok"], false);
        assert_eq!(body["code"], "PARAMETER_WRONG");
        assert_eq!(body["params"]["field"], "after");
        assert!(body["messageZh"].as_str().is_some_and(|text| text.contains("参数")));
    }
}
