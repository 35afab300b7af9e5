//! The WebAssembly binding: plain functions over numbered engines. Nothing is decided here.
//!
//! The readable call (`submit`) crosses with two numbers: JavaScript writes a command's fields into the scratch
//! buffer and reads the answer from the output buffer. Rare calls take and give objects.
#![expect(unsafe_code, reason = "buffers and engines are single-threaded statics; see `Shared`")]

#[cfg(feature = "complete")]
mod complete;
#[cfg(feature = "complete")]
mod insight;
mod json;
mod report;

use core::cell::UnsafeCell;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::attribution::{CodeError, ReferralCode, Token, TokenError};
use crate::campaign::{Campaign, Names, Problem};
use crate::engine::answer::wire_malformed;
use crate::engine::audit::hex;
use crate::engine::command::whole;
use crate::engine::draft::Draft;
use crate::engine::forms::target_id;
use crate::engine::snapshot::Damaged;
use crate::engine::{Engine, Time};
use crate::gather::Gather;
use crate::poster::{Data, DisplayList, Measure, Poster, PosterError, display_list};
#[cfg(feature = "complete")]
use crate::qr::Micro;
use crate::qr::{Level, Matrix, QrError, SvgOptions, Symbol};

/// A value that only ever one thread touches and that no call touches twice at a time: the functions here call
/// nothing that calls back. Unlike `RefCell` it stays usable after a trap in the middle of a call, which has
/// changed nothing because deciding does not write.
struct Shared<T>(UnsafeCell<T>);

// SAFETY: WebAssembly without shared memory has one thread.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    const fn new(value: T) -> Self {
        Shared(UnsafeCell::new(value))
    }

    #[expect(clippy::mut_from_ref, reason = "one thread, no call back; see the type")]
    fn get(&self) -> &mut T {
        // SAFETY: see the type.
        unsafe { &mut *self.0.get() }
    }
}

/// Memory of a page's build: the standard library's allocator is two kilobytes more.
#[cfg(not(feature = "complete"))]
#[global_allocator]
static ALLOCATOR: rlsf::GlobalTlsf<Small> = rlsf::GlobalTlsf::new();

#[cfg(not(feature = "complete"))]
struct Small;

/// Lists that grow are copied, without code that tries to make their place larger.
#[cfg(not(feature = "complete"))]
impl rlsf::GlobalTlsfOptions for Small {
    const ENABLE_REALLOCATION: bool = false;
}

const SCRATCH: usize = 4096;

static ENGINES: Shared<Vec<Option<Box<Engine>>>> = Shared::new(Vec::new());
static PROBLEMS: Shared<Vec<Problem>> = Shared::new(Vec::new());
static INPUT: Shared<[u8; SCRATCH]> = Shared::new([0; SCRATCH]);
static OUTPUT: Shared<Vec<u8>> = Shared::new(Vec::new());

/// Loads a campaign; 0 if it has problems, which `problems` then gives. An empty seed means the public one.
#[wasm_bindgen]
pub fn load(text: &str, seed: &[u8]) -> u32 {
    engine(text, seed).map_or(0, keep)
}

/// The problems of the campaign that could not be loaded last.
#[wasm_bindgen]
pub fn problems() -> JsValue {
    object(PROBLEMS.get())
}

/// Frees an engine.
#[wasm_bindgen]
pub fn unload(handle: u32) {
    if let Some(place) = place(handle) {
        *place = None;
    }
}

/// A copy of an engine.
#[wasm_bindgen]
pub fn fork(handle: u32) -> u32 {
    with(handle, |engine| engine.fork()).flatten().map_or(0, keep)
}

/// Every problem of a campaign, warnings included.
#[wasm_bindgen]
pub fn validate(text: &str) -> JsValue {
    match Campaign::parse(text, &Names::default()) {
        Ok(parsed) => object(&parsed.warnings),
        Err(problems) => object(&problems),
    }
}

