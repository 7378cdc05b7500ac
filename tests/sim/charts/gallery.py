"""Every chart with tables to draw it from. All numbers are invented, or simulated from them."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from sim.calibrate import calibrate
from sim.charts import CHARTS, Picture
from sim.contract import Answer
from sim.experiments.memory import memory
from sim.experiments.storm import storm
from sim.profiles import Profile
from sim.sweep.sensitivity import Index, Question, Swing
from sim.tables import as_frame, load, together
from sim.tables.answers import answered, fitting, swung
from sim.tables.losses import (
    beside_neighbours,
    disk_use,
    image_layers,
    last_that_fitted,
    way_between,
    work_ratios,
)
from sim.tables.summary import (
    latencies,
    median_start,
    memory_points,
    one_instance,
    prediction_errors,
    quantities,
    start_medians,
    start_totals,
    storm_points,
)
from tests.sim import made_up

WHERE = {"process": "none", "container": "none", "uml": "uml", "qemu": "tcg"}
AIMS = {"storm makespan [s]": 0.1, "memory pss [MiB]": 0.05, "storm p50 [s]": 0.1}
NS = [1, 2, 4, 8]


def frame(rows: list[dict[str, object]], source: str = "measured") -> pd.DataFrame:
    return pd.DataFrame(rows).assign(source=source, machine="made-up")


def recorded(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows, those of qemu as if they were recorded on another machine."""
    is_qemu = frame["isolation"] == "qemu"
    source = frame["source"].mask(is_qemu, "recorded")
    return frame.assign(source=source, machine=frame["machine"].mask(is_qemu, "elsewhere"))


def work() -> pd.DataFrame:
    """Native does 100 a second of everything, a container 90, an emulated guest 10."""
    speeds = {"native": 100.0, "container": 90.0, "qemu": 10.0}
    rows = [
        {"isolation": name, "accelerator": WHERE.get(name, "none"), "kind": kind, "run": run,
         "amount": speed * 2, "inside_s": 2.0}
        for name, speed in speeds.items() for kind in ("random read", "page faults", "nothing")
        for run in (1, 2)
    ]  # fmt: skip
    failed = {**rows[-1], "kind": "redis", "amount": float("nan")}
    return frame([*rows, failed])


def density() -> pd.DataFrame:
    rows = [
        {"isolation": name, "accelerator": WHERE[name], "n": n, "start_s": 0.01 * n,
         "stop": stop * (n == most)}
        for name, most, stop in (("container", 9, "most"), ("qemu", 3, "memory"))
        for n in range(1, most + 1)
    ]  # fmt: skip
    return frame(rows)


def disk() -> pd.DataFrame:
    """Two containers and two guests of an image: shared parts, and 1, 8, 16 MiB each."""
    layers = {"layers of both images": 2.0}
    shared = {"container": layers, "qemu": layers | {"disk image": 9.0}}
    each = {"changed 1 byte": 16.0, "started": 1.0, "wrote 8 MiB": 8.0}
    rows = [
        {"isolation": name, "accelerator": WHERE[name], "n": 2, "state": state, "part": part,
         "apparent_mib": 2 * value, "allocated_mib": value}
        for name in shared for state in each
        for part, value in {**shared[name], "instances": 2 * each[state]}.items()
    ]  # fmt: skip
    return frame(rows)


def accounts() -> pd.DataFrame:
    """From 10 by a step of -4 to 6, and unexplained to 5; read twice, in both orders."""
    shared = "pages that others have as well, by their part"
    lines = [("account", "rss", 10.0), ("line", shared, -4.0), ("account", "pss", 6.0),
             ("unexplained", "unexplained, up to cgroup", -1.0), ("account", "cgroup", 5.0),
             ("noise", "available, without any start", 3.0)]  # fmt: skip
    return frame([
        {"isolation": "qemu", "accelerator": "tcg", "n": 1, "touched": touched, "line": number,
         "kind": kind, "text": text, "value_mib": value}
        for _ in range(2) for touched in ("others", "own")
        for number, (kind, text, value) in enumerate(lines)
    ])  # fmt: skip


def neighbours() -> pd.DataFrame:
    """In peace 100 a second; beside a neighbour half of it, held back nine tenths."""
    cases = {("", ""): 100.0, ("cpu", ""): 50.0, ("cpu", "--cpus 0.25"): 90.0}
    return frame([
        {"isolation": name, "accelerator": WHERE[name], "noise": noise, "limit": limit,
         "kind": "integer", "run": run, "amount": rate * (1 + 0.02 * run), "inside_s": 1.0}
        for name in ("container", "qemu") for run in range(1, 7)
        for (noise, limit), rate in cases.items() if name == "container" or not limit
    ])  # fmt: skip


def layers() -> pd.DataFrame:
    """Three layers, of which another image has one, and an instruction that only sets something."""

    def one(words: str, mib: float | None, adds: int, hides: int, *sharers: str) -> dict[str, Any]:
        names = {"adds": ["a"] * adds, "changes": [], "hides": ["h"] * hides}
        layer = {"diff_id": None if mib is None else "sha256:1", "size_bytes": (mib or 0) * 2**20}
        return {"created_by": words, "shared_with": list(sharers), **names, **layer}

    tree = [
        one("FROM busybox", 1.9, 400, 0, "other:latest"),
        one("RUN make everything && echo $HOME ${HOME:-a long line that is cut}", 24.0, 12, 0),
        one('CMD ["/hello"]', None, 0, 0),
        one("RUN rm -rf /tmp/made", 0.0, 0, 9),
    ]
    return image_layers(tree, "demo:latest", "made-up")


