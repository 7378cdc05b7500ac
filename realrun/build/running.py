"""RUN: which words are executed, here-documents included, and what to say when they fail.

Source: Dockerfile reference, "RUN", "Here-Documents".
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from realrun.build import instructions as i
from realrun.build.heredocs import alone

SCRIPT = ".realrun/script"  # lies in a layer of its own that is mounted for this step only
SHOWN_LINES = 12


def argv_of(step: i.Run, shell: Sequence[str]) -> tuple[list[str], str]:
    """(the words, a script to lay into the container or nothing).

    A here-document alone is the script itself: for the shell, or for whatever its `#!` names.
    Beside a command it is left to the shell, which knows here-documents of its own.
    """
    if not step.heredocs or not step.command.shell:
        return step.command.argv(tuple(shell)), ""
    text = step.command.words[0]
    if alone(text):
        content = step.heredocs[0].content
        if content.startswith("#!"):
            return ["/" + SCRIPT], content
        return [*shell, content], ""
    documents = "".join(f"{one.content}{one.name}\n" for one in step.heredocs)
    return [*shell, f"{text}\n{documents}"], ""


def script_layer(folder: Path, script: str) -> Path:
    """A lower layer that holds the script: it can be executed and is no part of the result."""
    top = folder / "script"
    (top / SCRIPT).parent.mkdir(parents=True)
    (top / SCRIPT).write_text(script, "utf-8", "surrogateescape")
    (top / SCRIPT).chmod(0o755)
    (top / SCRIPT).parent.chmod(0o755)
    top.chmod(0o755)
    return top


def explain_failure(text: str, status: int, output: bytes) -> str:
    """Which command failed, how, and the last that it said."""
    how = f"exit code {status}"
    if status > 128:
        how += f", killed by signal {status - 128}"
    elif status in (126, 127):
        how += ", the command cannot be executed" if status == 126 else ", command not found"
    last = output.decode("utf-8", "replace").strip().splitlines()[-SHOWN_LINES:]
    said = "".join(f"\n    > {line}" for line in last)
    shown = text if len(text) <= 100 else text[:99] + "…"
    return f"{shown!r} failed: {how}{said}"
