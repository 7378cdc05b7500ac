"""The same script of verbs, given to Docker and to us, gives the same output and exit codes."""

from __future__ import annotations

from concurrent.futures import wait
from pathlib import Path

import pytest

from tests.peers.engines import Both
from tests.peers.script import Script, differences
from tests.peers.scripts import SCRIPTS
from tests.realrun.stage import everything_left

pytestmark = [pytest.mark.docker, pytest.mark.root, pytest.mark.overlay]


@pytest.fixture(scope="module")
def under_way(request: pytest.FixtureRequest, both: Both) -> Both:
    """Every script that was asked for is being carried out while the first is looked at."""
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.obj is test_both_say_the_same:
            both.begin(item.callspec.params["script"])
    return both


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.title)
def test_both_say_the_same(under_way: Both, script: Script):
    found = differences(*under_way.seen(script))
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_nothing_is_left_of_ours(under_way: Both):
    """When all scripts are through: no container, no folder, mount or process of one."""
    wait([ours for _, ours in under_way.begun.values()])
    done = under_way.ours.shell("$CLI ps -aq", "", under_way.ours.folder)
    assert (done.returncode, done.stdout) == (0, b"")
    assert everything_left(Path(under_way.ours.env["REALRUN_ROOT"])) == []
