"""Summaries of what instances hold, take and lose: what the charts of these draw.

Frames have the columns of the contract (`data/README.md`) and `source`. Block 0 is a warm-up.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from sim.contract import LOSSES, NATIVE
from sim.files import read_rows
from sim.tables.summary import KEY, interval

STATES = ("started", "wrote 8 MiB", "changed 1 byte")
DRAWS, CONFIDENCE = 2000, 0.95
SHARED = {"layers of both images": "layers, for all", "disk image": "disk image, for all",
          "boot files": "kernel and ram disk, for all"}  # fmt: skip


def read(folder: Path | None, name: str, source: str = "measured") -> pd.DataFrame:
    """The rows of one of `LOSSES`; a frame without rows if there is no such file.

    Raises BadTable if it breaks the contract.
    """
    path = folder / f"{name}.csv" if folder else None
    kind: Any = LOSSES[name]
    rows: list[Any] = read_rows(path, kind) if path and path.exists() else []
    return pd.DataFrame(rows, columns=list(kind._fields)).assign(source=source)


def work_ratios(work: pd.DataFrame) -> pd.DataFrame:
    """One row an isolation and kind of work: its rate relative to native, with an interval.

    Ratio of medians; `low` and `high` are the bootstrap's 95 % (Efron and Tibshirani, An
    Introduction to the Bootstrap, chapter 13, percentile). `trials`: those of the isolation.
    """
    done = work[work["amount"].notna() & (work["kind"] != "nothing")]
    rated = done.assign(rate=done["amount"] / done["inside_s"])
    native = {kind: list(rows["rate"]) for kind, rows in
              rated[rated["isolation"] == NATIVE].groupby("kind")}  # fmt: skip
    found = []
    for (*key, kind), rows in rated.groupby([*KEY, "kind"], sort=False):
        if key[KEY.index("isolation")] != NATIVE and kind in native:
            ratio, low, high = ratio_of_medians(list(rows["rate"]), native[kind])
            found.append((*key, kind, len(rows), ratio, low, high))
    return pd.DataFrame(found, columns=[*KEY, "kind", "trials", "ratio", "low", "high"])


def ratio_of_medians(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """The ratio and its interval.

    >>> ratio_of_medians([2.0, 2.0], [4.0])
    (0.5, 0.5, 0.5)
    """
    chance = random.Random(1)
    drawn = sorted(
        median(chance.choices(ours, k=len(ours))) / median(chance.choices(theirs, k=len(theirs)))
        for _ in range(DRAWS)
    )
    tail = round((1 - CONFIDENCE) / 2 * DRAWS)
    return median(ours) / median(theirs), drawn[tail], drawn[-1 - tail]


def way_between(reconciliation: pd.DataFrame, isolation: str, n: int) -> pd.DataFrame:
    """The lines from account to account of `n` instances, medians of all readings.

    A row an order of touching and line, in their order; `begin_mib` is where its bar begins: at 0
    for an account, at the sum so far for a line.
    """
    rows = reconciliation[(reconciliation["isolation"] == isolation) & (reconciliation["n"] == n)]
    groups = rows.groupby([*KEY, "touched", "line", "kind", "text"], sort=False)
    lines = groups["value_mib"].median().reset_index().sort_values(["touched", "line"])
    begins: list[float] = []
    at = 0.0
    for row in lines.itertuples():
        stands = row.kind in ("account", "noise")
        begins.append(0.0 if stands else at)
        at = row.value_mib if row.kind == "account" else at + (0.0 if stands else row.value_mib)
    return lines.assign(begin_mib=begins, n=n)


def disk_use(disk: pd.DataFrame) -> pd.DataFrame:
    """What lies on the disk for one instance: parts that all share, and its own by what it did.

    Own: the instances of the largest n, divided by n. Columns: `what`, `shared`, `n` and the sizes.
    """
    sizes = ["apparent_mib", "allocated_mib"]
    groups = disk.groupby([*KEY, "n", "state", "part"], sort=False)[sizes].median().reset_index()
    found = []
    for _, rows in groups.groupby(KEY, sort=False):
        last = rows[rows["n"] == rows["n"].max()]
        once = last.drop_duplicates("part")
        # Guests have a disk of the image; what its layers take is for those who mount them.
        unused = {"layers of both images"} if (once["part"] == "disk image").any() else set()
        shared = once[once["part"].isin(SHARED.keys() - unused)]
        own = last[last["part"] == "instances"]
        own = own.sort_values("state", key=lambda states: states.map(STATES.index))
        each = {size: own[size] / own["n"] for size in sizes}
        found.append(shared.assign(what=shared["part"].map(SHARED), shared=True))
        found.append(own.assign(what=own["state"], shared=False, **each))
    if not found:
        return pd.DataFrame(columns=[*KEY, "n", "what", "shared", *sizes])
    return pd.concat(found, ignore_index=True)[[*KEY, "n", "what", "shared", *sizes]]


def last_that_fitted(density: pd.DataFrame) -> pd.DataFrame:
    """One row an isolation: how many fitted, `n`, and in `stop` why there were no more."""
    last = density.loc[density.groupby(KEY, sort=False)["n"].idxmax()]
    return last[[*KEY, "n", "stop"]].reset_index(drop=True)


def beside_neighbours(neighbours: pd.DataFrame) -> pd.DataFrame:
    """One row an isolation, kind of work, noise and limit: its rate relative to peace.

    Compared within a trial: `ratio` is the median over trials of rate beside / rate in peace, `low`
    and `high` its interval (`sim.tables.summary.interval`), `trials` how many there are.
    """
    rated = neighbours.assign(rate=neighbours["amount"] / neighbours["inside_s"]).dropna()
    trial = [*KEY, "kind", "run"]
    peace = rated[rated["noise"] == ""].set_index(trial)["rate"].rename("peace")
    beside = rated[rated["noise"] != ""].join(peace, on=trial, how="inner")
    cases = [*KEY, "kind", "noise", "limit"]
    found = []
    for case, rows in beside.groupby(cases, sort=False):
        one = interval(rows["rate"] / rows["peace"])
        found.append((*case, one.n, one.median, one.low, one.high))
    return pd.DataFrame(found, columns=[*cases, "trials", "ratio", "low", "high"])


def image_layers(
    tree: Iterable[Mapping[str, Any]], image: str, machine: str, source: str = "measured"
) -> pd.DataFrame:
    """One row an instruction of an image, base first, from what `realrun image tree --json` prints.

    `size_mib` is NaN of an instruction that made no layer; `adds`, `changes` and `hides` count
    names, `shared_with` are the names of other images that have the layer.
    """
    rows = [
        {
            "source": source,
            "machine": machine,
            "image": image,
            "created_by": one["created_by"],
            "size_mib": one["size_bytes"] / 2**20 if one["diff_id"] else float("nan"),
            **{effect: len(one[effect]) for effect in ("adds", "changes", "hides")},
            "shared_with": ", ".join(one["shared_with"]),
        }
        for one in tree
    ]
    return pd.DataFrame(rows)
