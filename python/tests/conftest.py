"""What several tests need."""

import pytest

import perfvec


@pytest.fixture
def cores() -> perfvec.Model:
    """Two cores by their own parameters."""
    mine = {"name": "mine", "like": "cortex-a72-like", "l2_kib": 512}
    return perfvec.Model.cores(["rocket-like", mine])
