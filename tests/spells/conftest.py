"""Comparison of `Spells`, shared by the tests of this folder."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from nettoeffect.spells import Spells


def _same(one: Spells, other: Spells, *, rtol: float = 0.0, entry: bool = True) -> None:
    """All fields but the notes agree; times within `rtol`."""
    assert one.persons.tolist() == other.persons.tolist()
    assert (one.exits, one.programmes) == (other.exits, other.programmes)
    for name in ("person", "exit", "programme_type", "episode_spell"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    times = ["duration", "programme_start", "programme_end", "episode_start", "episode_stop"]
    for name in [*times, "entry"] if entry else times:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=rtol, err_msg=name)
    pd.testing.assert_frame_equal(
        one.covariates, other.covariates, check_dtype=False, check_categorical=False
    )


@pytest.fixture(scope="session")
def same() -> Callable[..., None]:
    """Assert that two `Spells` hold the same histories."""
    return _same
