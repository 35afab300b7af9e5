//! What the engine needs of JavaScript itself. `js-sys` has all of it, and everything else; its closures would stay in the
//! WebAssembly's table, where nobody calls them.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// `JSON.parse`.
    #[wasm_bindgen(js_namespace = JSON, catch)]
    pub fn parse(text: &str) -> Result<JsValue, JsValue>;

    /// `Reflect.get`; fails if the target is no object.
    #[wasm_bindgen(js_namespace = Reflect, catch)]
    pub fn get(target: &JsValue, key: &JsValue) -> Result<JsValue, JsValue>;

    /// A function that a poster asks.
    pub type Function;

    /// The widths of units in a font, one unit a line.
    #[wasm_bindgen(method, js_name = call, catch)]
    pub fn widths(
        this: &Function,
        own: &JsValue,
        family: &str,
        size: f64,
        weight: f64,
        units: &str,
    ) -> Result<Vec<f64>, JsValue>;

    /// The address of a picture.
    #[wasm_bindgen(method, js_name = call, catch)]
    pub fn address(this: &Function, own: &JsValue, source: &str) -> Result<JsValue, JsValue>;

    /// Bytes of JavaScript's own.
    pub type Uint8Array;

    /// A copy of bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8]) -> Uint8Array;
}

#[cfg(feature = "complete")]
#[wasm_bindgen]
extern "C" {
    /// How many bytes there are.
    #[wasm_bindgen(method, getter)]
    pub fn length(this: &Uint8Array) -> u32;

    /// Copies the bytes, which have to be as many.
    #[wasm_bindgen(js_namespace = ["Uint8Array", "prototype", "set"], js_name = call)]
    pub fn copy(into: &mut [u8], bytes: &Uint8Array);
}
