//! The network in the plainest f64 code: what the engines are compared with.

use super::network::Network;

/// One lane of a network, from a zero state.
pub struct Oracle<'a> {
    net: &'a Network,
    h: Vec<Vec<f64>>,
    c: Vec<Vec<f64>>,
}

fn dot(w: &[f32], x: &[f64]) -> f64 {
    w.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

impl<'a> Oracle<'a> {
    /// A lane in its zero state.
    pub fn new(net: &'a Network) -> Self {
        let zero: Vec<Vec<f64>> = net.layers.iter().map(|l| vec![0.0; l.hidden]).collect();
        Self {
            net,
            h: zero.clone(),
            c: zero,
        }
    }

    /// The representation of the next feature row.
    pub fn step(&mut self, row: &[f32]) -> Vec<f64> {
        let n = self.net;
        let (low, high) = n.norm.clip;
        let mut x: Vec<f64> = (0..n.features)
            .map(|i| {
                let y =
                    (f64::from(row[i]) - f64::from(n.norm.mean[i])) * f64::from(n.norm.inv_std[i]);
                y.clamp(low.into(), high.into())
            })
            .collect();
        if let Some(e) = &n.embedding {
            x = (0..e.outputs)
                .map(|r| (dot(&e.w[r * e.inputs..][..e.inputs], &x) + f64::from(e.b[r])).max(0.0))
                .collect();
        }
        for (layer, l) in n.layers.iter().enumerate() {
            let h = self.h[layer].clone();
            for unit in 0..l.hidden {
                let gate = |g: usize| {
                    let row = g * l.hidden + unit;
                    dot(&l.wx[row * l.inputs..][..l.inputs], &x)
                        + dot(&l.wh[row * l.hidden..][..l.hidden], &h)
                        + f64::from(l.b[row])
                };
                let c = sigmoid(gate(2)) * self.c[layer][unit] + sigmoid(gate(0)) * gate(3).tanh();
                self.c[layer][unit] = c;
                self.h[layer][unit] = sigmoid(gate(1)) * c.tanh();
            }
            x = self.h[layer].clone();
        }
        if n.relu {
            x.iter_mut().for_each(|v| *v = v.max(0.0));
        }
        let raw = n
            .raw
            .iter()
            .map(|p| f64::from(row[p.column]) * f64::from(p.scale));
        x.extend(raw);
        x
    }
}
