"""Jobs that begin and end, against jobs followed one by one."""

import numpy as np
import pytest

from nettoeffect.mkba.jobs import delayed, in_work, subsidised

MONTHS = np.arange(25.0)
LEFT = np.concatenate([[0.0], np.cumsum(np.random.default_rng(3).dirichlet(np.ones(25))[:24])])


def one_by_one(*, rho=0.0, term=np.inf, loss=0.0, decline=0.0, left=LEFT, parts=400):
    """In work and subsidised at every month: jobs that begin at `parts` moments of a month, each with its own age."""
    begin = np.repeat(MONTHS[1:], parts) - 1 + np.tile((np.arange(parts) + 0.5) / parts, 24)
    weight = np.repeat(np.diff(left), parts) / parts
    work, paid = [], []
    for t in MONTHS:
        age = t - begin
        alive = weight * np.exp(-rho * np.maximum(age, 0)) * (age > 0)
        work.append(np.sum(alive * np.where(age > term, 1 - loss, 1.0)))
        paid.append(np.sum(alive * (age < term) * (1 - decline * np.maximum(age, 0) / term)))
    return np.array(work), np.array(paid)


@pytest.mark.parametrize("term", [1.0, 6.0, 23.0])
@pytest.mark.parametrize("loss", [0.0, 0.3, 1.0])
def test_in_work_without_losses_in_between_is_exact(term, loss):
    expected, _ = one_by_one(term=term, loss=loss)
    assert in_work(MONTHS, LEFT, back=0.0, term=term, loss=loss) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("term", [1.0, 6.0, 23.0])
@pytest.mark.parametrize("decline", [0.0, 0.4, 1.0])
def test_the_subsidy_of_jobs_that_all_stay_is_exact(term, decline):
    _, expected = one_by_one(term=term, decline=decline)
    # The area of a straight line over a part of a month of 1 / 400 is a rectangle: exact for the middle.
    assert subsidised(MONTHS, LEFT, back=0.0, term=term, decline=decline) == pytest.approx(
        expected, abs=1e-12
    )


@pytest.mark.parametrize("rho", [0.02, 0.1, 0.5])
def test_jobs_that_begin_evenly_over_a_month_differ_from_its_middle_by_a_known_factor(rho):
    """The mean of exp(rho u) over a month is sinh(rho / 2) / (rho / 2) times that of its middle."""
    expected, _ = one_by_one(rho=rho, parts=2000)
    factor = np.sinh(rho / 2) / (rho / 2)
    assert factor * in_work(MONTHS, LEFT, back=rho) == pytest.approx(expected, rel=1e-7)
    assert factor - 1 == pytest.approx(rho**2 / 24, rel=0.02)  # one part in a million at 0.5 % a month


@pytest.mark.parametrize(
    ("rho", "term", "loss", "decline"), [(0.03, 6, 0.3, 0.5), (0.1, 3, 1.0, 1.0), (0.05, 12, 0.5, 0.2)]
)
def test_everything_at_once(rho, term, loss, decline):
    work, paid = one_by_one(rho=rho, term=term, loss=loss, decline=decline)
    middle = (
        rho**2 / 24 * 1.05
    )  # jobs begin in the middle of their month, as above; of each of the terms of W and S
    found = in_work(MONTHS, LEFT, back=rho, term=term, loss=loss)
    assert found == pytest.approx(work, rel=middle, abs=1e-12)
    found = subsidised(MONTHS, LEFT, back=rho, term=term, decline=decline)
    # Besides, the area under G is that of straight lines: in a month of f new jobs too large by rho f / 12.
    recent = LEFT - delayed(MONTHS, LEFT, term)
    line = decline / term * rho * recent / 12
    assert np.all(np.abs(found - paid) <= 1.05 * line + middle * (paid + decline * LEFT) + 1e-12)


def test_persons_with_jobs_of_their_own():
    """200,000 persons: a start, a job of random length, a subsidy that ends with the job for some."""
    rho, term, loss, decline, size = 0.06, 7.0, 0.4, 0.8, 200_000
    rng = np.random.default_rng(11)
    month = rng.choice(25, size=size, p=[*np.diff(LEFT), 1 - LEFT[-1]])
    begin = np.where(month == 24, np.inf, month + rng.uniform(size=size))
    end = begin + rng.exponential(1 / rho, size)
    end = np.where((end > begin + term) & (rng.uniform(size=size) < loss), begin + term, end)
    work = in_work(MONTHS, LEFT, back=rho, term=term, loss=loss)
    paid = subsidised(MONTHS, LEFT, back=rho, term=term, decline=decline)
    for t in (1, 5, 8, 13, 24):
        there = (begin <= t) & (t < end)
        with np.errstate(invalid="ignore"):
            part = np.where(there & (t - begin < term), 1 - decline * (t - begin) / term, 0.0)
        for found, seen in ((work[t], there), (paid[t], part)):
            error = seen.std() / np.sqrt(size)
            assert abs(found - seen.mean()) < 4 * error + found * rho**2 / 8


