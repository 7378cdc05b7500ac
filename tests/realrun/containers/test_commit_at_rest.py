"""commit: a running container stands still while it is read, and goes on, whoever was killed."""

from __future__ import annotations

import time

import pytest

from realrun.containers import committing
from realrun.image import Store
from realrun.linux import cgroups, freezer
from tests.realrun.stage import cli, until

pytestmark = [pytest.mark.overlay, pytest.mark.cgroup, pytest.mark.root]
WRITER = "i=0; while :; do i=$((i+1)); echo $i > /a; echo $i > /b; done"


@pytest.fixture
def writer(registry):
    """A container that never stops writing the same number to two files."""
    cli("run", "-d", "--name", "busy", "hello", "sh", "-c", WRITER)
    one = registry.find("busy")
    until(lambda: (registry.path(one.id) / "upper/b").exists(), "it writes")
    return one


@pytest.fixture
def no_images(root):
    yield
    for image in Store(root).images():
        if not image.reference.startswith(("busybox", "hello")):
            Store(root).remove(image.digest, force=True)


def number(registry, container) -> int:
    return int((registry.path(container.id) / "upper/a").read_text().strip() or 0)


def goes_on(registry, container) -> bool:
    """Also if it has just emptied the file."""
    before = number(registry, container)
    return bool(until(lambda: number(registry, container) > before, "it goes on"))


def test_what_is_committed_belongs_together(registry, writer, no_images):
    """Between any two files that it writes there is at most the one that it is at."""
    for _ in range(5):
        image = committing.commit(registry, writer, None, [])
        first, second = ((image.layers[-1] / name).read_text().strip() for name in "ab")
        assert "" in (first, second) or 0 <= int(first) - int(second) <= 1, (first, second)
        assert goes_on(registry, writer)
    assert cli("commit", "--pause=false", "busy", "other").returncode == 0


def test_nothing_moves_meanwhile(registry, writer):
    with committing.at_rest(registry, writer):
        before = number(registry, writer)
        time.sleep(0.05)
        assert number(registry, writer) == before
    assert goes_on(registry, writer)


def frozen_by_somebody_killed(registry, container):
    here = cgroups.detect()
    folder = freezer.folder_of(here, container.id)
    freezer.freeze(here, folder, lambda: committing.pids(container))
    assert freezer.is_frozen(here, folder)
    return here, folder


def test_prune_lets_it_go_on_after_a_kill(registry, writer):
    here, folder = frozen_by_somebody_killed(registry, writer)
    assert cli("prune").returncode == 0
    assert not freezer.is_frozen(here, folder)
    assert goes_on(registry, writer)


def test_prune_leaves_one_alone_that_is_being_committed(registry, writer):
    with committing.at_rest(registry, writer):
        cli("prune")
        assert freezer.is_frozen(cgroups.detect(), freezer.folder_of(cgroups.detect(), writer.id))


def test_a_frozen_one_can_be_removed(registry, writer):
    frozen_by_somebody_killed(registry, writer)
    assert cli("rm", "-f", "busy").returncode == 0
    assert registry.ids() == []
