"""What holds for every input, however odd: our own errors alone, an answer, and nothing left.

`pytest tests/fuzz` takes a bounded number of examples, the same each time. A long search:

    .venv/bin/python -m pytest tests/fuzz --hypothesis-profile=long --timeout=0

What such a search finds stays as an `@example` of its test.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import settings

from realrun.errors import RealRunError
from tests.realrun.trees import names

HANG_S = 30  # of one example, which takes milliseconds


def examples(count: int) -> settings:
    """So many of them; in a long search as many times more as its profile says."""
    return settings(max_examples=count * settings().max_examples // 100)


@contextmanager
def no_hang() -> Iterator[None]:
    """An example that goes on and on is a finding, not a test that takes long."""

    def hangs(*_: object) -> None:
        raise AssertionError(f"no answer in {HANG_S} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(HANG_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def answered() -> Iterator[list[RealRunError]]:
    """It goes well, or our own error tells in one line why not; the error is in the list then."""
    refused: list[RealRunError] = []
    with no_hang():
        try:
            yield refused
        except RealRunError as error:
            refused.append(error)
    for error in refused:
        assert str(error).split("\n    ")[0].isprintable(), error


def nothing_half_made(root: Path) -> None:
    """No workspace is left in the store."""
    assert names(root / "tmp") == []
