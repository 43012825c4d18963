"""Prints the numbers that the unit tests of src/stats hold as those of numpy and scipy.

    pip install numpy scipy && python tests/oracles/statistics.py

Made with Python 3.11, numpy 2.4.6 and scipy 1.17.1. The tests of overlapping columns on effective bases are
written here by UNICOM's formulas, on people made up.
"""

import math

import numpy as np
from scipy import stats

# proportions.rs and means.rs: weight, in column A, in column B, gives the answer, value.
PEOPLE = np.array([
    (1.5, 1, 0, 1, 3), (0.5, 1, 0, 0, 5), (1.0, 1, 1, 1, 4), (2.0, 1, 1, 1, 1),
    (0.8, 1, 1, 0, 2), (1.2, 1, 0, 0, 2), (0.7, 0, 1, 0, 5), (1.3, 0, 1, 1, 4),
    (2.2, 1, 1, 0, 3), (0.4, 0, 1, 0, 1), (1.1, 1, 0, 1, 5), (0.9, 0, 1, 0, 2),
])  # fmt: skip
w, v = PEOPLE[:, 0], PEOPLE[:, 4]
in_a, in_b, gives = (PEOPLE[:, column] == 1 for column in (1, 2, 3))


def base(rows):
    return w[rows].sum(), (w[rows] ** 2).sum()


def effective(rows):
    weighted, squared = base(rows)
    return weighted**2 / squared


for name, rows in (("A", in_a), ("B", in_b), ("both", in_a & in_b)):
    print(name, rows.sum(), *base(rows), "with the answer", w[rows & gives].sum())
e1, e2, e12 = effective(in_a), effective(in_b), effective(in_a & in_b)
factor = 1 / e1 + 1 / e2 - 2 * e12 / (e1 * e2)
df = e1 + e2 - e12 - 2


def told(name, difference, variance):
    t = difference / math.sqrt(variance * factor)
    print(name, *map(repr, map(float, (difference, t, df, 2 * stats.t.sf(abs(t), df)))))


part = [w[rows & gives].sum() for rows in (in_a, in_b)]
whole = [base(rows)[0] for rows in (in_a, in_b)]
pooled = sum(part) / sum(whole)
told("shares", part[0] / whole[0] - part[1] / whole[1], pooled * (1 - pooled))


def spread(rows):
    weighted, squared = base(rows)
    mean = (w[rows] * v[rows]).sum() / weighted
    variance = ((w[rows] * v[rows] ** 2).sum() - weighted * mean**2) / (weighted - 1)
    scale_free = variance * (weighted - 1) / weighted * rows.sum() / (rows.sum() - 1)
    print("mean and standard deviations", *map(repr, map(float, (mean, math.sqrt(variance), math.sqrt(scale_free)))))
    return mean, (weighted - 1) * variance, weighted - squared / weighted


(m1, s1, f1), (m2, s2, f2) = spread(in_a), spread(in_b)
told("means", m1 - m2, (s1 + s2) / (f1 + f2))

# tails.rs
for t, freedom in [(0.5, 3), (1.96, 12.7), (3.1, 250), (4.2, 9999), (4.2, 10001), (2.5, 2e6)]:
    print("t", t, freedom, repr(float(2 * stats.t.sf(t, freedom))))
for confidence, freedom in [(0.95, 1), (0.9, 7.5), (0.95, 1e5), (0.99, 1e8)]:
    print("quantile of t", confidence, freedom, repr(float(stats.t.ppf(0.5 + confidence / 2, freedom))))
for f, df1, df2 in [(5.1, 1.5, 20.9), (2.2, 12, 3e5), (0.4, 6, 14), (3, 1, 199)]:
    print("F", f, df1, df2, repr(float(stats.f.sf(f, df1, df2))))
