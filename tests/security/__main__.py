"""`python -m tests.security`: the table of all attacks on all sides, as root of this machine.

What succeeds with `--isolation process` is what happens to a host without isolation. Docker's
column is there where dockerd is.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from realrun.guest import tools
from tests.abilities import docker
from tests.security import attacker
from tests.security.cases import CASES
from tests.security.sides import dockers, marks, none, ours, succeeds


def shown(outcome: str) -> str:
    """One word for the table."""
    return "**succeeds**" if succeeds(outcome) else outcome


def main() -> None:
    """Print the table as Markdown."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sec-")))
        archive, told = folder / "attacker.tar", stack.enter_context(marks())
        archive.write_bytes(attacker.archive(tools.need("busybox").path))
        sides = ours(folder / "root", archive, told)
        if why := docker():
            print(f"no column for Docker: {why}", file=sys.stderr)
        else:
            sides["docker"] = stack.enter_context(dockers(archive, told))
        sides["no engine"] = none(told)
        found = {name: side.attack() for name, side in sides.items()}
    columns = ["container", *(["docker"] if "docker" in found else []), "process", "no engine"]
    print("| attack | known as |", " | ".join(columns), "|")
    print("|---|---|" + "---|" * len(columns))
    for case in CASES:
        outcomes = [shown(found[name][case.name]) for name in columns]
        print(f"| {case.name} | {case.known} |", " | ".join(outcomes), "|")


if __name__ == "__main__":
    main()
