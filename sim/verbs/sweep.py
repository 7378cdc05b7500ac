"""`sim sweep SCENARIO`: run it, show how far it is, print means with intervals."""

import sys
from pathlib import Path

from sim.errors import SimError
from sim.sweep.blocks import Rows, workers
from sim.sweep.driver import Progress, Sweep, mean_of
from sim.sweep.scenario import Scenario, read_scenario
from sim.sweep.store import Store
from sim.terminal import console, new_table

SHOWN = 40  # points on the terminal; the file has all
WIDE = 4  # quantities beside each other; of more, the one that decides when a point ends


def sweep(path: Path, output: Path, count: int | None, scheduler: str | None) -> None:
    """Run the scenario in `path`, or what is left of it, and write `output`/results.parquet."""
    if count is not None and count < 1:
        raise SimError(f"--workers: expected a whole number >= 1, found {count}")
    scenario = read_scenario(path)
    store = Store(output, scenario)
    chosen = workers(count, scheduler)
    try:
        done = Sweep(scenario, store).run(chosen, _progress())
    finally:
        chosen.close()
    joined = store.join(done)
    _print_means(scenario, done)
    print(joined)


def _progress() -> Progress:
    """A line that is written over on a terminal; elsewhere one for each tenth."""
    shown = -1

    def tell(done: int, total: int) -> None:
        nonlocal shown
        tenth = 10 * done // max(total, 1)
        if sys.stderr.isatty():
            end = "\n" if done == total else ""
            print(f"\r{done} of {total} points", end=end, file=sys.stderr, flush=True)
        elif tenth > shown:
            print(f"sim: {done} of {total} points", file=sys.stderr)
        shown = tenth

    return tell


def _print_means(scenario: Scenario, done: dict[int, Rows]) -> None:
    out = console()
    varied = [name for name, values in scenario.axes().items() if len(values) > 1]
    few = len(scenario.quantities) <= WIDE
    quantities = scenario.quantities if few else (scenario.quantity,)
    table = new_table("Means with 95 % intervals", [*varied, "replications", *quantities])
    for point in scenario.points():
        if point.number >= SHOWN:
            out.print(f"the first {SHOWN} of {len(done)} points; the file has all")
            break
        cells = [str(point.columns[name]) for name in varied]
        rows = done[point.number]
        places = [scenario.quantities.index(name) for name in quantities]
        found = [mean_of([row[at] for row in rows]) for at in places]
        means = [f"{one.value:.4g} ± {one.half_width:.2g}" for one in found]
        table.add_row(*cells, str(len(rows)), *means)
    out.print(table)