def served() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten windows of a service with two isolations, and its hosts."""
    windows, residents = [], []
    for name, slow in (("process", 1), ("qemu", 3)):
        key = {"isolation": name, "accelerator": WHERE[name], "policy": "keep 10 s"}
        for at in range(10):
            counts = {"asked": 100 + 30 * (at % 4), "cold": slow * (at % 5), "running": 4 + at % 4}
            windows.append({**key, "t_s": 30.0 * at, "every_s": 30.0, **counts})
            residents += [{**key, "t_s": 30.0 * at, "host": host, "instances": (host + at) % 5}
                          for host in range(6)]  # fmt: skip
    return frame(windows, "simulated"), frame(residents, "simulated")


def papers() -> pd.DataFrame:
    """Two systems of a curve, and a prediction for each."""
    rows = [
        {"source": source, "citation": "Somebody et al., Nowhere 2000", "curve_id": "made-up-curve",
         "system": system, "x_name": "parallel starts", "x": x, "y_name": "boot time",
         "unit": "ms", "y": y * x**0.5 * off, "n": 500 if source == "published" else None,
         "low": 0.8 * y * x**0.5, "high": 1.3 * y * x**0.5}
        for system, y in (("Light monitor v1.2", 150.0), ("Full machine with firmware", 900.0))
        for source, off in (("published", 1.0), ("simulated", 1.1)) for x in (1, 10, 50)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def compared() -> pd.DataFrame:
    columns = "experiment arm unit a_n b_n a_median b_median ratio ratio_low ratio_high verdict"
    rows = [
        ("startup", "container, hot", "s", 20, 20, 0.0065, 0.0071, 1.09, 1.01, 1.2, "more"),
        ("memory", "4 x uml", "MiB", 3, 6, 80.0, 79.0, 0.99, 0.98, 1.0, "cannot tell"),
    ]
    return pd.DataFrame(rows, columns=columns.split())


def swings(profile: Profile) -> pd.DataFrame:
    question = Question(profile, "qemu", 8, "makespan_s")
    middle = question.answer(profile)
    told = [Swing("isolation.qemu.stage.guest kernel.cpu_s", 0.85 * middle, 1.15 * middle),
            Swing("isolation.qemu.stage.firmware.cpu_s", 0.97 * middle, 1.02 * middle)]  # fmt: skip
    return swung(question, told, [Index(told[0].path, 0.9, 0.92)], 0.2)


def densities(profile: Profile) -> pd.DataFrame:
    return fitting(answered(profile, [
        Answer("density", name, "", quantity, value)
        for name, most in (("process", 9000.0), ("qemu", 60.0))
        for quantity, value in (("instances", most), ("full_of_memory", 1.0), ("full_of_cpu", 0.0))
    ]))  # fmt: skip


def waits(profile: Profile) -> pd.DataFrame:
    return answered(profile, [
        Answer("cold_starts", name, f"policy={policy}", "response_p99_s", value)
        for name, value in (("process", 0.2), ("container", 0.21), ("qemu", 9.0))
        for policy in ("none", "keep 10 s")
    ])  # fmt: skip


def modelled(name: str, run: Callable[..., list[Any]], profile: Profile) -> pd.DataFrame:
    """Simulated rows of a table."""
    rows = [row for one in profile.isolation for row in run(profile, one, NS)]
    return as_frame(name, rows, "simulated")


@cache
def tables() -> dict[str, tuple[Any, ...]]:
    """By the name of a chart what it is called with."""
    with TemporaryDirectory() as folder:
        measured = load(made_up.tables(Path(folder)))
        profile = calibrate(Path(folder)).profile
    startup, stormy, held = map(recorded, (measured.startup, measured.storm, measured.memory))
    storms, memories = modelled("storm", storm, profile), modelled("memory", memory, profile)
    points = together(memory_points(held, "pss"), memory_points(memories, "pss"))
    errors = prediction_errors(quantities(stormy, held), quantities(storms, memories))
    windows, residents = served()
    return {
        "stacks": (one_instance(held), 1.5),
        "waterfall": (median_start(startup),),
        "starts": (start_totals(startup), start_medians(startup)),
        "storm": (together(storm_points(stormy), storm_points(storms), theirs()),),
        "latencies": (together(latencies(stormy), latencies(storms)),),
        "memory": (points,),
        "memory_parts": (points,),
        "accounts": (way_between(accounts(), "qemu", 1),),
        "density": (density(),),
        "fits": (together(last_that_fitted(density()), densities(profile)),),
        "disk": (disk_use(disk()),),
        "layers": (layers(),),
        "work": (work_ratios(work()),),
        "neighbours": (beside_neighbours(neighbours()),),
        "validation": (errors, AIMS),
        "sensitivity": (swings(profile),),
        "cold_starts": (windows,),
        "fleet": (residents,),
        "answers": (waits(profile), "response_p99_s"),
        "published": (papers(),),
        "comparison": (compared(), "one, machine made-up", "other, machine made-up"),
    }


def theirs() -> pd.DataFrame:
    """Points of storms as a paper might have them."""
    rows = [{"isolation": "microvm", "accelerator": "kvm", "n": n, "makespan_s": 0.16 * n**0.5,
             "p50_s": 0.15 * n**0.4, "storms": 1} for n in NS]  # fmt: skip
    return frame(rows, "published").assign(machine="m5d.metal")


@cache
def drawn(name: str, language: str) -> Picture:
    """A chart of the gallery."""
    chart = next(one for one in CHARTS if one.name == name)
    return chart(*tables()[name], language=language)
