"""The whole road once: fetch, build, run everywhere, measure, write the tables.

What this machine cannot do is said in a line and noted in every table's certificate; the report
then shows recorded values for it, or that they are missing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from realrun import building
from realrun.build import Event
from realrun.engine import GUESTS
from realrun.errors import NoSuchImage, RealRunError
from realrun.guest import fetch, tools
from realrun.image import Image, Store
from realrun.image.base import make_base_busybox
from realrun.measure import tables
from realrun.measure.environment import certificate
from realrun.measure.experiment import Arm, Experiment, Wish
from realrun.measure.recording import Recording
from realrun.measure.session import Session, Tick
from realrun.runtime.client import Spawner
from realrun.runtime.spec import ISOLATIONS

EXAMPLE = Path("examples/hello")
COMMAND = "realrun demo"
SEED = 1
# Enough to see it, and no more: of each experiment so many blocks, and the arms with this in their
# name; and so many instances.
QUICK = {"startup": (5, "hot"), "storm": (2, ""), "memory": (1, "touched by others")}
N, GUEST_N = (1, 2, 4, 8, 16, 32), (1, 2, 4, 8)


class Stage(NamedTuple):
    """How the demo talks: lines, and progress bars of a title and a length."""

    say: Callable[[str], None]
    bar: Callable[[str, int | None], AbstractContextManager[Tick]]


def demo(out: Path, stage: Stage) -> list[Path]:
    """Everything; returns the tables' paths. Nothing that is impossible here is an error."""
    (out / "measured").mkdir(parents=True, exist_ok=True)  # fail now, not after two minutes
    get_tools(stage)
    try:
        image = build_example(stage)
    except RealRunError as error:
        stage.say(f"no image, so nothing can be measured here: {error}")
        return write_none(out, error)
    wish = Wish(seed=SEED, n=N, guest_n=GUEST_N)
    with Recording(list(QUICK), image, ISOLATIONS, wish, COMMAND) as recording:
        measure(recording, stage)
        return recording.write_to(out / "measured")


def get_tools(stage: Stage) -> None:
    """Fetch what is missing, and say in a line each what could not be had."""
    wanted = fetch.missing()
    if not wanted:
        return
    with stage.bar("fetch", None) as tick:
        failed = fetch.fetch(wanted, tick)
    for name, why in failed.items():
        stage.say(f"without {name} ({tools.PURPOSE[name]}): {why}; {tools.advice(name)}")


def build_example(stage: Stage) -> Image:
    """`busybox` from this system's package if there is none yet, and `hello` on top of it."""
    store = Store()
    try:
        store.resolve("busybox")
    except NoSuchImage:
        make_base_busybox(store, tools.need("busybox").path)
    if not EXAMPLE.is_dir():
        raise NoSuchImage(f"no {EXAMPLE} here; run this in the project's own folder")

    def tell(event: Event) -> None:
        if event.state in ("cached", "done"):
            cached = " (cached)" if event.state == "cached" else ""
            stage.say(f"  [{event.step}/{event.steps}] {event.text}{cached}")

    stage.say(f"Build the image from {EXAMPLE}/Dockerfile:")
    with Spawner() as starter:
        return building.build(EXAMPLE, ["hello"], starter, progress=tell)


def measure(recording: Recording, stage: Stage) -> None:
    """Run the image in every isolation, then measure those that work."""
    session = recording.session
    stage.say("Run that same image in every isolation:")
    with stage.bar("run", len(ISOLATIONS)) as tick:
        session.try_all(tick)
    for way in session.wanted:
        said = session.greetings[way].decode(errors="replace").strip()
        stage.say(f"  {way!s:<10} {session.skipped.get(str(way)) or said}")
    for experiment in recording.experiments:
        count, word = QUICK[experiment.name]
        wish = recording.wish._replace(blocks=(count, count))
        with stage.bar(experiment.name, None) as tick:
            recording.tell = lambda what, *_, tick=tick: tick(what)
            recording.run(only(experiment, word), wish)


def only(experiment: Experiment, word: str) -> Experiment:
    """The arms that have this in their name; guests, which take seconds, once in a block."""

    def arms(session: Session, wish: Wish) -> list[Arm]:
        found = [arm for arm in experiment.arms(session, wish) if word in arm.name]
        return [arm._replace(per_block=1) if arm.way.isolation in GUESTS else arm for arm in found]

    return experiment._replace(arms=arms)


def write_none(out: Path, why: RealRunError) -> list[Path]:
    """All tables, empty."""
    born = certificate(COMMAND, SEED, dict.fromkeys(ISOLATIONS, str(why)), [])
    return [tables.write(out / "measured", name, [], born) for name in (*QUICK, "trials")]
