"""Operations cut short at the changes they make: a spread of the full sweep in `sweep`."""

from __future__ import annotations

import pytest

from tests.realrun.crash import sweep
from tests.realrun.crash.operations import OPERATIONS

pytestmark = [pytest.mark.strace, pytest.mark.overlay]
KILLS, ERRORS = 2, 2  # of each operation


@pytest.fixture(scope="module")
def ground():
    with pytest.MonkeyPatch.context() as patch, sweep.own_ground(patch.setenv) as one:
        yield one


def wrong(name, ground, errors: bool, count: int) -> list[str]:
    cases = sweep.cases(name, ground, errors)
    assert len(cases) >= count
    chosen = cases[len(cases) // (2 * count) :: max(1, len(cases) // count)]
    return list(sweep.swept(name, ground, chosen))


@pytest.mark.parametrize("name", OPERATIONS)
def test_killed(ground, name):
    """After SIGKILL and one `prune` it is done, or as if it had never been asked for."""
    assert wrong(name, ground, errors=False, count=KILLS) == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_failing_calls(ground, name):
    """A call that fails is told in one line, and undone, or does no harm."""
    assert wrong(name, ground, errors=True, count=ERRORS) == []
