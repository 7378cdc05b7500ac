"""What the model answers, as tidy tables: with source, machine, isolation and accelerator."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from sim.contract import Answer
from sim.experiments.over_time import over_time as one_over_time
from sim.profiles import Profile
from sim.sweep.sensitivity import Index, Question, Swing

FULL_OF = "full_of_"


def answered(profile: Profile, answers: Iterable[Answer]) -> pd.DataFrame:
    """Answers of `sim experiment` with the columns that charts ask for; a row a number."""
    frame = pd.DataFrame(list(answers), columns=list(Answer._fields))
    machine = profile.provenance.machine
    accelerators = [profile[name].accelerator for name in frame["isolation"]]
    return frame.assign(source="simulated", machine=machine, accelerator=accelerators)


def fitting(answers: pd.DataFrame) -> pd.DataFrame:
    """Of the answers to `density` a row an isolation: how many fit, `n`; what is full, `stop`."""
    rows = answers[answers["experiment"] == "density"]
    keys = ["source", "machine", "isolation", "accelerator"]
    found = []
    for key, own in rows.groupby(keys, sort=False):
        values = dict(zip(own["quantity"], own["value"], strict=True))
        full = [name.removeprefix(FULL_OF) for name, yes in values.items()
                if name.startswith(FULL_OF) and yes]  # fmt: skip
        found.append((*key, int(values["instances"]), full[0] if full else ""))
    return pd.DataFrame(found, columns=[*keys, "n", "stop"])


def swung(
    question: Question, swings: Sequence[Swing], indices: Iterable[Index], spread: float
) -> pd.DataFrame:
    """One row a parameter: the answer with it smaller (`low`) and larger (`high`) by `spread`.

    `middle` is the answer itself, `total` Sobol's total index, NaN where it was not worked out.
    """
    totals = {one.path: one.total for one in indices}
    profile, name = question.profile, question.isolation
    rows = [(short(name, one.path), one.low, one.high, totals.get(one.path)) for one in swings]
    return pd.DataFrame(rows, columns=["name", "low", "high", "total"]).assign(
        source="simulated",
        machine=profile.provenance.machine,
        isolation=name,
        accelerator=profile[name].accelerator,
        n=question.n,
        quantity=question.quantity,
        middle=question.answer(profile),
        spread=spread,
        total=lambda frame: frame["total"].astype(float),
    )


def short(isolation: str, path: str) -> str:
    """A parameter's path without what all of an isolation's have in common.

    >>> short("qemu", "isolation.qemu.stage.kernel.cpu_s")
    'kernel.cpu_s'
    """
    return path.removeprefix(f"isolation.{isolation}.").removeprefix("stage.")


def over_time(
    profile: Profile,
    isolations: Iterable[str],
    policy: str,
    *,
    seed: int = 0,
    arrivals: Path | Sequence[float] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The service of `sim experiment cold_starts` window by window: two tables.

    The first is for the chart `cold_starts`, a row a window; the second for `fleet`, a row a host
    and moment. Every isolation meets the same requests: `arrivals`, as in `cold_starts`.
    """
    served, residents = [], []
    for name in isolations:
        found = one_over_time(profile, name, policy, seed=seed, arrivals=arrivals)
        key = {
            "source": "simulated",
            "machine": profile.provenance.machine,
            "isolation": name,
            "accelerator": profile[name].accelerator,
            "policy": policy,
        }
        served.append(pd.DataFrame(found.windows).assign(**key))
        residents.append(pd.DataFrame(found.residents).assign(**key))
    return pd.concat(served, ignore_index=True), pd.concat(residents, ignore_index=True)
