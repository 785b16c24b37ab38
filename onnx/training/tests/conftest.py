"""What the tests share: one small recording and its data set."""

import pytest
import synthetic
import torch
from perfvec_training import dataset

# Two threads on a busy machine wait for each other at every step.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """(folder of the recording, the stand-in for the perfvec command)."""
    folder = tmp_path_factory.mktemp("rec")
    return folder, synthetic.record(folder)


@pytest.fixture(scope="session")
def dataset_folder(recording, tmp_path_factory):
    """The data set built from the recording."""
    out = tmp_path_factory.mktemp("data")
    dataset.build(recording[0], out, recording[1], "toy-1", warm=256, jobs=2)
    return out