/// Revises the campaign of an engine; 0 if the document has problems.
#[wasm_bindgen]
pub fn revise(handle: u32, text: &str) -> u32 {
    match with(handle, |engine| engine.revise(text)) {
        Some(Ok(_)) => handle,
        Some(Err(problems)) => {
            *PROBLEMS.get() = problems;
            0
        }
        None => 0,
    }
}

#[derive(Serialize)]
struct NameTables<'n> {
    plays: &'n [String],
    rewards: &'n [String],
    touchpoints: &'n [String],
    events: &'n [String],
    #[serde(rename = "liveCodes")]
    live_codes: &'n [String],
    targets: Vec<&'n str>,
}

/// The names that numbers in answers stand for.
#[wasm_bindgen]
pub fn names(handle: u32) -> JsValue {
    with(handle, |engine| {
        let Names { plays, rewards, touchpoints, events, live_codes, targets } = &engine.book().names;
        let targets = targets.iter().map(|name| target_id(name)).gather();
        object(&NameTables { plays, rewards, touchpoints, events, live_codes, targets })
    })
    .unwrap_or_else(gone)
}

/// Where JavaScript writes a command.
#[wasm_bindgen]
pub fn scratch() -> *mut u8 {
    INPUT.get().as_mut_ptr()
}

/// Where JavaScript reads an answer.
#[wasm_bindgen]
pub fn output() -> *const u8 {
    OUTPUT.get().as_ptr()
}

/// Decides the command in the scratch buffer; the answer's length, 0 if there is no such engine.
#[wasm_bindgen]
pub fn submit(handle: u32, at: f64, length: usize) -> usize {
    let out = OUTPUT.get();
    out.clear();
    let Some(engine) = place(handle).and_then(Option::as_mut) else { return 0 };
    let at = whole(at).map(Time).filter(|at| (Time(0)..=Time::NEVER).contains(at));
    match Draft::new().unwire(INPUT.get().get(..length).unwrap_or(&[]), at) {
        Ok(command) => engine.submit(command).wire(out),
        Err(malformed) => wire_malformed(&malformed, out),
    }
    out.len()
}

/// Decides commands as JSON; the answers as JSON. `at` stamps them all unless it is not a number.
#[wasm_bindgen(js_name = submitJson)]
pub fn submit_json(handle: u32, bytes: &[u8], at: f64) -> Vec<u8> {
    // Answers are some three times as long as their commands; those of a very long batch grow as they come.
    let mut out = Vec::with_capacity(bytes.len().min(1 << 24) * 4);
    with(handle, |engine| engine.submit_json(bytes, whole(at).map(Time), &mut out));
    out
}

/// Applies facts as JSON; how many, or an error with the position of the first that could not be read.
#[wasm_bindgen]
pub fn apply(handle: u32, bytes: &[u8]) -> JsValue {
    match with(handle, |engine| engine.apply_json(bytes)) {
        Some(Ok(count)) => object(&count),
        Some(Err(at)) => error(
            "FACT_MALFORMED",
            &format!("Fact number {at} (from 0) is not a fact of this campaign."),
            &format!("第 {at} 条（从 0 起）不是该活动的事实。"),
        ),
        None => gone(),
    }
}

/// What a page shows a participant.
#[wasm_bindgen]
pub fn view(handle: u32, who: &str, at: f64, asked: Option<String>) -> JsValue {
    let at = Time(whole(at).unwrap_or(0));
    with(handle, |engine| object(&engine.view(who, at, asked.as_deref()))).unwrap_or_else(gone)
}

/// When the next `tick` has something to settle; `null` if nothing is waiting.
#[wasm_bindgen]
pub fn due(handle: u32) -> JsValue {
    with(handle, |engine| object(&engine.due().map(|at| at.0))).unwrap_or_else(gone)
}

