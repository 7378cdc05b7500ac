"""The command `sim`: calibrate, run, report, picture. Heavy imports stay inside the verbs."""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sim.contract import TABLES
from sim.errors import SimError
from sim.verbs import bench, experiment, page, timeline, what_if
from sim.verbs.numbers import numbers

DEFAULT_NS = (1, 2, 4, 8, 16, 32, 64)
PROFILES = Path(__file__).parents[1] / "data" / "profiles"
INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the exit code is 0, 2 for what the user can mend, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    chosen = parser().parse_args(words)
    verb: Callable[[argparse.Namespace], None] = chosen.verb
    try:
        chosen.command = shlex.join(["sim", *words])
        verb(chosen)
        sys.stdout.flush()
    except SimError as error:
        print(f"sim: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sim: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; leave quietly, without a message at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def parser() -> argparse.ArgumentParser:
    """All verbs and flags."""
    top = argparse.ArgumentParser(
        prog="sim", description="Explain and extrapolate what was measured."
    )
    verbs = top.add_subparsers(required=True, metavar="VERB")
    _calibrate_flags(verbs.add_parser("calibrate", help="fit profiles to tables or to curves"))
    _validate_flags(verbs.add_parser("validate", help="predictions against what was measured"))
    _explain_flags(verbs.add_parser("explain", help="every parameter and who says so"))
    _run_flags(verbs.add_parser("run", help="simulate the isolations of a profile"))
    _sweep_flags(verbs.add_parser("sweep", help="a grid of parameters, replicated"))
    experiment.flags(verbs.add_parser("experiment", help="one question, isolations side by side"))
    what_if.flags(verbs.add_parser("what-if", help="one crowd of starts, isolations side by side"))
    bench.flags(verbs.add_parser("bench", help="how fast the simulator is"))
    _sensitivity_flags(verbs.add_parser("sensitivity", help="which parameters decide an answer"))
    _report_flags(verbs.add_parser("report", help="write everything into one HTML file"))
    timeline.flags(verbs.add_parser("timeline", help="many starts on one clock, to be played"))
    page.flags(verbs.add_parser("page", help="the model in one HTML file; see `make page`"))
    _trace_flags(verbs.add_parser("trace", help="starts of tables, for Perfetto"))
    _picture_flags(verbs.add_parser("picture", help="draw the stacks as an SVG file of their own"))
    _compare_flags(verbs.add_parser("compare", help="draw what `realrun compare` has written"))
    return top


def _calibrate_flags(verb: argparse.ArgumentParser) -> None:
    _tables_or_curves(verb)
    verb.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="profile; curves: folder"
    )
    verb.set_defaults(verb=calibrate)


def _tables_or_curves(verb: argparse.ArgumentParser) -> None:
    which = verb.add_mutually_exclusive_group(required=True)
    told = "startup.csv, storm.csv, memory.csv"
    which.add_argument("folder", nargs="?", type=Path, metavar="DIR", help=told)
    told = "columns as in data/published/curves.csv"
    which.add_argument("--curves", type=Path, metavar="FILE", help=told)


def _validate_flags(verb: argparse.ArgumentParser) -> None:
    _tables_or_curves(verb)
    verb.add_argument("--profiles", type=Path, default=PROFILES, metavar="DIR", help="of curves")
    verb.add_argument("--out", type=Path, metavar="FILE", help="curves: with predictions")
    verb.set_defaults(verb=validate)


def _explain_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("profile", type=Path, metavar="PROFILE", help="of tables or of curves")
    verb.set_defaults(verb=explain)


def _run_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("profile", type=Path, metavar="PROFILE", help="what `sim calibrate` wrote")
    verb.add_argument("--isolation", action="append", metavar="NAME", help="only this; repeatable")
    verb.add_argument("--n", type=numbers, default=DEFAULT_NS, metavar="1,2,4", help="instances")
    verb.add_argument("--seed", type=int, default=0, help="same seed, same tables (default 0)")
    verb.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="for tables")
    verb.add_argument("--json", action="store_true", help="print the paths as JSON")
    verb.add_argument("--trace", type=Path, metavar="FILE", help="every stage, for Perfetto")
    verb.set_defaults(verb=run)


def _sweep_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("scenario", type=Path, metavar="SCENARIO", help="see sim/sweep/scenario.py")
    verb.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="for results")
    verb.add_argument("--workers", type=int, metavar="N", help="processes (default: all cores)")
    verb.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster, instead")
    verb.set_defaults(verb=sweep)


def _sensitivity_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("profile", type=Path, metavar="PROFILE", help="what `sim calibrate` wrote")
    verb.add_argument("--isolation", required=True, metavar="NAME")
    verb.add_argument("--n", type=int, default=8, help="starts at once (default 8)")
    verb.add_argument("--quantity", default="makespan_s", help="makespan_s, p50_s or p95_s")
    verb.add_argument("--samples", type=int, default=128, help="a power of two (default 128)")
    verb.add_argument("-o", "--output", type=Path, metavar="FILE", help="the tornado, as SVG")
    verb.set_defaults(verb=sensitivity)


