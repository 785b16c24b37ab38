//! Feature schemas: named, versioned, ordered lists of features.

/// One column of a schema.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feature {
    /// Column name, unique in the schema.
    pub name: &'static str,
    /// Unit ("flag", "count", "lines", "cycles", "log2 lines", ...).
    pub unit: &'static str,
    /// Smallest value.
    pub min: f32,
    /// Largest value.
    pub max: f32,
    /// What the value is.
    pub source: &'static str,
}

impl Feature {
    /// A column of values from 0 to `max`.
    pub(super) const fn new(
        name: &'static str,
        unit: &'static str,
        max: f32,
        source: &'static str,
    ) -> Self {
        Self {
            name,
            unit,
            min: 0.0,
            max,
            source,
        }
    }
}

/// A named list of features. A model names its schema and carries its hash.
#[derive(Debug, PartialEq)]
pub struct Schema {
    /// Name with version, e.g. `perfvec-51`.
    pub name: &'static str,
    /// The columns in order.
    pub features: &'static [Feature],
}

impl Schema {
    /// Number of columns.
    #[allow(clippy::len_without_is_empty)] // no schema is empty
    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// xxh3-64 over name and columns: two schemas agree exactly when their hashes do.
    pub fn hash(&self) -> u64 {
        let mut text = String::from(self.name);
        for f in self.features {
            text.push_str(&format!("\n{}|{}|{}|{}", f.name, f.unit, f.min, f.max));
        }
        xxhash_rust::xxh3::xxh3_64(text.as_bytes())
    }
}