/// The digest of the state, in hexadecimal.
#[wasm_bindgen]
pub fn digest(handle: u32) -> String {
    with(handle, |engine| hex(&engine.digest())).unwrap_or_default()
}

/// The state.
#[wasm_bindgen]
pub fn snapshot(handle: u32) -> Vec<u8> {
    with(handle, |engine| engine.snapshot()).unwrap_or_default()
}

/// Loads a campaign and continues from a snapshot; 0 if either has problems.
#[wasm_bindgen]
pub fn restore(text: &str, seed: &[u8], bytes: &[u8]) -> u32 {
    let Some(mut engine) = engine(text, seed) else { return 0 };
    match engine.restore(bytes) {
        Ok(()) => keep(engine),
        Err(damaged) => {
            *PROBLEMS.get() = vec![Problem::snapshot(Damaged::CODE, &damaged.to_string())];
            0
        }
    }
}

#[derive(Serialize)]
struct TokenFields {
    version: u8,
    kid: u8,
    kind: u8,
    campaign: u32,
    touchpoint: u32,
    inviter: u64,
    day: u16,
    depth: u8,
}

/// Reads a token's fields without a key.
#[wasm_bindgen]
pub fn peek(token: &str) -> JsValue {
    token_object(Token::peek(token))
}

#[derive(Serialize)]
struct CodeFields {
    code: String,
    number: u64,
}

/// Reads a typed referral code; the error says whether it is no code at all or has a typing error.
#[wasm_bindgen(js_name = referralCode)]
pub fn referral_code(text: &str) -> JsValue {
    match ReferralCode::parse(text) {
        Ok(code) => object(&CodeFields { code: code.to_string(), number: code.number() }),
        Err(CodeError::Check) => error("CODE_CHECK", "The code has a typing error.", "口令输入有误。"),
        Err(CodeError::Malformed | CodeError::Range) => {
            error("CODE_MALFORMED", "A code has eight letters and digits.", "口令由八个字母和数字组成。")
        }
    }
}

/// A QR symbol as SVG, or as PNG where `format` is `png`; `kind` as in [`matrix`]. Options: `quiet`, `scale`, `dark`,
/// `light`.
#[wasm_bindgen(js_name = qrPicture)]
pub fn qr_picture(text: &str, kind: usize, options: JsValue) -> JsValue {
    let get = |name: &str| js_sys::Reflect::get(&options, &JsValue::from_str(name)).ok();
    let text_of = |name: &str| get(name).and_then(|value| value.as_string());
    let number = |name: &str| get(name).and_then(|value| value.as_f64()).and_then(whole);
    let defaults = SvgOptions::default();
    let (dark, light) = (text_of("dark"), text_of("light"));
    let picture = SvgOptions {
        quiet: number("quiet").and_then(|quiet| u8::try_from(quiet).ok()).unwrap_or(defaults.quiet),
        scale: number("scale").and_then(|scale| u8::try_from(scale).ok()).unwrap_or(defaults.scale),
        dark: dark.as_deref().unwrap_or(defaults.dark),
        light: light.as_deref().unwrap_or(defaults.light),
    };
    let is_png = text_of("format").as_deref() == Some("png");
    let drawn = matrix(text, kind).and_then(|modules| {
        if is_png {
            return modules.png(&picture).map(|png| js_sys::Uint8Array::from(png.as_slice()).into());
        }
        modules.svg(&picture).map(|svg| JsValue::from_str(&svg))
    });
    drawn.unwrap_or_else(qr_error)
}

/// A QR symbol as SVG in its default look; empty if the text does not fit. `kind` as in [`matrix`].
#[wasm_bindgen(js_name = qrSvg)]
pub fn qr_svg(text: &str, kind: usize) -> String {
    let quiet = if kind < 4 { 4 } else { 2 };
    let look = SvgOptions { quiet, ..SvgOptions::default() };
    matrix(text, kind).and_then(|modules| modules.svg(&look)).unwrap_or_default()
}