def _report_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--measured", type=Path, required=True, metavar="DIR", help="this machine")
    verb.add_argument("--recorded", type=Path, metavar="DIR", help="what stands in for the rest")
    verb.add_argument("--profile", type=Path, metavar="FILE", help="what `sim calibrate` wrote")
    verb.add_argument("--simulated", type=Path, metavar="DIR", help="what `sim run` wrote")
    verb.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the page")
    verb.set_defaults(verb=report)


def _trace_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("folder", type=Path, metavar="DIR", help="tables, measured or simulated")
    verb.add_argument("--trace", type=Path, required=True, metavar="FILE", help="JSON for Perfetto")
    verb.set_defaults(verb=trace)


def _picture_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--measured", type=Path, required=True, metavar="DIR", help="memory.csv")
    verb.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the SVG")
    verb.set_defaults(verb=picture)


def _compare_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("table", type=Path, metavar="FILE.csv", help="what `realrun compare` wrote")
    verb.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the SVG")
    verb.set_defaults(verb=compare)


def calibrate(chosen: argparse.Namespace) -> None:
    """Fit, write the profile (of curves: profiles), and print how well it predicts the unseen."""
    if chosen.curves:
        from sim.verbs.curves import calibrate_curves

        calibrate_curves(chosen.curves, chosen.output, chosen.command)
    else:
        from sim.verbs.measured import calibrate_tables

        calibrate_tables(chosen.folder, chosen.output, chosen.command)


def validate(chosen: argparse.Namespace) -> None:
    """Predict, and print how far off that is."""
    if chosen.curves:
        from sim.verbs.curves import validate_curves

        validate_curves(chosen.curves, chosen.out, chosen.profiles)
    else:
        from sim.verbs.measured import validate_tables

        validate_tables(chosen.folder, chosen.out, chosen.command)


def explain(chosen: argparse.Namespace) -> None:
    """List the parameters with their sources."""
    from sim.verbs.explain import explain as tell

    tell(chosen.profile)


def run(chosen: argparse.Namespace) -> None:
    """Simulate startup, storms and memory, and write them as tables."""
    from sim.experiments.all import everything
    from sim.files import write_table
    from sim.profile_files import read_profile

    profile = read_profile(chosen.profile)
    rows, left_out = everything(profile, chosen.isolation, chosen.n, chosen.seed)
    # No time stamp and no path: same profile and seed, same bytes.
    meta = {
        "source": "simulated",
        "command": f"sim run {chosen.profile.name}",
        "seed": chosen.seed,
        "machine": profile.provenance.machine,
        "cores": profile.host.cores,
        "memory_mib": profile.host.memory_mib,
        "fitted_on": list(profile.provenance.fitted_on),
        "left_out": left_out,
    }
    for text in left_out:
        print(f"sim: {text}", file=sys.stderr)
    if chosen.trace:
        from sim.traces import of_simulation, write_trace

        write_trace(chosen.trace, of_simulation(profile, chosen.isolation, chosen.n, chosen.seed))
    paths = {name: write_table(chosen.output, name, rows[name], meta) for name in TABLES}
    if chosen.json:
        told = {name: {"path": str(path), "rows": len(rows[name])} for name, path in paths.items()}
        print(json.dumps({"tables": told, "left_out": left_out, "seed": chosen.seed}, indent=2))
        return
    for name, path in paths.items():
        print(f"{path}  {len(rows[name])} rows")


def trace(chosen: argparse.Namespace) -> None:
    """Write the starts and storms of a folder as a trace."""
    from sim.traces import of_tables, write_trace

    print(f"{chosen.trace}  {write_trace(chosen.trace, of_tables(chosen.folder))} slices")


def sweep(chosen: argparse.Namespace) -> None:
    """Run a grid of parameters, or go on with it."""
    from sim.verbs.sweep import sweep as go

    go(chosen.scenario, chosen.output, chosen.workers, chosen.scheduler)


def sensitivity(chosen: argparse.Namespace) -> None:
    """Rank the parameters by what they do to an answer."""
    from sim.verbs.sensitivity import sensitivity as rank

    asked = chosen.isolation, chosen.n, chosen.quantity, chosen.samples
    rank(chosen.profile, *asked, chosen.output)


def report(chosen: argparse.Namespace) -> None:
    """Write the page, print the table of results, and last the page's path."""
    from sim.files import write_text
    from sim.report import gather, page, print_results

    evidence = gather(chosen.measured, chosen.recorded, chosen.profile, chosen.simulated)
    write_text(chosen.output, page(evidence))
    print_results(evidence)
    print(chosen.output)


def compare(chosen: argparse.Namespace) -> None:
    """The chart of two recorded sets side by side."""
    from sim.verbs.compare import compare as draw

    draw(chosen.table, chosen.output)


def picture(chosen: argparse.Namespace) -> None:
    """Write the stacks of `--measured` as a picture, and print its path."""
    from sim.files import write_text
    from sim.report.exhibits import stacks_picture

    write_text(chosen.output, stacks_picture(chosen.measured))
    print(chosen.output)
