#!/usr/bin/env python3
"""Writes what the C ABI's tests load: tiny.onnx (perfvec-51 features, 8 elements, seeded) and its
table tiny.safetensors, whose core "three" costs three times what "one" does."""

import sys
from pathlib import Path

import numpy as np

import onnx
from onnx import helper

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "onnx"))
import table
from make_test_models import Spec, build, weights

SCHEMA_HASH = "033728775697b53e"  # of perfvec-51, which never changes


def main() -> None:
    spec = Spec("tiny", 51, [8], clip=4.0, relu=True, seed=9)
    model: onnx.ModelProto = build(spec, weights(spec))
    metadata = {p.key: p.value for p in model.metadata_props} | {
        "perfvec.schema": "perfvec-51", "perfvec.schema_hash": SCHEMA_HASH,
        "perfvec.warmup": "16", "provenance": f"tests/data/capi/make.py, seed {spec.seed}",
    }
    helper.set_model_props(model, metadata)
    (HERE / "tiny.onnx").write_bytes(model.SerializeToString())
    one = np.arange(1, 9, dtype=np.float32)
    entries = [{"name": name, "clock_hz": 1e9, "parameters": {}} for name in ("one", "three")]
    table.save(HERE / "tiny.safetensors", metadata["perfvec.model_id"], SCHEMA_HASH, entries,
               np.stack([one, 3 * one]))


if __name__ == "__main__":
    main()