/// The modules of a text. A kind is the place of a level among `L`, `M`, `Q`, `H`; 4 more for Micro QR, 8 for Micro QR
/// of any level, which only the complete build has: phones do not read it, and it is 1.5 kB.
fn matrix(text: &str, kind: usize) -> Result<Matrix, QrError> {
    match kind {
        ..4 => Symbol::encode(text, level_at(kind)).map(Matrix::from),
        #[cfg(feature = "complete")]
        _ => Micro::encode(text, Level::ALL.get(kind - 4).copied()).map(Matrix::from),
        #[cfg(not(feature = "complete"))]
        _ => Err(QrError::NotMicro),
    }
}

/// A QR symbol in the output buffer, as packed rows behind its width (one byte); the length, 0 if the text does not fit.
#[wasm_bindgen(js_name = qrMatrix)]
pub fn qr_matrix(text: &str, kind: usize) -> usize {
    let out = OUTPUT.get();
    out.clear();
    append_symbol(text, kind, out);
    out.len()
}

/// The symbols of lines of text in the output buffer, one behind the other as [`qr_matrix`] has them, a width of 0 for a
/// text that does not fit; the length of all.
#[wasm_bindgen(js_name = qrMatrices)]
pub fn qr_matrices(lines: &str, kind: usize) -> usize {
    let out = OUTPUT.get();
    out.clear();
    for text in lines.split('\n') {
        if !append_symbol(text, kind, out) {
            out.push(0);
        }
    }
    out.len()
}

fn append_symbol(text: &str, kind: usize, out: &mut Vec<u8>) -> bool {
    let Ok(modules) = matrix(text, kind) else { return false };
    out.push(u8::try_from(modules.width()).unwrap_or(0));
    out.extend_from_slice(modules.rows());
    true
}

/// The display list of a poster as JSON; an object that says what is wrong if there is none. `measure` gives the widths
/// of units, which come to it as lines of one text, in hundredths of a pixel; it must not call the engine.
#[wasm_bindgen(js_name = posterList)]
pub fn poster_list(template: &str, data: &str, measure: &js_sys::Function) -> JsValue {
    match poster(template, data, measure) {
        Ok(list) => JsValue::from_str(&list.json()),
        Err(fault) => fault,
    }
}

/// A poster as SVG; an object that says what is wrong if there is none. `source` gives a picture's `data:` address, or
/// nothing; neither function may call the engine.
#[wasm_bindgen(js_name = posterSvg)]
pub fn poster_svg(
    template: &str,
    data: &str,
    measure: &js_sys::Function,
    source: &js_sys::Function,
) -> JsValue {
    let address = |src: &str| source.call1(&JsValue::NULL, &JsValue::from_str(src)).ok()?.as_string();
    match poster(template, data, measure) {
        Ok(list) => JsValue::from_str(&crate::poster::svg(&list, &address)),
        Err(fault) => fault,
    }
}

fn poster(template: &str, data: &str, measure: &js_sys::Function) -> Result<DisplayList, JsValue> {
    let poster = Poster::parse(template).map_err(|problems| object(&problems))?;
    let data = Data::parse(data).map_err(|error| poster_error(&error))?;
    let mut measure = Measure::by(|font, units| {
        let weight = if font.is_bold { 700.0 } else { 400.0 };
        let arguments = js_sys::Array::of4(
            &JsValue::from_str(font.family),
            &JsValue::from_f64(f64::from(font.size)),
            &JsValue::from_f64(weight),
            &JsValue::from_str(&units.join("\u{1}")),
        );
        let widths = measure.apply(&JsValue::NULL, &arguments).unwrap_or(JsValue::NULL);
        let width =
            |value: JsValue| value.as_f64().and_then(whole).and_then(|width| i32::try_from(width).ok());
        js_sys::Array::from(&widths).iter().map(|value| width(value).unwrap_or(0)).gather()
    });
    display_list(&poster, &data, &mut measure).map_err(|error| poster_error(&error))
}

