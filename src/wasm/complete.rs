//! What only the complete build has: the work of backends, of the command line and of those who write campaigns.

use wasm_bindgen::prelude::*;

use super::{gone, object, token_error, token_object, with};
use crate::attribution::{Token, TokenError};
use crate::campaign::{Campaign, Names, costs};
use crate::engine::Engine;
use crate::engine::audit::Audit;
use crate::engine::command::whole;

/// What the rewards of a campaign can cost at most, or every problem of the document.
#[wasm_bindgen(js_name = costs)]
pub fn costs_of(text: &str) -> JsValue {
    match Campaign::parse(text, &Names::default()) {
        Ok(parsed) => object(&costs(&parsed)),
        Err(problems) => object(&problems),
    }
}

/// What the account answers to a message that was accepted; `null` if the campaign does not say.
#[wasm_bindgen(js_name = replyTo)]
pub fn reply_to(handle: u32, message: &str) -> JsValue {
    let reply = |engine: &mut Engine| {
        let reply = engine.book().current().reply(message);
        reply.map_or(JsValue::NULL, JsValue::from_str)
    };
    with(handle, reply).unwrap_or_else(gone)
}

/// Audits a log under the engine's campaign.
#[wasm_bindgen]
pub fn audit(handle: u32, log: &[u8]) -> JsValue {
    with(handle, |engine| object(&Audit::run(engine.book(), log))).unwrap_or_else(gone)
}

/// Signs a token. For backends only: the key must not reach a page.
#[wasm_bindgen]
pub fn mint(fields: JsValue, key: &[u8]) -> JsValue {
    let minted = token_of(&fields)
        .ok_or(TokenError::Field("fields"))
        .and_then(|token| if token.version == Token::OPEN { token.open() } else { token.mint(key) });
    minted.map_or_else(token_error, |text| JsValue::from_str(&text))
}

/// Verifies a token; `keys` maps the key's number to its bytes. For backends only.
#[wasm_bindgen]
pub fn verify(token: &str, keys: JsValue) -> JsValue {
    let key = |kid: u8| {
        let value = js_sys::Reflect::get(&keys, &JsValue::from_f64(f64::from(kid))).ok()?;
        value.dyn_ref::<js_sys::Uint8Array>().map(js_sys::Uint8Array::to_vec)
    };
    token_object(Token::verify(token, key))
}

fn token_of(fields: &JsValue) -> Option<Token> {
    let number = |name: &str| {
        let value = js_sys::Reflect::get(fields, &JsValue::from_str(name)).ok()?;
        if value.is_undefined() { Some(0) } else { value.as_f64().and_then(whole) }
    };
    let version = js_sys::Reflect::get(fields, &JsValue::from_str("version")).ok()?.as_f64().and_then(whole);
    Some(Token {
        version: version.map_or(Some(Token::SIGNED), |version| u8::try_from(version).ok())?,
        kid: u8::try_from(number("kid")?).ok()?,
        kind: u8::try_from(number("kind")?).ok()?,
        campaign: u32::try_from(number("campaign")?).ok()?,
        touchpoint: u32::try_from(number("touchpoint")?).ok()?,
        inviter: u64::try_from(number("inviter")?).ok()?,
        day: u16::try_from(number("day")?).ok()?,
        depth: u8::try_from(number("depth")?).ok()?,
    })
}
