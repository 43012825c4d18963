"""Customer lifetime value, clusters and scores: what growthring's formulas are timed against.

The same numbers go to `benches/value.rs` and to the peers, each in a process of its own, in turns. Only the
computation is timed, from numbers in memory to the result; reading and importing are not. Every result is
compared: fits by their likelihood and parameters, clusters from the same first centroids by inertia, sizes and
rounds, scores partner by partner, rank intervals (whose draws are not the same) on average.

    python -m venv venv
    venv/bin/pip install numpy==1.26.4 pandas==2.1.4 scipy==1.11.4 lifetimes==0.11.3 scikit-learn pymcdm
    cargo build --release --bench value
    venv/bin/python benches/value_peers.py --ours target/release/deps/value-<hash>

`lifetimes` is archived and wants the old versions. Printed are ratios, peer to growthring, of the best and of
the median turn: above 1 growthring is faster.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")


def customers(n):
    """Repeats, recency and age in weeks, of whole days, of customers who buy and leave by chance."""
    import numpy as np

    random = np.random.default_rng(5)
    age = random.integers(26 * 7, 79 * 7, n) / 7
    rate = random.gamma(0.6, 1 / 6.0, n)
    leaves = random.beta(0.9, 2.4, n)
    rows = np.zeros((n, 3))
    rows[:, 2] = age
    for at in range(n):
        now, last, repeats = 0.0, 0.0, 0
        while True:
            now += random.exponential(1 / max(rate[at], 1e-12))
            day = np.ceil(now * 7) / 7
            if day > age[at]:
                break
            if day > last:
                last, repeats = day, repeats + 1
            if random.random() < leaves[at]:
                break
        rows[at, :2] = repeats, last
    return rows


def points(n, dimensions=6, groups=8):
    import numpy as np

    random = np.random.default_rng(6)
    middles = random.normal(scale=2.0, size=(groups, dimensions))
    rows = middles[random.integers(0, groups, n)] + random.normal(size=(n, dimensions))
    return rows, rows[random.choice(n, groups, replace=False)]


def partners(n, indicators=6):
    """Indicators that go together a little; the last row holds their weights."""
    import numpy as np

    random = np.random.default_rng(7)
    quality = random.normal(size=(n, 1))
    rows = np.exp(0.4 * quality + random.normal(scale=0.6, size=(n, indicators)))
    return np.vstack([rows, [3, 2, 2, 1, 1, 1][:indicators]])


def fitted(rows, model):
    import lifetimes

    fitter = {"bg_nbd": lifetimes.BetaGeoFitter, "mbg_nbd": lifetimes.ModifiedBetaGeoFitter,
              "pareto_nbd": lifetimes.ParetoNBDFitter}[model](penalizer_coef=0.0)
    start = time.perf_counter()
    fitter.fit(rows[:, 0], rows[:, 1], rows[:, 2])
    seconds = time.perf_counter() - start
    return seconds, {"parameters": list(fitter.params_)}


def clustered(rows, given, algorithm):
    import numpy as np
    from sklearn.cluster import KMeans

    k_means = KMeans(len(given), init=given, n_init=1, max_iter=1000, tol=0.0, algorithm=algorithm)
    start = time.perf_counter()
    k_means.fit(rows)
    seconds = time.perf_counter() - start
    sizes = sorted(np.bincount(k_means.labels_).tolist(), reverse=True)
    return seconds, {"inertia": k_means.inertia_, "rounds": k_means.n_iter_, "sizes": sizes}


def scored(rows, what):
    import numpy as np
    from pymcdm.methods import TOPSIS, WSM
    from pymcdm.normalizations import minmax_normalization

    values, weights = rows[:-1], rows[-1] / rows[-1].sum()
    method = {"topsis": TOPSIS, "arithmetic": WSM}[what](normalization_function=minmax_normalization)
    start = time.perf_counter()
    made = method(values, weights, np.ones(values.shape[1]))
    return time.perf_counter() - start, (made * (100.0 if what == "arithmetic" else 1.0)).tolist()


def ranked(rows):
    """A thousand draws by hand, as fast as numpy and scipy make it: COINr is not on PyPI."""
    import numpy as np
    from scipy.stats import rankdata

    values, weights = rows[:-1], rows[-1]
    start = time.perf_counter()
    normal = (values - values.min(0)) / (values.max(0) - values.min(0)) * 100
    random = np.random.default_rng(1)
    came = np.empty((1000, len(values)), dtype=np.int32)
    for draw in range(1000):
        drawn = weights * random.uniform(0.75, 1.25, len(weights))
        came[draw] = rankdata(-(normal @ (drawn / drawn.sum())), method="min")
    found = np.quantile(came, [0.05, 0.5, 0.95], axis=0, method="inverted_cdf").T
    return time.perf_counter() - start, found.tolist()


def peer(task, folder):
    """One turn of a peer, in a process of its own."""
    import numpy as np

    what, how = task.split(":")
    rows = np.loadtxt(folder / f"{FILES[what]}.csv", delimiter=",", ndmin=2)
    if FILES[what] == "customers":
        made = fitted(rows, what)
    elif what == "k_means":
        made = clustered(rows, np.loadtxt(folder / "given.csv", delimiter=",", ndmin=2), how)
    else:
        made = ranked(rows) if what == "ranks" else scored(rows, what)
    print(json.dumps(made))


FILES = {"bg_nbd": "customers", "mbg_nbd": "customers", "pareto_nbd": "customers", "k_means": "points",
         "arithmetic": "partners", "topsis": "partners", "ranks": "partners"}
PEERS = {"bg_nbd": ["lifetimes"], "mbg_nbd": ["lifetimes"], "pareto_nbd": ["lifetimes"],
         "k_means": ["lloyd", "elkan"], "arithmetic": ["pymcdm"], "topsis": ["pymcdm"], "ranks": ["numpy"]}


def log_likelihood(model, parameters, rows):
    """Of the peer's parameters, by its own formula."""
    import lifetimes
    import numpy as np

    columns = [rows[:, at] for at in range(3)]
    if model == "pareto_nbd":
        return lifetimes.ParetoNBDFitter()._conditional_log_likelihood(parameters, *columns).sum()
    fitter = {"bg_nbd": lifetimes.BetaGeoFitter, "mbg_nbd": lifetimes.ModifiedBetaGeoFitter}[model]
    mean = fitter._negative_log_likelihood(np.log(parameters), *columns, np.ones(len(rows)), 0.0)
    return -mean * len(rows)


