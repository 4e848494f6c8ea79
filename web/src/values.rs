//! Plain data and errors, from JavaScript and to it.

use js_sys::{Error, JSON, Object, Reflect};
use wasm_bindgen::JsValue;

/// What JavaScript catches.
pub type Thrown<T> = Result<T, JsValue>;

/// An error of the engine as JavaScript's, with a `kind`: "model", "source", "request" or "device".
pub fn thrown(error: motet::Error) -> JsValue {
    let kind = match error {
        motet::Error::Model(_) => "model",
        motet::Error::Source(_) => "source",
        motet::Error::Request(_) => "request",
        motet::Error::Device(_) => "device",
    };
    let thrown = Error::new(&error.to_string());
    // A field of a fresh object can be set.
    let _ = Reflect::set(&thrown, &"kind".into(), &kind.into());
    thrown.into()
}

/// An error in what JavaScript asked for.
pub fn bad(message: impl Into<String>) -> JsValue {
    thrown(motet::Error::request(message))
}

/// An object of plain fields.
pub fn object(fields: &[(&str, JsValue)]) -> Thrown<Object> {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &(*name).into(), value)?;
    }
    Ok(object)
}

/// A value of JavaScript's that is plain data.
pub fn plain<T: serde::de::DeserializeOwned>(what: &str, value: &JsValue) -> Thrown<T> {
    let json = JSON::stringify(value)
        .ok()
        .and_then(|json| json.as_string())
        .unwrap_or_default();
    serde_json::from_str(&json).map_err(|e| bad(format!("{what}: {e}")))
}

/// Plain data as a value of JavaScript's.
pub fn value(data: &impl serde::Serialize) -> Thrown<JsValue> {
    let json =
        serde_json::to_string(data).map_err(|e| bad(format!("No JSON could be made: {e}")))?;
    JSON::parse(&json)
}
