"""`sim timeline`: many starts on one clock, to be played."""

import argparse
from pathlib import Path

from sim.errors import SimError


def flags(verb: argparse.ArgumentParser) -> None:
    """What `sim timeline` takes."""
    told = "folder with storm.csv, or a profile to simulate"
    verb.add_argument("source", type=Path, metavar="DIR|PROFILE", help=told)
    verb.add_argument("--isolation", action="append", metavar="NAME", help="only this; repeatable")
    told = "instances (default: the most that all were measured with; of a profile, 8)"
    verb.add_argument("--n", type=int, help=told)
    verb.add_argument("--seed", type=int, default=0, help="of a profile (default 0)")
    verb.add_argument("--language", default="en", metavar="en|ko", help="of the page (default en)")
    verb.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the page")
    verb.set_defaults(verb=write)


def write(chosen: argparse.Namespace) -> None:
    """Write the page, and print its path."""
    from sim.files import write_text
    from sim.profile_files import read_profile
    from sim.timeline import timeline
    from sim.timeline.crowds import of_folder, of_profile

    if chosen.n is not None and chosen.n < 1:
        raise SimError(f"--n: expected at least 1, got {chosen.n}")
    names = chosen.isolation or []
    if chosen.source.is_dir():
        starts = of_folder(chosen.source, names, chosen.n)
    else:
        starts = of_profile(read_profile(chosen.source), names, chosen.n, chosen.seed)
    write_text(chosen.output, timeline(starts, language=chosen.language))
    print(chosen.output)
