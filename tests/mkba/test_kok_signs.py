"""The signs that studies 23 (Kok, 2008) and 29 (SEO) published, from a calibration and illustrative amounts.

Agency behind within the horizon of the exit curve (24 months), just ahead at four years; society ahead if production is
worth the wage and nobody is displaced. Signs only: no amounts were published.
"""

from dataclasses import replace

import numpy as np
import pytest

from nettoeffect import mkba
from nettoeffect.synthetic import kok_2008

DAY = "2025-01-01"
INVENTED = {"status": "illustrative", "price_year": 2025}
TWO_YEARS, FOUR_YEARS = kok_2008(24)[0], kok_2008(48)[0]
BASE = mkba.Assumptions(
    programme_cost=mkba.Value(2500, source="invented", **INVENTED),
    wage_cost=mkba.Value(2750, source="minimum wage and a quarter", **INVENTED),
    gross_wage=mkba.Value(mkba.minimum_wage(DAY) * 156, source="minimum wage, 36 hours a week", **INVENTED),
    net_wage=mkba.Value(1950, source="invented", **INVENTED),
    gross_benefit=mkba.Value(mkba.bijstand(DAY) * 1.1, source="net benefit and a tenth of tax", **INVENTED),
    net_benefit=mkba.bijstand(DAY),
    discount_rate=mkba.discount_rate(DAY),
)


def total(effect, party, **changes):
    return float(mkba.evaluate(effect, replace(BASE, **changes)).total(party))


def test_amounts_are_illustrative_but_for_the_statutory_one():
    status = BASE.frame()["status"]
    assert status[status == "published"].index.tolist() == ["net_benefit"]
    assert set(status[list(mkba.fields.FIELDS)[:5]]) == {"illustrative"}
    assert BASE.price_year == 2025


def test_agency_behind_at_two_years_and_just_ahead_at_four():
    """Programme cost exceeds saved benefits (23, 29); at four years the return is just positive (29)."""
    assert total(TWO_YEARS, "agency") < -BASE.programme_cost / 2
    assert 0 < total(FOUR_YEARS, "agency") < BASE.programme_cost / 10
    (months,) = mkba.threshold(FOUR_YEARS, BASE, "horizon", 12, 48, party="agency").values
    assert 24 < months < 48
    assert mkba.evaluate(FOUR_YEARS, BASE).break_even()["agency"] == np.ceil(months)


def test_society_ahead_if_production_equals_the_wage():
    assert (BASE.productivity, BASE.displacement) == (1.0, 0.0)
    assert total(TWO_YEARS, "society") > 0
    assert total(FOUR_YEARS, "society") > 0
    assert total(TWO_YEARS, "society", productivity=0.5) < 0
    assert total(TWO_YEARS, "society", displacement=0.5) < 0


def test_a_later_start_is_worth_less():
    """The order of the published effects, +6, +3 and -1 points, is that of the totals."""
    totals = [[total(kok_2008(24)[start], party) for start in (0, 6, 12)] for party in ("agency", "society")]
    # The later start is paid for fewer people, so what a start is worth is per participant.
    still_there = [kok_2008(24)[start].at(start).loc["benefit", "without_programme"] for start in (0, 6, 12)]
    assert (np.diff(np.array(totals) / still_there) < 0).all()


PLANES = {
    "cost and productivity": (TWO_YEARS, "programme_cost", (500, 4500), "productivity", (0.4, 1.2)),
    "displacement and productivity": (TWO_YEARS, "displacement", (0, 0.6), "productivity", (0.4, 1.2)),
    "cost and horizon": (FOUR_YEARS, "programme_cost", (500, 4500), "horizon", (12, 48)),
}


@pytest.mark.parametrize("name", PLANES)
def test_region_of_the_published_signs(name):
    """The region exists, the base lies in it, it has an end, and its edges are those that `threshold` finds."""
    effect, first, x, second, y = PLANES[name]
    signs = {"agency": -1 if effect is TWO_YEARS else 1, "society": 1}
    base = [getattr(BASE, first), BASE.productivity if second == "productivity" else 48.0]
    grid = {first: np.union1d(np.linspace(*x, 41), base[0]), second: np.union1d(np.linspace(*y, 41), base[1])}
    plane = mkba.two_way(effect, BASE, **grid)
    region = plane.signs(**signs)
    assert region.loc[base[1], base[0]]
    assert plane.base == tuple(base)
    assert 0.02 < region.to_numpy().mean() < 0.98
    for axis, row, searched in ((first, region.loc[base[1]], x), (second, region[base[0]], y)):
        edges = [mkba.threshold(effect, BASE, axis, *searched, party=party) for party in signs]
        assert sum(len(edge.values) for edge in edges) > 0
        values = row.index.to_numpy()
        held = [_sign(edge, values) == sign for edge, sign in zip(edges, signs.values(), strict=True)]
        np.testing.assert_array_equal(row, np.logical_and(*held))


def _sign(edge, values):
    """Sign that a threshold tells for values of its assumption: that at the low end, turned at every crossing."""
    turned = np.searchsorted(edge.values, values)
    return np.sign(edge.at_ends[0]) * (-1) ** turned


def test_threshold_of_the_cost_is_what_the_programme_brings():
    """The account is linear in the cost: a party breaks even where the cost is what it gains besides."""
    for effect, party in ((TWO_YEARS, "society"), (FOUR_YEARS, "agency")):
        (value,) = mkba.threshold(effect, BASE, "programme_cost", 0, 10_000, party=party).values
        assert value == pytest.approx(total(effect, party) + BASE.programme_cost, abs=1e-6)


def test_beyond_the_exit_curve_by_a_half_life():
    """Four years from two years of data: the longer the effect lasts the better, as each evaluated by itself."""
    rule = {"horizon": 48.0, "extension": "fade-out"}
    halves = [6.0, 12.0, 24.0, 48.0]
    plane = mkba.two_way(
        TWO_YEARS, replace(BASE, half_life=12.0, **rule), half_life=halves, productivity=[0.8, 1.0]
    )
    for party in ("agency", "society"):
        alone = [total(TWO_YEARS, party, half_life=each, **rule) for each in halves]
        np.testing.assert_allclose(plane.frame(party).loc[1.0], alone, rtol=1e-12)
        assert (np.diff(alone) > 0).all()


def test_figures_in_the_documentation():
    """docs/mkba.md and notebook 07 print these."""
    assert round(total(TWO_YEARS, "agency")) == -1804
    assert round(total(FOUR_YEARS, "agency")) == 40
    (displaced,) = mkba.threshold(TWO_YEARS, BASE, "displacement", 0, 1).values
    (productivity,) = mkba.threshold(TWO_YEARS, BASE, "productivity", 0, 1).values
    assert (round(displaced, 2), round(productivity, 2)) == (0.12, 0.88)
