"""The verbs as Python functions, for notebooks: `from realrun.api import build, run`.

Starting goes through one spawner process for the whole session, so that a large, threaded notebook
kernel never forks.
"""

from __future__ import annotations

import atexit
import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from realrun import building, engine
from realrun.image import Image, Store
from realrun.runtime.client import Spawner
from realrun.runtime.plan import Plan
from realrun.runtime.record import Phase
from realrun.runtime.run import drive


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a run; shows itself as the program's output."""

    isolation: str
    accelerator: str
    exit_code: int
    output: str
    errors: str
    plan: Plan = field(repr=False)
    phases: tuple[Phase, ...] = field(repr=False)

    @property
    def start_s(self) -> float:
        """From the request to the first output, in seconds."""
        return sum(phase.duration_s for phase in self.phases if phase.part == "start")

    def __str__(self) -> str:
        return self.output

    def _repr_html_(self) -> str:
        """The output, and below it how it came about."""
        how = f"{self.isolation}, accelerator {self.accelerator}, exit code {self.exit_code}"
        said = html.escape(self.output + self.errors)
        return f"<pre>{said}</pre><small>{how}, first output after {self.start_s:.3f} s</small>"


@cache
def spawner() -> Spawner:
    """The session's one spawner; it ends with the session."""
    one = Spawner()
    atexit.register(one.close)
    return one


def build(context: str | Path, tag: str, **options: object) -> Image:
    """Build the Dockerfile in folder `context` and name the image `tag`, as `docker build -t`."""
    return building.build(Path(context), [tag], spawner(), **options)


def base(name: str = "busybox") -> Image:
    """Make a base image from this system's own packages, as `realrun base`."""
    from realrun.guest import tools
    from realrun.image.base import make_base_busybox

    return make_base_busybox(Store(), tools.need(name).path)


def run(
    image: str,
    *words: str,
    isolation: str = "container",
    env: Mapping[str, str] | None = None,
    **wishes: object,
) -> Result:
    """Run `image` to its end and return what it printed, as `docker run --rm`.

    `words` replace the image's Cmd; further wishes are those of `engine.Wishes`. An exit code other
    than 0 is an answer, a start that fails is an error (`RealRunError`).
    """
    asked = engine.Wishes(isolation=isolation, words=words, env=env or {}, **wishes)  # type: ignore[arg-type]
    spec = engine.spec_for(Store().resolve(image), asked)
    output, errors = bytearray(), bytearray()
    one = engine.begin(spec, spawner(), output.extend, errors.extend)
    try:
        drive([one], spawner())
    except BaseException:
        engine.stop(one, spawner())
        raise
    finally:
        one.close()
    return Result(
        isolation=isolation,
        accelerator=one.record.plan.accelerator,
        exit_code=engine.exit_code(one),
        output=output.decode(errors="replace"),
        errors=errors.decode(errors="replace"),
        plan=one.record.plan,
        phases=tuple(one.record.phases()),
    )


def isolations() -> dict[str, str]:
    """Isolation -> why it does not work here and what would help; empty text = it works.

    A container is tried for real; for guests the tools are looked for, nothing is booted.
    """
    from realrun.doctor import container
    from realrun.guest import backends, tools

    answer = dict.fromkeys(("process", "container"), container().why_not())
    for name, backend in backends.BACKENDS.items():
        lacking = [tool for tool in backend.tools if tools.find(tool) is None]
        why = "; ".join(f"no {tool}: {tools.advice(tool)}" for tool in lacking)
        answer[name] = answer["container"] or why
    return answer
