"""`sim page`: the model, and Python to run it, in one HTML file."""

import argparse
from pathlib import Path


def flags(verb: argparse.ArgumentParser) -> None:
    """What `sim page` takes."""
    told = "Pyodide's npm package, which `make page` fetches"
    verb.add_argument("--runtime", type=Path, required=True, metavar="FILE.tgz", help=told)
    verb.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the page")
    verb.set_defaults(verb=write)


def write(chosen: argparse.Namespace) -> None:
    """Write the page, and print its path and size."""
    from sim.files import write_text
    from sim.page import page

    html = page(chosen.runtime)
    write_text(chosen.output, html)
    print(f"{chosen.output}  {len(html.encode()) / 1e6:.1f} MB")
