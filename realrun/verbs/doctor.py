"""doctor: what this machine can do."""

from __future__ import annotations

import argparse
import json

from realrun.doctor import examine


def main(args: argparse.Namespace) -> int:
    """A table, or JSON; exit code 0, since a lack is an answer."""
    findings = examine()
    if args.json:
        print(json.dumps([finding._asdict() for finding in findings], indent=1))
        return 0
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "works", "here", "to add it")
    colours = {"yes": "green", "partly": "yellow", "no": "red"}
    for found in findings:
        colour = colours[found.works]
        table.add_row(
            found.what, f"[{colour}]{found.works}[/]", escape(found.detail), escape(found.remedy)
        )
    Console().print(table)
    return 0
