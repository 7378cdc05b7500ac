"""Sweeps: the same bytes wherever they run, nothing finished is lost, mistakes are one line."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sim.cli import main
from sim.errors import BadScenario
from sim.profile_files import write_profile
from sim.profiles import InstanceMemory
from sim.sweep.blocks import Inline, Processes
from sim.sweep.driver import Sweep, mean_of
from sim.sweep.scenario import read_scenario
from sim.sweep.store import Store
from tests.sim.profiles_made_up import profile

ROOT = Path(__file__).parents[2]
SMALL = """
profile = "profile.toml"
experiment = "storm"
seed = 7
[grid]
isolation = ["process", "qemu"]
n = [1, 30]
"host.cores" = [1, 4]
[replications]
least = 4
most = 32
quantity = "p50_s"
half_width_ratio = 0.05
"""
# Long enough to be killed in the middle: some seconds of work, in blocks of tenths.
LONG = SMALL.replace("n = [1, 30]", "n = [100, 130]").replace("0.05", "0.0001")


def scenario(folder: Path, text: str = SMALL) -> Path:
    write_profile(folder / "profile.toml", profile(spread=0.3))
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return path


def swept(path: Path, output: Path, *flags: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sim", "sweep", str(path), "-o", str(output), *flags]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for(there, process: subprocess.Popen[str] | None = None) -> None:
    """Until `there()`; a process that ends before has its output shown."""
    for _ in range(3000):
        if there():
            return
        if process is not None and process.poll() is not None:
            pytest.fail(process.communicate()[0])
        time.sleep(0.02)
    pytest.fail("waited for a minute in vain")


def blocks(output: Path) -> list[Path]:
    return sorted((output / "blocks").glob("*.parquet"))


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A long scenario and what one process makes of it."""
    folder = tmp_path_factory.mktemp("long")
    path = scenario(folder, LONG)
    assert main(["sweep", str(path), "-o", str(folder / "one"), "--workers", "1"]) == 0
    return path, (folder / "one" / "results.parquet").read_bytes()


def test_each_point_stops_when_it_knows_enough(tmp_path, capsys):
    path = scenario(tmp_path)
    assert main(["sweep", str(path), "-o", str(tmp_path / "out"), "--workers", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "out" / "results.parquet")
    rows = pq.read_table(tmp_path / "out" / "results.parquet").to_pylist()
    counts = {}
    for row in rows:
        counts.setdefault(row["point"], []).append(row["p50_s"])
    assert len(counts) == 8
    assert {len(values) for values in counts.values()} <= {4, 8, 16, 32}
    assert len({len(values) for values in counts.values()}) > 1
    for values in counts.values():
        found = mean_of(values)
        assert len(values) == 32 or found.half_width <= 0.05 * found.value
    assert {row["host.cores"] for row in rows} == {1, 4}


def test_points_meet_the_same_luck(tmp_path):
    """Common random numbers: the first replication of a point is that of a sweep of this point."""
    rows = {}
    for name, text in (("both", SMALL), ("one", SMALL.replace('["process", "qemu"]', '"qemu"'))):
        (tmp_path / name).mkdir()
        path = scenario(tmp_path / name, text)
        assert main(["sweep", str(path), "-o", str(tmp_path / name / "o"), "--workers", "1"]) == 0
        table = pq.read_table(tmp_path / name / "o" / "results.parquet").to_pylist()
        rows[name] = [
            {k: v for k, v in row.items() if k != "point"}
            for row in table
            if row["isolation"] == "qemu"
        ]
    assert rows["both"] == rows["one"]


def test_a_killed_worker_costs_nothing_that_was_finished(long, tmp_path):
    path, expected = long
    pool = Processes(2)
    found = read_scenario(path)
    sweep = Sweep(found, Store(tmp_path, found))
    killed = []

    def progress(_done: int, _total: int) -> None:
        if blocks(tmp_path) and not killed:
            victim = next(iter(pool._pool._processes))
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    try:
        done = sweep.run(pool, progress)
    finally:
        pool.close()
    assert killed
    assert sweep.store.join(done).read_bytes() == expected


def test_a_killed_sweep_goes_on_where_it_was(long, tmp_path):
    path, expected = long
    process = swept(path, tmp_path / "out", "--workers", "2")
    wait_for(lambda: len(blocks(tmp_path / "out")) > 5, process)
    process.kill()
    process.communicate()
    assert not (tmp_path / "out" / "results.parquet").exists()
    before = {one: one.stat().st_mtime_ns for one in blocks(tmp_path / "out")}
    (tmp_path / "out" / "blocks" / "000000-000000.parquet.unfinished").write_text("half")
    assert main(["sweep", str(path), "-o", str(tmp_path / "out"), "--workers", "1"]) == 0
    assert (tmp_path / "out" / "results.parquet").read_bytes() == expected
    assert {one: one.stat().st_mtime_ns for one in before} == before
    assert not list((tmp_path / "out").rglob("*.unfinished"))


@pytest.fixture
def cluster(tmp_path):
    """A Dask scheduler and three workers, each a process of its own; address and workers."""
    told = tmp_path / "scheduler.json"
    flags = ["--scheduler-file", str(told)]
    log = (tmp_path / "cluster.log").open("w")
    started = []

    def start(module: str, *more: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *flags, *more]
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log))

    try:
        start("dask_scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1")
        wait_for(lambda: told.exists() and told.read_text().rstrip().endswith("}"))
        for _ in range(3):
            start("dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard")
        yield json.loads(told.read_text())["address"], started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()
        log.close()