def test_limits():
    everyone = {"back": 0.0, "term": np.inf}
    assert in_work(MONTHS, LEFT, **everyone).tolist() == LEFT.tolist()
    assert subsidised(MONTHS, LEFT, **everyone).tolist() == LEFT.tolist()
    late = {"back": 0.1, "term": 24.5}
    still = in_work(MONTHS, LEFT, back=0.1)
    assert in_work(MONTHS, LEFT, loss=1.0, **late) == pytest.approx(still, rel=1e-12)
    assert subsidised(MONTHS, LEFT, **late) == pytest.approx(still, rel=1e-12)
    assert subsidised(MONTHS, LEFT, back=0.1, term=np.inf) == pytest.approx(still, rel=1e-12)
    assert subsidised(MONTHS, LEFT, back=0.0, term=1e6, decline=1.0) == pytest.approx(LEFT, rel=1e-4)


def test_all_lost_with_the_subsidy_are_those_in_their_term():
    term = 5.0
    found = in_work(MONTHS, LEFT, back=0.2, term=term, loss=1.0)
    assert found == pytest.approx(subsidised(MONTHS, LEFT, back=0.2, term=term), rel=1e-12)


def test_a_constant_inflow_in_closed_form():
    """With jobs beginning at a rate f, f (1 - exp(-rho t)) / rho are in work."""
    rate, rho = 0.02, 0.05
    expected = rate * (1 - np.exp(-rho * MONTHS)) / rho * (rho / 2) / np.sinh(rho / 2)
    assert in_work(MONTHS, rate * MONTHS, back=rho) == pytest.approx(expected, rel=1e-12)


def test_a_column_of_terms_is_each_of_them():
    rng = np.random.default_rng(0)
    rho, term = rng.uniform(0, 0.2, (6, 1)), rng.uniform(1, 30, (6, 1))
    loss, decline = rng.uniform(0, 1, (2, 6, 1))
    term[0], rho[1], loss[2], decline[3] = np.inf, 0.0, 0.0, 0.0
    work = in_work(MONTHS, LEFT, back=rho, term=term, loss=loss)
    paid = subsidised(MONTHS, LEFT, back=rho, term=term, decline=decline)
    for k in range(6):
        one = {"back": rho[k, 0], "term": term[k, 0]}
        assert work[k] == pytest.approx(in_work(MONTHS, LEFT, loss=loss[k, 0], **one), rel=1e-12)
        assert paid[k] == pytest.approx(subsidised(MONTHS, LEFT, decline=decline[k, 0], **one), rel=1e-12)
    curves = np.stack([LEFT, LEFT**2, LEFT / 2, 0 * LEFT, LEFT, LEFT])
    together = in_work(MONTHS, curves, back=rho, term=term, loss=loss)
    for k in range(6):
        alone = in_work(MONTHS, curves[k], back=rho[k, 0], term=term[k, 0], loss=loss[k, 0])
        assert together[k] == pytest.approx(alone, rel=1e-12, abs=1e-15)


def test_delay_is_linear_between_months_and_nothing_before_the_first():
    months, path = np.array([0.0, 1.0, 4.0]), np.array([2.0, 3.0, 9.0])
    assert delayed(months, path, 0.0).tolist() == [2.0, 3.0, 9.0]
    assert delayed(months, path, 1.0).tolist() == [0.0, 2.0, 7.0]
    assert delayed(months, path, 3.5).tolist() == [0.0, 0.0, 2.5]
    assert delayed(months, path, np.inf).tolist() == [0.0, 0.0, 0.0]


def test_no_job_is_subsidised_longer_than_it_lasts():
    for term in (2.0, 6.5, 13.0):
        work = in_work(MONTHS, LEFT, back=0.05, term=term, loss=0.3)
        paid = subsidised(MONTHS, LEFT, back=0.05, term=term, decline=0.3)
        assert np.all(paid <= work + 1e-12)
        assert np.all(work <= LEFT + 1e-12)
