"""`sim bench`: time beside bare SimPy, and for lives from a thousand to a million."""

import argparse
from pathlib import Path

from sim.verbs.numbers import numbers

PUBLISHED = Path(__file__).parents[2] / "data" / "profiles" / "published.toml"
LIVES = (1_000, 10_000, 100_000, 1_000_000)
STORM, LIVING = "container", "microvm"  # of the profile with published figures


def flags(verb: argparse.ArgumentParser) -> None:
    """What `sim bench` takes."""
    told = "that has containers and micro-VMs (default: published.toml)"
    verb.add_argument(
        "profile", nargs="?", type=Path, default=PUBLISHED, metavar="PROFILE", help=told
    )
    told = "lives (default 1000,10000,100000,1000000)"
    verb.add_argument("--lives", type=numbers, default=LIVES, metavar="1000,10000", help=told)
    verb.set_defaults(verb=bench)


def bench(chosen: argparse.Namespace) -> None:
    """Time a storm beside bare SimPy, and lives by the thousand; print both."""
    from sim.bench import HOSTS, exponent, overhead, scaling
    from sim.profile_files import read_profile
    from sim.terminal import console, new_table

    profile = read_profile(chosen.profile)
    found = overhead(profile, STORM)
    rows = new_table(
        f"A storm of {found.starts} containers on as many cores, a start", OVERHEAD_HEADER
    )
    rows.add_row("the model", f"{found.ours_us:.2f} us", f"{found.ours_events:.1f}")
    rows.add_row("SimPy alone", f"{found.bare_us:.2f} us", f"{found.bare_events:.1f}")
    console().print(rows)
    print(f"the model takes {found.ratio:.2f} times as long as SimPy alone (median of pairs)")

    runs = scaling(profile, LIVING, list(chosen.lives), HOSTS)
    rows = new_table(f"Lives of micro-VMs on {HOSTS} hosts, one core", SCALING_HEADER)
    for run in runs:
        times = f"{run.start_p50_s:.3f} s", f"{run.start_p99_s:.3f} s"
        peak = f"{run.peak_mib:.0f} MiB"
        rows.add_row(str(run.instances), f"{run.took_s:.2f} s", peak, str(run.most_running), *times)
    console().print(rows)
    if len(runs) > 1:
        print(f"time grows with the number of lives to the power {exponent(runs):.3f}")


OVERHEAD_HEADER = ("program", "time", "events")
SCALING_HEADER = ("lives", "time", "memory at most", "running at most", "start p50", "start p99")