def test_a_cluster_writes_the_same_bytes_though_a_worker_dies(long, tmp_path, cluster):
    path, expected = long
    address, workers = cluster
    process = swept(path, tmp_path / "out", "--scheduler", address)
    wait_for(lambda: len(blocks(tmp_path / "out")) > 3, process)
    workers[0].kill()
    output = process.communicate()[0]
    assert process.returncode == 0, output
    assert (tmp_path / "out" / "results.parquet").read_bytes() == expected


def test_a_scheduler_that_is_not_there_is_one_line(tmp_path, capsys):
    path = scenario(tmp_path)
    assert main(["sweep", str(path), "-o", str(tmp_path / "o"), "--scheduler", "nowhere"]) == 2
    assert "--scheduler nowhere: no Dask scheduler answers" in capsys.readouterr().err


def test_the_folder_of_another_sweep_is_left_alone(tmp_path, capsys):
    path = scenario(tmp_path)
    found = read_scenario(path)
    list(islice(Sweep(found, Store(tmp_path / "out", found)).run(Inline(), print), 1))
    path = scenario(tmp_path, SMALL.replace("seed = 7", "seed = 8"))
    assert main(["sweep", str(path), "-o", str(tmp_path / "out")]) == 2
    assert "holds the results of another sweep" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("seed = 7", "sed = 7", "sed: unknown key; did you mean 'seed'?"),
        ("seed = 7", "seed = -1", "seed: expected a whole number >= 0, found -1"),
        ('"storm"', '"strom"', "experiment: unknown 'strom'; did you mean 'storm'?"),
        ('"storm"', '"density"', "grid.n: density takes no n, only a storm does"),
        ('"storm"', "3", "experiment: expected a text, found 3"),
        ('profile = "profile.toml"', "", "profile: key is missing"),
        ('"profile.toml"', '"none.toml"', "none.toml: no such file; `sim calibrate` makes"),
        ('"qemu"]', '"qmu"]', "grid.isolation: unknown isolation 'qmu'; did you mean 'qemu'?"),
        ("n = [1, 30]", "n = [0]", "grid.n: expected a whole number >= 1, found 0"),
        ("n = [1, 30]", "n = []", "grid.n: expected at least one value"),
        ("n = [1, 30]", "m = [1]", "grid.m: unknown axis; valid: host.cores, isolation, n"),
        ("host.cores", "host.core", "grid.host.core: unknown name 'core'; did you mean 'cores'?"),
        (
            "host.cores",
            "host.memory_gib",
            "unknown name 'memory_gib'; wrong unit, it is 'memory_mi",
        ),
        (
            '"host.cores" = [1, 4]',
            '"isolation.qemu.stage.kernel.cpu_s" = 1',
            "grid.isolation.qemu.stage.kernel.cpu_s: unknown name 'kernel'",
        ),
        (
            '"host.cores" = [1, 4]',
            '"isolation.qemu.stage.guest kernel.wait_s" = -1.0',
            "wait_s must be >= 0 and finite, got -1",
        ),
        ("[1, 4]", "[1, 1.5]", "grid.host.cores: expected a whole number, found 1.5"),
        ("[replications]", "[scale]\n'host.cores' = 0\n[replications]", "expected factors > 0"),
        ("least = 4", "last = 4", "replications.last: unknown key; did you mean 'least'?"),
        ("most = 32", "most = 3", "replications.most: expected a whole number >= 4, found 3"),
        ("0.05", "5", "half_width_ratio: expected a number between 0 and 1, found 5"),
        ('"p50_s"', '"p50_ms"', "replications.quantity: unknown name; wrong unit, it is 'p50_s'"),
        ("seed = 7", 'based_on = "none.toml"', "no such file; expected a scenario, which"),
        ("seed = 7", 'based_on = "scenario.toml"', "cannot be based on itself: scenario.toml -> s"),
        ("[grid]", "[grid", "cannot be read as TOML"),
    ],
)
def test_each_mistake_names_file_key_and_rule(tmp_path, old, new, complaint):
    path = scenario(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadScenario) as caught:
        read_scenario(path)
    assert str(caught.value).startswith(f"{tmp_path}/")
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_scenario_says_only_what_differs_from_another(tmp_path):
    scenario(tmp_path)
    path = tmp_path / "more.toml"
    path.write_text('based_on = "scenario.toml"\n[grid]\nn = 5\n', encoding="utf-8")
    found = read_scenario(path)
    assert found.grid == {"isolation": ["process", "qemu"], "n": [5], "host.cores": [1, 4]}
    assert (found.seed, found.most) == (7, 32)


def test_any_question_can_be_swept(tmp_path, capsys):
    """Twice the memory, twice the instances: `density` has nothing random in it."""
    text = SMALL.replace('"storm"', '"density"').replace("n = [1, 30]", "")
    text = text.replace('"host.cores" = [1, 4]', '"host.memory_mib" = [1000.0, 2000.0]')
    path = scenario(tmp_path, text.replace('"p50_s"', '"instances"').replace('["process", ', "["))
    whole = profile()
    kind = replace(whole["qemu"], instance=InstanceMemory(private_mib=100.0))
    write_profile(tmp_path / "profile.toml", replace(whole, isolation={"qemu": kind}))
    assert main(["sweep", str(path), "-o", str(tmp_path / "out"), "--workers", "1"]) == 0
    rows = pq.read_table(tmp_path / "out" / "results.parquet").to_pylist()
    found = {(row["host.memory_mib"], row["instances"]) for row in rows}
    assert found == {(1000.0, 10.0), (2000.0, 20.0)}
    assert len(rows) == 8
    assert "10 ± 0" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "points"), [("cores", 48), ("speed", 36)])
def test_the_examples_can_be_read(name, points):
    assert len(list(read_scenario(ROOT / f"examples/scenarios/{name}.toml").points())) == points
