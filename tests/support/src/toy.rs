//! A model without a file, a leaky sum of each row, so that every feature counts; and a program
//! for it.

use perfvec::features::{perfvec51, refmachine, Schema};
use perfvec::inst::{InstFlags, OpClass, RegClass, StaticInst};
use perfvec::model::{Backend, Engine, EngineFactory, Model, ModelInfo, Out, Rows};
use perfvec::Result;
use std::sync::Arc;

/// Elements of its representations.
pub const DIM: usize = 2;

struct Toy {
    state: Vec<f32>,
}

impl Engine for Toy {
    fn reset(&mut self) {
        self.state.fill(0.0);
    }

    fn run(&mut self, rows: &Rows, mut out: Out) -> Result<()> {
        for b in 0..rows.lanes {
            for t in 0..rows.steps {
                let sum: f32 = rows.row(b, t).iter().sum();
                self.state[b] = self.state[b] / 2.0 + sum / 1e3;
                out.put(rows, b, t, &[1.0, self.state[b]]);
            }
        }
        Ok(())
    }
}

struct Factory;

impl EngineFactory for Factory {
    fn engine(&self, lanes: usize, _steps: usize) -> Result<Box<dyn Engine>> {
        Ok(Box::new(Toy {
            state: vec![0.0; lanes],
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
    Model::from_parts(info, Box::new(Factory))
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
