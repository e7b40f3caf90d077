"""Perfect foresight is a bound: as low as a linear programme says, and never beaten by anything that lives."""

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_array

from energy.backtest.foresight import Foreseeing, Foresight
from energy.backtest.lives import fastest, lived
from energy.backtest.score import flows, score
from energy.backtest.simple import FIRST_WORDS, OnArrival, Rule, Timer, tried_words

CURVE = ((0.0, 0.6), (1000.0, 0.8), (3000.0, 0.9), (11_000.0, 0.95))


class Whim:
    """A strategy without a reason."""

    name = "whim"

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.power = 0.0

    def decide(self, world):
        if self.rng.random() < 0.1:
            self.power = self.rng.choice([0.0, self.rng.uniform(-10_000, 11_000), -world.course.house_w[world.at]])
        floor = world.course.home.reserve_soc + 0.004
        return max(self.power, 0.0) if world.battery.soc <= floor else self.power


def solved(course):
    quickest = fastest(course)
    return Foresight.solve(course, quickest), quickest


def cost_of(course, world, foresight):
    return float(flows(course, world).cost_eur.sum()) - foresight.worth_eur(world.soc[-1])


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_is_the_linear_programme(street, seed):
    """With an even efficiency and nothing that tapers, the hulls are the programme's own costs."""
    home = street.home(week=(), ev={"taper_from_soc": 1.0}, reserve_soc=0.0, first_soc=0.4)
    course = street.made_up(home=home, seed=seed, hours=8)
    # Or the programme would import and export at once.
    assert (course.import_eur >= course.export_eur).all()
    foresight, _ = solved(course)
    n, capacity = course.count, 60.0
    end = foresight.at_blocks[-1]
    charge, discharge = home.charger.charge_efficiency / 60, 1 / home.charger.discharge_efficiency / 60
    # c, d, i, x by minute, then e by node; kW and kWh.
    k = np.arange(n)
    cost = np.concatenate(
        [
            np.zeros(n),
            np.full(n, home.ev.wear_eur_per_kwh / 60),
            course.import_eur / 60,
            -course.export_eur / 60,
            np.zeros(n),
            [float(end.slopes[0])],
        ]
    )
    rows = [(k, 2 * n + k, 1.0), (k, 3 * n + k, -1.0), (k, k, -1.0), (k, n + k, 1.0)]
    rows += [(n + k, 4 * n + k + 1, 1.0), (n + k, 4 * n + k, -1.0), (n + k, k, -charge), (n + k, n + k, discharge)]
    matrix = coo_array(
        (
            np.concatenate([np.full(n, value) for _, _, value in rows]),
            (np.concatenate([r for r, _, _ in rows]), np.concatenate([c for _, c, _ in rows])),
        ),
        shape=(2 * n, 5 * n + 1),
    )
    bounds = [(0, 11)] * n + [(0, 10)] * n + [(0, None)] * (2 * n) + [(24.0, 24.0)] + [(0, capacity)] * n
    # The connection's fuse, 17.25 kW, is never reached here.
    found = linprog(cost, A_eq=matrix.tocsc(), b_eq=np.concatenate([course.house_w / 1e3, np.zeros(n)]), bounds=bounds)
    assert found.status == 0
    assert float(foresight.at_blocks[0].cost(24.0)) == pytest.approx(found.fun, abs=1e-6)


def test_a_small_battery_comes_home_below_its_reserve_and_the_bound_holds(street):
    """5 kWh for trips of 9: what lacks is bought on the way, and the reserve is nobody's duty at once."""
    course = street.real(home=street.home(ev={"capacity_wh": 5000.0}))
    foresight, quickest = solved(course)
    for strategy in (OnArrival(0.8), Timer(0.8), Rule(FIRST_WORDS), Foreseeing(foresight=foresight)):
        world = lived(strategy, course)
        found = score(strategy.name, course, world, foresight, quickest, np.zeros(course.count))
        assert found.road_eur > 0
        assert found.cost_eur >= foresight.bound_eur() - 1e-9
        assert min(found.regret_eur) >= -1e-9


@pytest.mark.parametrize(
    "charger", [{}, {"charge_min_w": 1380.0}, {"charge_curve": CURVE, "discharge_curve": CURVE}], ids=str
)
def test_nothing_that_lives_costs_less(street, charger):
    course = street.real(home=street.home(charger=charger))
    foresight, quickest = solved(course)
    strategies = [OnArrival(0.8), OnArrival(1.0), Timer(0.8), Rule(FIRST_WORDS), Foreseeing(foresight=foresight)]
    strategies += [Rule(words) for words in tried_words(FIRST_WORDS, "dear_share")]
    strategies += [Whim(seed) for seed in range(5)]
    for strategy in strategies:
        world = lived(strategy, course)
        found = score(strategy.name, course, world, foresight, quickest, np.zeros(course.count))
        if strategy.name != "whim":
            # A whim breaks promises, and promises are what the bound pays for.
            assert found.departures_missed == 0
        assert min(found.regret_eur) >= -1e-9
        assert found.cost_eur >= foresight.bound_eur() - 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_no_whim_beats_it_near_full_and_at_any_price(street, seed):
    """Six hours without a departure: only money, the taper and negative prices."""
    course = street.made_up(home=street.home(week=(), first_soc=0.9, reserve_soc=0.0), seed=seed)
    foresight, _ = solved(course)
    bound = foresight.bound_eur()
    for whim in range(6):
        world = lived(Whim(100 * seed + whim), course)
        assert cost_of(course, world, foresight) >= bound - 1e-9


def test_the_course_that_is_lived_comes_close(street):
    course = street.real()
    foresight, quickest = solved(course)
    arrival = lived(OnArrival(0.8), course)
    best = lived(Foreseeing(foresight=foresight), course)
    possible = cost_of(course, arrival, foresight) - foresight.bound_eur()
    assert possible > 0.5
    assert cost_of(course, best, foresight) - foresight.bound_eur() < 0.03 * possible
    assert score("best", course, best, foresight, quickest, np.zeros(course.count)).departures_missed == 0


def test_regrets_add_up(street):
    course = street.real()
    foresight, quickest = solved(course)
    world = lived(OnArrival(0.8), course)
    found = score("arrival", course, world, foresight, quickest, np.zeros(course.count))
    assert sum(found.regret_eur) == pytest.approx(found.cost_eur - foresight.bound_eur(), abs=1e-9)
    assert len(found.regret_eur) == 2


def test_stored_charge_has_falling_worth(street):
    course = street.real()
    foresight, _ = solved(course)
    worth = [foresight.worth_eur(soc) for soc in np.linspace(0.2, 1.0, 17)]
    gains = np.diff(worth)
    assert (gains >= -1e-9).all()
    assert (np.diff(gains) <= 1e-9).all()
    assert foresight.worth_eur(course.battery().soc) == pytest.approx(0.0)
