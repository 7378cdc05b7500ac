"""Text to instructions: golden folders, and any bytes at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realrun.build import lines, parser
from realrun.build.instructions import Instruction
from realrun.errors import DockerfileError

CASES = sorted(Path("tests/dockerfiles").glob("*/Dockerfile"))


def plan(data: bytes) -> str:
    """One line an instruction: where it stands, what it is, what it says beyond the default."""
    try:
        source = lines.read(data, "Dockerfile")
        steps = parser.parse(source)
    except DockerfileError as error:
        return f"error: {error}\n"
    notes = "".join(f"note: {warning}\n" for warning in source.warnings)
    return notes + "".join(map(shown, steps))


def shown(step: Instruction) -> str:
    said = [
        f"{name}={value!r}"
        for name, value in step._asdict().items()
        if name != "at" and value != step._field_defaults.get(name, ...)
    ]
    return f"{step.at.first}-{step.at.last} {type(step).__name__} {' '.join(said)}\n"


@pytest.mark.parametrize("dockerfile", CASES, ids=[path.parent.name for path in CASES])
def test_golden(dockerfile: Path):
    """What the parser sees is what `plan.txt` beside the Dockerfile says."""
    found, golden = plan(dockerfile.read_bytes()), dockerfile.with_name("plan.txt")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(found)
    assert found == golden.read_text()


def test_there_are_golden_cases():
    assert len(CASES) >= 10


WORDS = st.sampled_from(
    "FROM RUN COPY ADD ENV ARG LABEL CMD ENTRYPOINT ONBUILD HEALTHCHECK SHELL EXPOSE USER WORKDIR "
    "VOLUME STOPSIGNAL MAINTAINER AS scratch --from=a --chown=1 <<EOF EOF \\ # = a=b $x ${x:-y} "
    '["a"] [ ] " \' # escape=` --interval=1s NONE'.split(" ")
)
TEXTS = st.lists(st.one_of(WORDS, st.sampled_from(["\n", " ", "\t", "\\\n"]), st.text(max_size=3)))


@settings(max_examples=300)
@given(TEXTS.map(" ".join))
def test_any_text_parses_or_names_a_line_of_it(text: str):
    for start in ("", "FROM scratch\n"):
        data = (start + text).encode("utf-8", "surrogatepass")
        line, said = 1, "Dockerfile:1: "
        try:
            parser.parse(lines.read(data, "Dockerfile"))
        except DockerfileError as error:
            line, said = error.line, str(error)
        assert 1 <= line <= data.count(b"\n") + 1
        assert said.startswith(f"Dockerfile:{line}: ")


@given(st.binary(max_size=200))
def test_any_bytes_do(data: bytes):
    assert plan(data)


@given(st.lists(st.sampled_from(["a", "b  c", "# no comment", "'q q'", "é"]), min_size=1))
def test_continued_lines_are_one_line(parts: list[str]):
    """However a line is broken, with comments and blank lines between, it says the same."""
    text = "x" + "".join(parts)
    broken = "x\\\n# comment\n\n   # another\n" + "\\ \t\n".join(parts)
    whole = lines.read(f"FROM a\nRUN {text}".encode(), "D").lines[1].text
    if not any(part.lstrip().startswith("#") for part in parts):
        assert lines.read(f"FROM a\nRUN {broken}".encode(), "D").lines[1].text == whole