def compare(what, ours, theirs, rows):
    """What is the same, in words; an error where it should be and is not."""
    import numpy as np

    if FILES[what] == "customers":
        likelihoods = [log_likelihood(what, made["parameters"], rows) for made in (ours, theirs)]
        assert ours["converged"] and abs(likelihoods[0] / ours["log_likelihood"] - 1) < 1e-9, "another likelihood"
        assert likelihoods[0] >= likelihoods[1] - 1e-6, "a lower maximum than theirs"
        apart = max(abs(a / b - 1) for a, b in zip(ours["parameters"], theirs["parameters"]))
        assert apart < 0.02, f"parameters {apart:.3f} apart"
        return f"likelihood {likelihoods[0] - likelihoods[1]:.1g} above, parameters {apart:.1g} apart"
    if what == "k_means":
        assert abs(ours["inertia"] / theirs["inertia"] - 1) < 1e-9, "another inertia"
        assert ours["sizes"] == theirs["sizes"], "other clusters"
        return f"the same clusters, {ours['rounds']} and {theirs['rounds']} rounds"
    ours, theirs = np.array(ours), np.array(theirs)
    if what == "ranks":
        apart = np.abs(ours - theirs).mean(0) / len(ours)
        assert (apart < 0.005).all(), f"ranks {apart} of all places apart"
        return f"on average {apart.max():.2g} of all places apart"
    assert np.abs(ours - theirs).max() < 1e-9 * np.abs(theirs).max(), "other scores"
    return "the same scores"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", help="the bench binary, target/release/deps/value-<hash>")
    parser.add_argument("--tasks", default=",".join(PEERS), help="which to run, by commas")
    parser.add_argument("--customers", type=int, default=25_000)
    parser.add_argument("--points", type=int, default=200_000)
    parser.add_argument("--partners", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        peer(arguments.peer, arguments.folder)
        return
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        rows, given = points(arguments.points)
        tables = {"customers": customers(arguments.customers), "points": rows,
                  "partners": partners(arguments.partners)}
        for name, table in (*tables.items(), ("given", given)):
            np.savetxt(folder / f"{name}.csv", table, delimiter=",", fmt="%.17g")
        for what in arguments.tasks.split(","):
            seconds, made = {}, {}
            for _ in range(arguments.repeat):
                for name in ["growthring", *PEERS[what]]:
                    if name == "growthring":
                        command = [arguments.ours, what, folder / f"{FILES[what]}.csv", "--repeat", "3",
                                   "--given", folder / "given.csv"]
                    else:
                        command = [sys.executable, __file__, "--peer", f"{what}:{name}", "--folder", folder]
                    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
                    ours = name == "growthring"
                    turns, made[name] = (told["seconds"], told["result"]) if ours else ([told[0]], told[1])
                    seconds.setdefault(name, []).extend(turns)
            for name in PEERS[what]:
                ratios = [f(seconds[name]) / f(seconds["growthring"]) for f in (min, statistics.median)]
                told = compare(what, made["growthring"], made[name], tables[FILES[what]])
                print(f"{what:11} {name:10} best {ratios[0]:7.2f}  median {ratios[1]:7.2f}   {told}", flush=True)


if __name__ == "__main__":
    main()
