"""The kernel floor: the same plan played by a C program gives the same container."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest

from realrun import engine, paths
from realrun.errors import Missing, RealRunError
from realrun.measure import floor
from realrun.runtime import start, state
from tests.realrun.stage import everything_left

SEEN = r"""
cat /proc/self/mountinfo
grep -E '^(Cap|Seccomp|NoNewPrivs|Groups|Uid|Gid|NSpid)' /proc/self/status
cat /proc/self/cgroup /proc/self/limits
ls -l /dev | sed 's/.*root//'
ls /proc/self/fd | wc -l
cat /etc/hosts /etc/resolv.conf /proc/net/dev
umask; id; env | sort; cut -d' ' -f4-8 /proc/self/stat
for node in 'nil c 1 3' 'tun c 10 200' 'disk b 254 0'; do
    mknod /dev/$node; cat < /dev/${node%% *} 2> /dev/null || echo no ${node%% *}
done
exec ls -l /proc/1/exe
"""
NAMED = re.compile(r"[0-9a-f]{12,64}|^\d+ \d+ \d+:\d+|inode=\d+|\b\d\d:\d\d\b", re.MULTILINE)


pytestmark = [pytest.mark.overlay, pytest.mark.root]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The floor, compiled; where that is not possible it says why."""
    try:
        return floor.compiled(tmp_path_factory.mktemp("floor"), "-Wall", "-Wextra", "-Werror")
    except Missing as lacking:
        pytest.skip(str(lacking))


def scores(stage, folder: Path, count: int, *words: str) -> list[Path]:
    """Scores of `count` containers that run these words."""
    found = []
    for number in range(count):
        asked = engine.spec_for(stage.image, engine.Wishes(words=words, entrypoint=""))
        found.append(floor.scored(asked, paths.root(), folder / f"score-{number}"))
    return found


def said_by(program: Path, played: list[Path]) -> str:
    """What containers of the floor print."""
    with tempfile.TemporaryFile() as said:
        floor.play(program, played, out=said.fileno())
        said.seek(0)
        return said.read().decode()


def told(text: str) -> list[str]:
    """What tells of the container, without what is another in each."""
    return NAMED.sub("N", text).splitlines()


def test_the_floors_container_is_ours(stage, program, tmp_path, root):
    """Mounts, rights, filter, groups, limits, devices, descriptors, settings, network."""
    ours = told(stage.run("/bin/sh", "-c", SEEN).out)
    theirs = told(said_by(program, scores(stage, tmp_path, 1, "/bin/sh", "-c", SEEN)))

    assert theirs == ours
    assert len(ours) > 60
    assert any(line.startswith("Seccomp:\t2") for line in ours)
    assert everything_left(root) == []


def test_both_live_in_namespaces_of_their_own(stage, program, tmp_path):
    script = "for kind in cgroup ipc mnt net pid uts; do readlink /proc/self/ns/$kind; done"
    theirs = said_by(program, scores(stage, tmp_path, 2, "/bin/sh", "-c", script)).splitlines()
    ours = stage.sh(script).splitlines()
    here = [os.readlink(f"/proc/self/ns/{line.split(':')[0]}") for line in ours]

    assert (len(here), len(theirs)) == (6, 12)
    assert {*here} & {*ours, *theirs} == set()


@pytest.mark.parametrize(("count", "at_once"), [(1, 1), (5, 2), (4, 0)])
def test_every_step_is_stamped_in_its_order(stage, program, tmp_path, root, count, at_once):
    words = ["/bin/true"] if at_once else ["/bin/sleep", "600"]
    played = floor.play(program, scores(stage, tmp_path, count, *words), at_once)
    plan = start.plan_for(engine.spec_for(stage.image, engine.Wishes()), "/no/such/folder")
    steps = [step.name for step in plan.steps[:-2]]
    for stamps in played:
        known = sorted(stamps, key=stamps.__getitem__)
        assert [name for name in known if name in steps] == steps
        assert (known[0], known[-3:]) == ("begin", ["running", "exit", "removed"])
    assert len(played) == count
    if at_once == 0:
        assert max(one["running"] for one in played) <= min(one["removed"] for one in played)
    assert everything_left(root) == []


def test_a_program_that_fails_is_no_time(stage, program, tmp_path, root):
    with pytest.raises(RealRunError, match="the program ended with 3"):
        floor.play(program, scores(stage, tmp_path, 1, "/bin/sh", "-c", "exit 3"))
    with pytest.raises(RealRunError, match=r"step 'exec', call .*: No such file"):
        floor.play(program, scores(stage, tmp_path, 1, "/no/such"))
    assert len(state.prune(root)) == 2


@pytest.mark.parametrize("data", [b"mkdir\n", b"\xff" * 64, bytes(4) + b"\x80" + bytes(59)])
def test_what_is_no_score_is_refused(program, tmp_path, data):
    (tmp_path / "score").write_bytes(data)
    with pytest.raises(RealRunError, match="score is no score"):
        floor.play(program, [tmp_path / "score"])


def test_a_step_that_the_floor_has_not_is_an_error_not_a_smaller_container(stage, tmp_path):
    asked = engine.spec_for(stage.image, engine.Wishes(init=True))
    with pytest.raises(Missing, match="no step 'init'"):
        floor.scored(asked, paths.root(), tmp_path / "score")


def test_without_a_compiler_that_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="no C compiler here; on Debian and Ubuntu: apt install gcc"):
        floor.compiled(tmp_path)
