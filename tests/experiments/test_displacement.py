"""Two-step experiments against least squares with clusters, and known spill-overs."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import nettoeffect as ne
from nettoeffect.errors import EffectError

ASKED = {"outcome": "work", "treatment": "course", "share": "share", "cluster": "area"}


def areas(seed=1, *, number=235, size=40, direct=0.08, spill=-0.03):
    """Areas of share 0, 0.25, 0.5, 0.75 and 1, as in Crépon et al. (2013); an effect of the area on all in it."""
    rng = np.random.default_rng(seed)
    share = rng.permutation(np.resize([0.0, 0.25, 0.5, 0.75, 1.0], number))
    area = np.repeat(np.arange(number), size)
    course = rng.random(len(area)) < share[area]
    level = 0.4 + 0.05 * rng.normal(size=number)[area]
    work = rng.random(len(area)) < level + direct * course + spill * (share[area] > 0)
    return pd.DataFrame({"area": area, "share": share[area], "course": course, "work": work.astype(float)})


def test_effects_are_those_of_least_squares_with_clusters():
    frame = areas()
    found = ne.displacement(frame, **ASKED).table
    columns = {}
    for p in (0.25, 0.5, 0.75, 1.0):
        columns[f"gamma {p}"] = (frame["share"] == p).astype(float)
        if p < 1:
            columns[f"beta {p}"] = ((frame["share"] == p) & frame["course"]).astype(float)
    ols = sm.OLS(frame["work"], sm.add_constant(pd.DataFrame(columns))).fit(
        cov_type="cluster", cov_kwds={"groups": frame["area"]}, use_t=True
    )
    for p in (0.25, 0.5, 0.75):
        for effect, name in (("direct", "beta"), ("spillover", "gamma")):
            row = found.loc[(effect, p)]
            assert row["effect"] == pytest.approx(ols.params[f"{name} {p}"], abs=1e-12)
            assert row["se"] == pytest.approx(ols.bse[f"{name} {p}"], rel=1e-9)
            assert row["pvalue"] == pytest.approx(ols.pvalues[f"{name} {p}"], rel=1e-6)
        total = found.loc[("total", p)]
        assert total["effect"] == pytest.approx(ols.params[f"beta {p}"] + ols.params[f"gamma {p}"])
    assert found.loc[("total", 1.0), "effect"] == pytest.approx(ols.params["gamma 1.0"])
    assert ("spillover", 1.0) not in found.index


def test_truth_and_coverage():
    """Direct 0.08, spill-over -0.03, total 0.05; lost per gained 0.03 x untreated / (0.05 x treated)."""
    inside, shares = {"direct": [], "spillover": [], "total": []}, []
    for seed in range(150):
        found = ne.displacement(areas(seed), **ASKED)
        for effect, truth in (("direct", 0.08), ("spillover", -0.03), ("total", 0.05)):
            row = found.table.loc[(effect, "all")]
            inside[effect].append(row["lower"] <= truth <= row["upper"])
        if found.share_interval:
            shares.append(found.share_interval[0] <= 0.6 <= found.share_interval[1])
    for hits in inside.values():
        assert abs(np.mean(hits) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 150)
    assert len(shares) > 75
    assert np.mean(shares) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / len(shares))


def test_no_share_where_nothing_is_gained():
    found = ne.displacement(areas(direct=0.03, spill=-0.03), **ASKED)
    assert np.isnan(found.share)
    assert "may have gained nothing" in found.reason
    assert "undefined" in repr(found)


def test_bad_input():
    frame = areas(number=60)
    for change, message in (
        ({"share": frame["share"] * 100}, "Shares of treated must lie from 0 to 1"),
        ({"share": np.where(frame.index == 0, 0.9, frame["share"])}, "more than one share"),
        ({"share": frame["share"].replace(0, 0.1)}, "No area has share 0"),
        ({"course": True}, "treated"),
    ):
        with pytest.raises((EffectError, ne.DesignError), match=message):
            ne.displacement(frame.assign(**change), **ASKED)
    treated = frame.assign(course=np.where(frame["share"] == 0, frame.index % 2 == 0, frame["course"]))
    with pytest.raises(EffectError, match="live in areas of share 0"):
        ne.displacement(treated, **ASKED)
