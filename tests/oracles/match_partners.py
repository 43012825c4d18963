"""Prints the numbers that the unit tests of assignment.rs, credibility.rs and tails.rs (beta) in src/stats
hold as those of scipy.

    pip install numpy scipy && python tests/oracles/match_partners.py

Made with Python 3.11, numpy 2.4.6 and scipy 1.17.1.
"""

import numpy as np
from scipy import stats
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import coo_array


def made_up(groups, places, seed):
    state = seed

    def draw():
        nonlocal state
        state = state * 1_103_515_245 % 2_147_483_647
        return state

    supply = [draw() % 40 for _ in range(groups)]
    room = [draw() % 30 for _ in range(places)]
    routes = []
    for group in range(groups):
        for place in range(places):
            there, gain = draw() % 3, draw() % 10_000
            if there > 0:
                routes.append((group, place, gain / 100))
    return supply, room, routes


def linear(groups, places, seed):
    supply, room, routes = made_up(groups, places, seed)
    of, to, gains = zip(*routes)
    count = range(len(routes))
    rows = coo_array(
        (np.ones(2 * len(routes)), (list(of) + [groups + place for place in to], [*count, *count])),
        shape=(groups + places, len(routes)),
    )
    found = linprog(-np.array(gains), A_ub=rows.tocsr(), b_ub=supply + room, method="highs")
    return -found.fun


def square(n, seed):
    gains = np.zeros((n, n))
    for group, place, gain in made_up(n, n, seed)[2]:
        gains[group, place] = gain
    return gains[linear_sum_assignment(gains, maximize=True)].sum()


def spread(groups):
    """The variance within groups, and k."""
    n = np.array([len(group) for group in groups], float)
    within = sum(((group - group.mean()) ** 2).sum() for group in groups) / (n.sum() - len(n))
    even = (n.sum() - (n**2).sum() / n.sum()) / (len(n) - 1)
    between = within * (stats.f_oneway(*groups).statistic - 1) / even
    return within, within / between


def rates():
    groups = [np.repeat([1.0, 0.0], [yes, n - yes]) for n, yes in [(40, 26), (25, 7), (60, 21), (12, 8), (33, 9)]]
    within, k = spread(groups)
    whole = np.concatenate(groups).mean()
    print(f"within {within!r}, k {k!r}")
    for group in groups:
        belief = stats.beta(group.sum() + k * whole, (1 - group).sum() + k * (1 - whole))
        print([float(x / whole) for x in (group.mean(), belief.mean(), belief.ppf(0.025), belief.ppf(0.975))])


def means():
    groups = [
        np.array([12.5, 8.0, 30.25, 17.0, 22.0, 9.5]),
        np.array([33.0, 20.5, 25.0]),
        np.array([15.0, 21.5, 11.0, 19.0]),
        np.array([26.0, 14.0, 28.5, 30.0, 17.0]),
    ]
    within, k = spread(groups)
    together = np.concatenate(groups)
    whole = together.mean()
    print(f"k {k!r}")
    for group in groups:
        n = len(group)
        centre = (group.sum() + k * whole) / (n + k)
        reach = stats.t.ppf(0.95, len(together) - len(groups)) * np.sqrt(within / (n + k))
        print([float(x / whole) for x in (group.mean(), centre, centre - reach, centre + reach)])


rates()
means()
for p, a, b in [
    (0.025, 3.5, 9.25), (0.975, 3.5, 9.25), (0.5, 1, 1), (0.025, 0.3, 14), (0.975, 80.2, 2.5),
    (0.1, 1500.5, 3200), (0.9, 5e5, 1e6), (0.975, 0.05, 0.4), (0.025, 0.5, 0.5),
]:
    print((p, a, b, float(stats.beta.ppf(p, a, b))))
for groups, places, seed in [(3, 5, 1), (8, 40, 7), (12, 30, 11), (40, 12, 5), (25, 200, 99)]:
    print(f"({groups}, {places}, {seed}, {linear(groups, places, seed):.10g}),")
for n, seed in [(6, 3), (25, 4), (60, 5)]:
    print(f"({n}, {seed}, {square(n, seed):.10g}),")
