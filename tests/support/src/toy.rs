//! A model without a file, a leaky sum of each row, so that every feature counts; and a program
//! for it.

use perfvec::features::{perfvec51, refmachine, Schema};
use perfvec::inst::{InstFlags, OpClass, RegClass, StaticInst};
use perfvec::model::{Backend, Engine, EngineFactory, Model, ModelInfo};
use perfvec::Result;
use std::sync::Arc;

/// Elements of its representations.
pub const DIM: usize = 2;

struct Toy {
    state: Vec<f32>,
    features: usize,
}

impl Engine for Toy {
    fn reset(&mut self) {
        self.state.fill(0.0);
    }

    fn run(
        &mut self,
        x: &[f32],
        stride: usize,
        lanes: usize,
        steps: usize,
        out: &mut [f32],
    ) -> Result<()> {
        for b in 0..lanes {
            for t in 0..steps {
                let row = &x[(b * stride + t) * self.features..][..self.features];
                self.state[b] = self.state[b] / 2.0 + row.iter().sum::<f32>() / 1e3;
                let at = (b * steps + t) * DIM;
                out[at..at + DIM].copy_from_slice(&[1.0, self.state[b]]);
            }
        }
        Ok(())
    }
}

struct Factory(usize);

impl EngineFactory for Factory {
    fn engine(&self, lanes: usize, _steps: usize) -> Result<Box<dyn Engine>> {
        Ok(Box::new(Toy {
            state: vec![0.0; lanes],
            features: self.0,
        }))
    }

    fn backend(&self) -> Backend {
        Backend::NativeF32
    }
}

/// The toy model on `perfvec-51` or `perfvec-rm-2`.
pub fn model(published: bool) -> Arc<Model> {
    let schema: &Schema = if published {
        &perfvec51::SCHEMA
    } else {
        &refmachine::SCHEMA
    };
    let info = ModelInfo {
        id: "toy".into(),
        schema: schema.name.into(),
        schema_hash: schema.hash(),
        isa: "riscv64".into(),
        features: schema.len(),
        representation: DIM,
        warmup: 4,
        metadata: Vec::new(),
    };
    Model::from_parts(info, Box::new(Factory(schema.len())))
}

/// load, add, store, conditional branch, indirect call.
pub fn program() -> Vec<StaticInst> {
    use InstFlags as F;
    let kinds = [
        (OpClass::MemRead, F::LOAD),
        (OpClass::IntAlu, F::empty()),
        (OpClass::MemWrite, F::STORE),
        (OpClass::IntAlu, F::COND_CTRL | F::DIRECT_CTRL),
        (OpClass::IntAlu, F::UNCOND_CTRL | F::INDIRECT_CTRL | F::CALL),
    ];
    let make = |(i, (op, flags)): (usize, &(OpClass, InstFlags))| {
        let mut inst = StaticInst::new(0x1_0000 + 4 * i as u64, *op, 4);
        inst.flags = *flags;
        inst.push_src(RegClass::Int, 10 + i as u16 % 3);
        inst.push_dst(RegClass::Int, 10 + (i as u16 + 1) % 3);
        inst
    };
    kinds.iter().enumerate().map(make).collect()
}
