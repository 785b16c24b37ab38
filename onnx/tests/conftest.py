"""Tests import the scripts in onnx/ and share one small recording."""

import sys
from pathlib import Path

import pytest
import torch

# Two threads on a busy machine wait for each other at every step.
torch.set_num_threads(1)

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "gem5-glue" / "configs")]


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """(folder of the recording, the stand-in for the perfvec command)."""
    import synthetic

    folder = tmp_path_factory.mktemp("rec")
    return folder, synthetic.record(folder)


@pytest.fixture(scope="session")
def dataset_folder(recording, tmp_path_factory):
    """The data set built from the recording."""
    import dataset

    out = tmp_path_factory.mktemp("data")
    dataset.build(recording[0], out, recording[1], "toy-1", warm=256, jobs=2)
    return out
