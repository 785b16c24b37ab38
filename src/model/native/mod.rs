//! The native LSTM engine.
//!
//! Lanes are the lanes of vectors: a weight is broadcast and multiplied with the same column of
//! many lanes. Nothing flows between lanes, so a lane's result is a function of its own rows, bit
//! for bit, and every weight is read once for all lanes of a step.

// Indices run over the same rows of several arrays.
#![allow(clippy::needless_range_loop)]

mod dither;
mod float;
mod gates;
mod int8;
mod out;
mod product;
mod quant;
pub mod simd;
mod tiles;

#[cfg(test)]
mod tests;

use super::network::Network;
use super::rows::Capacity;
use super::{Backend, Engine, EngineFactory};
use crate::error::{Error, ErrorKind, Result};
use float::{FloatEngine, FloatWeights};
use int8::{IntEngine, IntWeights};
pub use product::product;
#[cfg(target_arch = "x86_64")]
use simd::{Avx2, Avx2Vnni, Avx512};
use simd::{Portable, Simd};
use std::sync::Arc;

/// Most lanes and most steps of an engine.
pub const MAX_LANES: usize = 1 << 16;

/// Which instruction set the engine uses. Results are the same bit for bit, except that f32 on
/// an x86-64 CPU without FMA rounds more often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimdLevel {
    /// Plain Rust, compiled for the target.
    Portable,
    /// AVX2 and FMA.
    Avx2,
    /// AVX2, FMA and AVX-VNNI.
    Avx2Vnni,
    /// AVX-512 F, BW, DQ, VL and VNNI.
    Avx512,
}

impl SimdLevel {
    /// All that this CPU has, the fastest last.
    pub fn available() -> Vec<SimdLevel> {
        #[allow(unused_mut)]
        let mut all = vec![SimdLevel::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(Avx2::new().map(|_| SimdLevel::Avx2));
            all.extend(Avx2Vnni::new().map(|_| SimdLevel::Avx2Vnni));
            all.extend(Avx512::new().map(|_| SimdLevel::Avx512));
        }
        all
    }

    /// The fastest that this CPU has.
    pub fn best() -> SimdLevel {
        Self::available().pop().unwrap_or(SimdLevel::Portable)
    }
}

/// A factory of native engines for `net`, in int8 or f32.
pub fn factory(net: Network, int8: bool, isa: SimdLevel) -> Result<Box<dyn EngineFactory>> {
    let net = Arc::new(net);
    match isa {
        SimdLevel::Portable => Ok(engines::<_, 1, 1>(net, int8, Portable)),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2 => {
            let s = Avx2::new().ok_or_else(missing)?;
            Ok(engines::<_, 1, 2>(net, int8, s))
        }
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2Vnni => {
            let s = Avx2Vnni::new().ok_or_else(missing)?;
            Ok(engines::<_, 1, 2>(net, int8, s))
        }
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512 => {
            let s = Avx512::new().ok_or_else(missing)?;
            Ok(engines::<_, 2, 2>(net, int8, s))
        }
        #[cfg(not(target_arch = "x86_64"))]
        _ => Err(missing()),
    }
}

fn missing() -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        "this CPU lacks the instruction set asked for; use the best available one",
    )
}

fn engines<S: Simd, const U: usize, const V: usize>(
    net: Arc<Network>,
    int8: bool,
    s: S,
) -> Box<dyn EngineFactory> {
    if int8 {
        let weights = Arc::new(IntWeights::<U>::new(net.clone()));
        Box::new(Factory {
            net,
            backend: Backend::NativeInt8,
            make: move |capacity| {
                Box::new(IntEngine::<S, U, V>::new(s, weights.clone(), capacity)) as Box<dyn Engine>
            },
        })
    } else {
        let weights = Arc::new(FloatWeights::<U>::new(net.clone()));
        Box::new(Factory {
            net,
            backend: Backend::NativeF32,
            make: move |capacity| {
                Box::new(FloatEngine::<S, U, V>::new(s, weights.clone(), capacity))
                    as Box<dyn Engine>
            },
        })
    }
}

struct Factory<M> {
    net: Arc<Network>,
    backend: Backend,
    make: M,
}

impl<M: Fn(Capacity) -> Box<dyn Engine> + Send + Sync> EngineFactory for Factory<M> {
    fn engine(&self, lanes: usize, steps: usize) -> Result<Box<dyn Engine>> {
        super::check_capacity(lanes, steps)?;
        Ok((self.make)(Capacity {
            lanes,
            steps,
            features: self.net.features,
            width: self.net.representation(),
        }))
    }

    fn backend(&self) -> Backend {
        self.backend
    }
}
