"""The verbs about this machine: what it can do, what it costs; as the command line takes them."""

from __future__ import annotations

from typing import Any

from realrun.usage.oneverb import Parser


def add_bench(verbs: Any) -> None:
    """bench, compare, demo."""
    bench = verbs.add_parser("bench", help="measure this machine")
    kinds = bench.add_subparsers(dest="experiment", required=True, metavar="EXPERIMENT")
    framed = add_framed(kinds) if isinstance(bench, Parser) else []
    build = kinds.add_parser("build", help="builds and large layers, beside Docker and tar")
    build.add_argument("--runs", type=int, help="builds of each sort by each builder")
    build.add_argument("--layer-runs", type=int, help="turns with each large layer")
    build.add_argument("--size", help="the large layer, e.g. 500m (default: 500m)")
    peers = kinds.add_parser("peers", help="starts, beside the kernel's floor, runc, Docker, ...")
    peers.add_argument("--runs", type=int, help="starts by each")
    peers.add_argument("--repeats", type=int, help="times that 200 are started, 32 at a time")
    peers.add_argument("--crowd", type=int, help="containers that run at once (default: 1000)")
    start = kinds.add_parser("start", help="a container beside the kernel's floor")
    start.add_argument("--runs", type=int, help="starts by each")
    start.add_argument("--profile", action="store_true", help="say what each step takes")
    for kind in (*framed, build, peers, start):
        kind.add_argument("--seed", type=int, default=1, help="seed of the order of the starts")
        kind.add_argument("-o", "--out", help="folder for the tables; what has begun there goes on")
        kind.add_argument("--json", action="store_true", help="print the rows as JSON")
    compare = verbs.add_parser("compare", help="two recorded sets side by side, as ratios")
    for side in "ab":
        about = f"{side.upper()}: a folder that bench wrote; FOLDER:ISOLATION for one way of it"
        compare.add_argument(side, help=about)
    compare.add_argument("--seed", type=int, default=1, help="seed of the bootstrap")
    compare.add_argument("-o", "--out", metavar="FILE.csv", help="the table, for `sim compare`")
    demo = verbs.add_parser("demo", help="build examples/hello, run it every way, measure it all")
    demo.add_argument(
        "--out", default="out", metavar="FOLDER", help="where the tables go (default: out)"
    )


def add_framed(kinds: Any) -> list[Any]:
    """The experiments that come in blocks, and all of them; loaded only for `bench`."""
    from realrun.measure.catalogue import EXPERIMENTS

    framed = [kinds.add_parser(one.name, help=one.about) for one in EXPERIMENTS.values()]
    framed.append(kinds.add_parser("all", help="all that come in blocks, out of one budget"))
    for kind in framed:
        kind.add_argument("image", nargs="?", default="hello")
        kind.add_argument("--isolation", action="append", default=[], help="may be repeated")
        kind.add_argument("--levels", action="store_true", help="each guest at each of its levels")
        kind.add_argument("--budget", help="time for it, e.g. 10m (default: until it is enough)")
        kind.add_argument("--blocks", type=int, help="so many blocks of trials, come what may")
        kind.add_argument("--parquet", action="store_true", help="tables in Parquet, not in CSV")
        kind.add_argument("--n", help="numbers of instances, e.g. 1,2,4,8")
        kind.add_argument("--guest-n", help="numbers of guests, e.g. 1,2,4")
    return framed


def add_machine(verbs: Any) -> None:
    """doctor, fetch."""
    doctor = verbs.add_parser("doctor", help="what this machine can do, and what would be needed")
    doctor.add_argument("--json", action="store_true", help="print it as JSON")
    fetch = verbs.add_parser("fetch", help="download and unpack what guests need; installs nothing")
    fetch.add_argument(
        "name", nargs="*", help="busybox, uml, qemu, kernel, mke2fs (default: these); distro"
    )
