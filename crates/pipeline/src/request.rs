//! What an executor is asked: a manifest, and perhaps the items to send through it.

use serde_json::Value;

use crate::error::Error;
use crate::manifest::Manifest;

/// A manifest and its input.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The pipeline.
    pub manifest: Manifest,
    /// The items; none means that the sources make their own.
    pub input: Vec<Value>,
}

impl Request {
    /// Reads a manifest, or an object with `manifest` and perhaps `input_data`.
    ///
    /// # Errors
    /// Not JSON, not a manifest, or an input that is no array. The message names the cure.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let value: Value = serde_json::from_slice(text)
            .map_err(|error| Error::manifest(format!("the request is not JSON: {error}")))?;
        let Value::Object(mut fields) = value else {
            return Self::bare(&value);
        };
        let Some(manifest) = fields.shift_remove("manifest") else {
            return Self::bare(&Value::Object(fields));
        };
        let mut manifest = Manifest::from_value(&manifest)?;
        let input = match fields.shift_remove("input_data") {
            None => Vec::new(),
            Some(value) => Self::items(value, "input_data")?,
        };
        for field in fields.keys() {
            manifest.warnings.push(format!(
                "{field} beside manifest is ignored; a request has manifest and input_data"
            ));
        }
        Ok(Self { manifest, input })
    }

    fn bare(value: &Value) -> Result<Self, Error> {
        Ok(Self {
            manifest: Manifest::from_value(value)?,
            input: Vec::new(),
        })
    }

    /// The items of an input, which is an array or null.
    ///
    /// # Errors
    /// Anything else; `what` is what the message calls it.
    pub fn items(value: Value, what: &str) -> Result<Vec<Value>, Error> {
        match value {
            Value::Array(items) => Ok(items),
            Value::Null => Ok(Vec::new()),
            _ => Err(Error::manifest(format!(
                "{what} must be an array of items: put one item into [ ]"
            ))),
        }
    }
}
