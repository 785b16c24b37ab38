//! One entry of a microarch table.

use crate::error::{Error, ErrorKind, Result};

/// Longest name of a microarchitecture in bytes.
const MAX_NAME: usize = 256;
/// Longest `parameters` text in bytes.
const MAX_PARAMETERS: usize = 1 << 20;

/// One microarchitecture: a vector and what is known of the core.
#[derive(Debug, Clone, PartialEq)]
pub struct Microarch {
    /// Unique name in the table: 1 to 256 bytes without control characters.
    pub name: String,
    /// Clock in Hz, over 0.
    pub clock_hz: f64,
    /// What kind of core it is ("in-order", "out-of-order", ...); empty where not known.
    pub kind: String,
    /// Parameters as JSON text (an object; `{}` where none are known).
    pub parameters: String,
    /// Whether the foundation model was trained on this core.
    pub trained: bool,
    /// The microarchitecture vector M_k, length D: representation to cycles.
    pub vector: Vec<f32>,
}

impl Default for Microarch {
    fn default() -> Self {
        Self {
            name: String::new(),
            clock_hz: 1e9,
            kind: String::new(),
            parameters: "{}".into(),
            trained: false,
            vector: Vec::new(),
        }
    }
}

impl Microarch {
    /// Checks every field; the vector must have `dim` elements.
    pub fn validate(&self, dim: usize) -> Result<()> {
        let bad = |what: String| {
            let message = format!("microarchitecture \"{}\": {what}", self.name.escape_debug());
            Err(Error::new(ErrorKind::InvalidArgument, message))
        };
        if self.name.is_empty() || self.name.len() > MAX_NAME {
            return bad(format!(
                "the name has {} bytes; give it 1 to {MAX_NAME}",
                self.name.len()
            ));
        }
        if self.name.chars().any(char::is_control) {
            return bad("the name holds a control character; remove it".into());
        }
        if !(self.clock_hz.is_finite() && self.clock_hz > 0.0) {
            return bad(format!(
                "clock_hz is {}; give a finite clock over 0 Hz",
                self.clock_hz
            ));
        }
        if self.parameters.len() > MAX_PARAMETERS {
            return bad(format!(
                "parameters has {} bytes; give at most {MAX_PARAMETERS}",
                self.parameters.len()
            ));
        }
        if let Err(e) =
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&self.parameters)
        {
            return bad(format!(
                "parameters is not a JSON object ({e}); give {{}} where none are known"
            ));
        }
        // In a table's file they lie two levels deeper.
        let in_a_list = format!("[{{\"parameters\":{}}}]", self.parameters);
        if serde_json::from_str::<serde_json::Value>(&in_a_list).is_err() {
            return bad("parameters is nested too deeply; give at most 125 levels".into());
        }
        if self.vector.len() != dim {
            return bad(format!(
                "the vector has {} elements; the model's representations have {dim}",
                self.vector.len()
            ));
        }
        if let Some(at) = self.vector.iter().position(|x| !x.is_finite()) {
            return bad(format!(
                "vector element {at} is {}; give finite numbers",
                self.vector[at]
            ));
        }
        Ok(())
    }
}