fn poster_error(reason: &PosterError) -> JsValue {
    let (en, zh) = match reason {
        PosterError::Data => ("The poster's data is not JSON.", "海报数据不是 JSON。"),
        PosterError::Code(reason) => return qr_error(*reason),
        PosterError::Limits(findings) => {
            findings.first().map_or(("", ""), |first| (first.message, first.message_zh))
        }
    };
    error(reason.code(), en, zh)
}

fn engine(text: &str, seed: &[u8]) -> Option<Engine> {
    let loaded = match <[u8; 32]>::try_from(seed) {
        Ok(seed) => Engine::load(text, seed),
        Err(_) => Engine::load_public(text),
    };
    loaded.map_err(|problems| *PROBLEMS.get() = problems).ok()
}

fn keep(engine: Engine) -> u32 {
    let engines = ENGINES.get();
    let free = engines.iter().position(Option::is_none);
    let at = free.unwrap_or(engines.len());
    if free.is_none() {
        engines.push(None);
    }
    if let Some(place) = engines.get_mut(at) {
        *place = Some(Box::new(engine));
    }
    u32::try_from(at + 1).unwrap_or(0)
}

fn place(handle: u32) -> Option<&'static mut Option<Box<Engine>>> {
    ENGINES.get().get_mut(usize::try_from(handle.checked_sub(1)?).ok()?)
}

fn with<T>(handle: u32, run: impl FnOnce(&mut Engine) -> T) -> Option<T> {
    place(handle)?.as_mut().map(|engine| run(engine))
}

fn object<T: Serialize + ?Sized>(value: &T) -> JsValue {
    js_sys::JSON::parse(&json::json(value)).unwrap_or(JsValue::NULL)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fault<'f> {
    code: &'f str,
    message: &'f str,
    message_zh: &'f str,
}

fn error(code: &str, message: &str, message_zh: &str) -> JsValue {
    object(&Fault { code, message, message_zh })
}

fn gone() -> JsValue {
    error("ENGINE_FREED", "This engine was freed.", "该引擎已释放。")
}

fn token_object(token: Result<Token, TokenError>) -> JsValue {
    match token {
        Ok(Token { version, kid, kind, campaign, touchpoint, inviter, day, depth }) => {
            object(&TokenFields { version, kid, kind, campaign, touchpoint, inviter, day, depth })
        }
        Err(reason) => token_error(reason),
    }
}

fn token_error(reason: TokenError) -> JsValue {
    let (en, zh) = match reason {
        TokenError::Field(_) => {
            ("A field of the token is missing or out of range.", "令牌字段缺失或超出范围。")
        }
        TokenError::Key => ("The key has fewer than 16 bytes.", "密钥不足 16 字节。"),
        TokenError::Malformed | TokenError::Invalid => {
            ("This link or code is not valid.", "该链接或二维码无效。")
        }
    };
    error(reason.code(), en, zh)
}

fn qr_error(reason: QrError) -> JsValue {
    let (en, zh) = match reason {
        QrError::Empty => ("There is no text to encode.", "没有可编码的内容。"),
        QrError::TooLong => ("The text is too long for a QR code.", "内容过长，无法生成二维码。"),
        QrError::NotMicro => (
            "The text does not fit a Micro QR code: at most 15 characters, or 35 digits, and no level H.",
            "内容无法放入微型二维码：最多 15 个字符或 35 位数字，且不支持 H 级。",
        ),
        QrError::Colour => ("A colour is written as #rgb or #rrggbb.", "颜色需写成 #rgb 或 #rrggbb。"),
    };
    error(reason.code(), en, zh)
}

fn level_at(place: usize) -> Level {
    Level::ALL.get(place).copied().unwrap_or_default()
}

/// Handles and codes are below 2^53, where doubles are exact.
#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "below 2^53")]
fn double(value: u64) -> f64 {
    value as f64
}
