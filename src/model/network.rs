//! The network that the native engine runs, as plain row-major f32.

/// `x' = clip((x - mean) * inv_std)`, per column.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalisation {
    /// Subtracted first, [F].
    pub mean: Vec<f32>,
    /// Multiplied then, [F].
    pub inv_std: Vec<f32>,
    /// Lower and upper bound; infinite where the graph has no Clip.
    pub clip: (f32, f32),
    /// Smallest value of each column before normalisation, [F]; minus infinity where the schema is
    /// not known.
    pub least: Vec<f32>,
}

/// `y = relu(W x + b)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    /// Columns of W.
    pub inputs: usize,
    /// Rows of W.
    pub outputs: usize,
    /// W, [outputs, inputs].
    pub w: Vec<f32>,
    /// b, [outputs].
    pub b: Vec<f32>,
}

/// One LSTM layer; the four gates are in ONNX's order i, o, f, c.
#[derive(Debug, Clone, PartialEq)]
pub struct Lstm {
    /// Columns of `wx`.
    pub inputs: usize,
    /// H.
    pub hidden: usize,
    /// Input weights, [4H, inputs].
    pub wx: Vec<f32>,
    /// Recurrent weights, [4H, H].
    pub wh: Vec<f32>,
    /// Sum of input and recurrent bias, [4H].
    pub b: Vec<f32>,
}

/// A raw feature column that is passed to the representation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Passthrough {
    /// Column of `features`, before normalisation.
    pub column: usize,
    /// Multiplied.
    pub scale: f32,
}

/// features -> normalisation -> embedding? -> LSTM layers -> relu? -> [hidden, raw columns].
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// F.
    pub features: usize,
    /// Normalisation of the features.
    pub norm: Normalisation,
    /// Embedding before the first LSTM layer.
    pub embedding: Option<Dense>,
    /// LSTM layers, first to last; never empty.
    pub layers: Vec<Lstm>,
    /// Whether the representation is relu(h).
    pub relu: bool,
    /// Raw columns after the hidden state.
    pub raw: Vec<Passthrough>,
}

impl Network {
    /// H of the last layer.
    pub fn hidden(&self) -> usize {
        self.layers.last().map_or(0, |l| l.hidden)
    }

    /// D.
    pub fn representation(&self) -> usize {
        self.hidden() + self.raw.len()
    }

    /// Multiplications and additions of one instruction (two per weight).
    pub fn ops(&self) -> usize {
        let dense = self.embedding.as_ref().map_or(0, |e| e.w.len());
        let lstm: usize = self.layers.iter().map(|l| l.wx.len() + l.wh.len()).sum();
        2 * (dense + lstm)
    }
}
