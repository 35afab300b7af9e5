//! What the engine asks of JavaScript. js-sys has all of it too, and with it 2 kB of closures and tasks for
//! functions that nobody calls.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The value that a text in JSON stands for.
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    pub fn parse(text: &str) -> Result<JsValue, JsValue>;

    /// The member of an object.
    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    pub fn member(of: &JsValue, name: &str) -> Result<JsValue, JsValue>;

    /// A function.
    pub type Function;

    /// Asks the widths of units, in hundredths of a pixel.
    #[wasm_bindgen(method, catch, js_name = call)]
    pub fn widths(
        this: &Function,
        nothing: &JsValue,
        family: &str,
        size: f64,
        weight: f64,
        units: &str,
    ) -> Result<Vec<f64>, JsValue>;

    /// Asks for the address of a picture.
    #[wasm_bindgen(method, catch, js_name = call)]
    pub fn address(this: &Function, nothing: &JsValue, of: &str) -> Result<JsValue, JsValue>;

    /// Bytes of JavaScript.
    pub type Uint8Array;

    /// A copy of bytes.
    #[wasm_bindgen(static_method_of = Uint8Array, js_name = from)]
    pub fn of(bytes: &[u8]) -> Uint8Array;
}
