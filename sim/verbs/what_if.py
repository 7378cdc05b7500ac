"""`sim what-if`: one crowd of starts on one machine, isolations side by side."""

import argparse
from pathlib import Path

from sim.errors import SimError
from sim.wording import label, seconds, three


def flags(verb: argparse.ArgumentParser) -> None:
    """What `sim what-if` takes: what the page of `make page` has fields for."""
    verb.add_argument("profile", type=Path, metavar="PROFILE", help="such as recorded.toml")
    verb.add_argument("--isolation", action="append", metavar="NAME", help="only this; repeatable")
    verb.add_argument("--n", type=int, default=8, help="instances (default 8)")
    told = "requested one after the other, so many a second (default 0: all at once)"
    verb.add_argument("--per-s", type=float, default=0.0, metavar="RATE", help=told)
    told = "of the cores, kept busy by other work (default 0)"
    verb.add_argument("--busy-ratio", type=float, default=0.0, metavar="RATIO", help=told)
    verb.add_argument("--cores", type=int, help="of the machine (default: the profile's)")
    verb.add_argument("--memory-mib", type=float, metavar="MIB", help="likewise")
    verb.add_argument("--seed", type=int, default=0, help="same seed, same answer (default 0)")
    verb.add_argument("--json", action="store_true", help="every number, to the last digit")
    verb.set_defaults(verb=ask)


def ask(chosen: argparse.Namespace) -> None:
    """Print a row an isolation, or everything as JSON."""
    from sim.experiments.what_if import Scenario, as_json, side_by_side
    from sim.profile_files import read_profile

    profile = read_profile(chosen.profile)
    names = ("n", "per_s", "busy_ratio", "cores", "memory_mib", "seed")
    try:
        scenario = Scenario(**{name: getattr(chosen, name) for name in names})
    except ValueError as why:
        raise SimError(str(why)) from why
    found = side_by_side(profile, chosen.isolation or [], scenario)
    if chosen.json:
        print(as_json(profile, scenario, found))
        return
    from sim.terminal import console, new_table

    head = ("isolation", "alone", "median ready", "last ready", "memory [MiB]", "fit", "full")
    table = new_table(f"{scenario.n} instances, simulated for {profile.provenance.machine}", head)
    for one in found:
        told = one.told()
        times = (told["alone_s"], told["median_s"], told["last_s"])
        shown = ["does not fit" if time_s is None else seconds(time_s) for time_s in times]
        cells = (*shown, three(one.used_mib), str(one.most), one.full)
        table.add_row(label(one.isolation, one.accelerator), *cells)
    console().print(table)
