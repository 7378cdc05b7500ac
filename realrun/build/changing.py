"""--change: instructions of a Dockerfile that change the settings of an image and no file.

Source: Docker's documentation, `docker commit` and `docker import`, "--change".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from realrun.build import evaluate, lines, parser
from realrun.build import instructions as i
from realrun.build.evaluate import State
from realrun.errors import UsageError

ALLOWED = {
    "CMD": i.Cmd, "ENTRYPOINT": i.Entrypoint, "ENV": i.Env, "EXPOSE": i.Expose,
    "HEALTHCHECK": i.HealthCheck, "LABEL": i.Label, "ONBUILD": i.OnBuild, "USER": i.User,
    "VOLUME": i.Volume, "WORKDIR": i.Workdir,
}  # fmt: skip


def apply_changes(state: State, changes: Sequence[str]) -> None:
    """Carry them out, one after the other; raises UsageError for one that has no place here."""
    if not changes:
        return
    source = lines.read("\n".join(changes).encode("utf-8", "surrogateescape"), "--change")
    for line in source.lines:
        at = i.Place(source.file, line.first, line.last, parser.printable(line.text))
        word = line.text.split(None, 1)[0].upper()
        if word not in ALLOWED:
            raise UsageError(
                f"{word} is not a valid change command; there are {', '.join(ALLOWED)}"
            )
        step = parser.parse_one(at, line.text, source.escape, line.heredocs)
        if isinstance(step, i.Workdir):
            state.config["WorkingDir"] = state.absolute(state.expand(step.path, step.at))
        else:
            evaluate.apply(state, step)


def settings_of(changes: Sequence[str]) -> dict[str, Any]:
    """The settings of an image that has no others."""
    state = State({}, {})
    apply_changes(state, changes)
    return state.config
