"""An ordinary user's containers: with subordinate ids everything has its owner, else there is root.

The user is `daemon`; what /etc/subuid and /etc/subgid say of it is mounted over them each time.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from realrun.containers.registry import Registry
from tests.abilities import ORDINARY
from tests.realrun import subids
from tests.realrun.conftest import share_tools
from tests.realrun.containers.test_userns import DOCKERFILE
from tests.realrun.stage import COMMAND, HANG_S, PROJECT, everything_left, until

pytestmark = [pytest.mark.overlay, pytest.mark.newuidmap]
FIRST = 300000
IDS = f"{ORDINARY}:{FIRST}:65536\n"
WITHOUT = "#\n"


class Somebody:
    """The ordinary user, with a folder that is its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.root = home, home / "root"
        self.uid, self.gid = pwd.getpwnam(ORDINARY)[2:4]
        share_tools(self.root)
        for path in (home, self.root):
            os.chown(path, self.uid, self.gid)

    def call(
        self, *words: str, ids: str = IDS, first: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """A command of the user's, after `first` has been done in the same mount namespace."""
        begin = subids.said(self.home, ids) + first
        drop = f"setpriv --reuid {self.uid} --regid {self.gid} --clear-groups --reset-env"
        script = f'{begin}\nexec {drop} env REALRUN_ROOT={self.root} "$@"'
        return subprocess.run(["unshare", "--mount", "sh", "-ec", script, "sh", *words],
                              cwd=PROJECT, capture_output=True, text=True, timeout=HANG_S,
                              check=False)  # fmt: skip

    def cli(self, *args: str, **more: str) -> subprocess.CompletedProcess[str]:
        """`realrun ARGS`."""
        return self.call(*COMMAND, *args, **more)

    def says(self, *args: str, **more: str) -> str:
        """What it prints; it must succeed without a complaint."""
        done = self.cli(*args, **more)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout


@pytest.fixture(scope="module")
def user():
    """The user with two images made by it: one with subordinate ids, one without."""
    home = Path(tempfile.mkdtemp(prefix="realrun-rootless-"))
    home.chmod(0o755)  # pytest's own folders are for root alone
    try:
        one = Somebody(home)
        (home / "context").mkdir()
        (home / "context/Dockerfile").write_text(DOCKERFILE)
        one.says("base", "busybox")
        one.says("build", "-q", "-t", "app", f"{home}/context")
        yield one
        assert Registry(one.root).ids() == []
        assert everything_left(one.root) == []
    finally:
        shutil.rmtree(home)


def test_ids_are_the_users_own_and_its_subordinate_ones(user):
    script = (
        "cat /proc/self/uid_map; id -u; touch /tmp/f; chown 1000:7 /tmp/f; stat -c %u:%g /tmp/f"
    )
    told = user.says("run", "--rm", "app", "sh", "-c", script).split()
    assert told == ["0", str(user.uid), "1", "1", str(FIRST), "65536", "0", "1000:7"]


def test_files_of_an_image_have_their_owners_inside_and_outside(user):
    paths = ("/app", "/app/f", "/data/d", "/etc/passwd", "/raised/su")
    listed = user.says("run", "--rm", "app", "stat", "-c", "%u:%g %a", *paths)
    assert listed.split("\n")[:-1] == ["1000:1000 700", "1000:1000 644", "1000:7 644", "0:0 644",
                                       "0:0 4755"]  # fmt: skip
    owners = {path.stat().st_uid for path in user.root.glob("layers/*/app/f")}
    assert owners == {FIRST + 999}


def test_the_images_user_can_what_it_may(user):
    script = "cat ~/f; id -u; touch /etc/x || echo no; echo e > /dev/stderr"
    done = user.cli("run", "--rm", "-u", "app", "app", "sh", "-c", script)
    assert done.stdout.split() == ["mine", "1000", "no"]
    assert done.stderr.splitlines()[-1] == "e"
    script = "/raised/su root -c 'grep ^Uid: /proc/self/status'"
    words = ("-u", "app", "app", "sh", "-c", script)
    assert user.says("run", "--rm", *words).split()[1] == "0"
    assert user.cli("run", "--rm", "--security-opt", "no-new-privileges", *words).stdout == ""


def test_a_whole_life_leaves_nothing(user):
    """Files that nobody but their ids may touch are copied, compared, committed and removed."""
    script = (
        "mkdir -m 700 /new; echo n > /new/n; chown -R 1000:7 /new; chmod 0 /new/n; echo; sleep 1000"
    )
    user.says("run", "-d", "--name", "box", "-v", "filled:/data", "app", "sh", "-c", script)
    until(lambda: user.says("logs", "box"), "a line")
    assert user.says("exec", "-u", "app", "box", "id", "-u") == "1000\n"
    assert user.says("diff", "box").split() == ["A", "/new", "A", "/new/n"]
    user.says("commit", "box", "committed")
    assert int(user.says("inspect", "-s", "-f", "{{.SizeRw}}", "box")) > 0
    user.says("stop", "-t", "0", "box")
    (user.home / "in").write_text("in")
    user.says("cp", f"{user.home}/in", "box:/new/in")
    told = user.says("run", "--rm", "committed", "stat", "-c", "%u:%g %a", "/new", "/new/n")
    assert told.split("\n")[:-1] == ["1000:7 700", "1000:7 0"]
    data = user.root / "volumes/filled/_data"
    assert [os.stat(path).st_uid for path in (data, data / "d")] == [FIRST + 999] * 2
    user.says("rm", "box")
    user.says("volume", "rm", "filled")
    user.says("rmi", "committed")
    assert list(user.root.glob("tmp/*")) == []


def test_layers_that_somebody_else_put_there_are_unpacked_with_their_owners(user):
    """By the first command that wants them, which stays outside otherwise."""
    for layer in user.root.glob("layers/*"):
        if (layer / "app").is_dir():
            shutil.rmtree(layer)
    assert user.says("run", "--rm", "-u", "app", "app", "sh", "-c", "cat ~/f") == "mine\n"


def test_a_container_that_is_removed_by_force_and_one_that_goes_by_itself(user):
    script = "mkdir -m 700 /new /data/new; touch /new/n; chown -R 1000 /new /data/new"
    user.says("run", "--rm", "-v", "/data", "app", "sh", "-c", script)
    user.says("run", "-d", "--name", "box", "-u", "app", "app", "sleep", "1000")
    user.says("rm", "-f", "box")
    assert list(user.root.glob("volumes/*")) == []


NO_LINE = f"/etc/subuid has no line for {ORDINARY}; as root: usermod --add-subuids 100000-165535"
WAYS_TO_HAVE_NONE = {
    "no line": (WITHOUT, "", NO_LINE),
    "too few": (f"{ORDINARY}:{FIRST}:1000", "", "and images need 65536"),
    "overlap": (IDS + f"other:{FIRST}:9\n", "", "lines 1 and 2 overlap"),
    "no line at all": (f"{ORDINARY}:x:9", "", "line 1: expected NAME:FIRST:COUNT"),
    "not setuid": (IDS, "chmod u-s {copy}; mount --bind {copy} {real}", "is not setuid"),
    "not to be run": (IDS, "chmod a-x {copy}; mount --bind {copy} {real}", "apt install uidmap"),
    "nosuid": (IDS, "mount --bind {copy} {real}; mount -o remount,bind,nosuid {real}", "nosuid"),
}


@pytest.mark.parametrize("way", WAYS_TO_HAVE_NONE)
def test_without_ids_there_is_root_and_whoever_wants_more_is_told(user, way):
    """What ran with one id goes on, and what cannot be is one line, before anything is made."""
    ids, script, told = WAYS_TO_HAVE_NONE[way]
    real = shutil.which("newuidmap")
    copy = user.home / "newuidmap"
    shutil.copy(real, copy)
    copy.chmod(stat.S_IMODE(os.stat(real).st_mode))
    more = {"ids": ids, "first": script.format(copy=copy, real=real)}
    script = "cat /proc/self/uid_map; chown 5 /tmp 2>/dev/null || echo alone"
    done = user.says("run", "--rm", "busybox", "sh", "-c", script, **more)
    assert done.split() == ["0", str(user.uid), "1", "alone"]
    done = user.cli("run", "--rm", "-u", "1000", "busybox", "true", **more)
    assert (done.returncode, done.stdout) == (125, "")
    assert done.stderr.startswith(
        "realrun: user 1000 is none of the container's; it has root alone: "
    )
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_ids_images_are_made_as_before(user):
    """All is root's; what a step gives to others fails, and says so."""
    (user.home / "context/Lone").write_text(
        "FROM busybox\nRUN echo 1 > /f\nCOPY --chown=5 Lone /\n"
    )
    words = ("build", "-q", "-t", "lone", "-f", f"{user.home}/context/Lone", f"{user.home}/context")
    user.says(*words, ids=WITHOUT)
    assert user.says("run", "--rm", "lone", "cat", "/f", ids=WITHOUT) == "1\n"
    user.says("rmi", "lone", ids=WITHOUT)


def test_the_doctor_says_whose_ids_there_are(user):
    told = user.cli("doctor", "--json", ids=WITHOUT).stdout
    assert "has no line for daemon" in told
    assert "usermod --add-subuids" in told
    assert "65537 users" in user.cli("doctor", "--json").stdout


def test_where_no_user_namespace_is_to_be_had_it_is_said(user):
    """The limit of a user namespace around it counts for all that is inside."""
    script = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    words = ["unshare", "--user", "--map-root-user", "sh", "-ec", script, "sh"]
    done = user.call(*words, *COMMAND, "run", "--rm", "busybox", "true", ids=WITHOUT)
    assert done.returncode == 125
    assert done.stderr.count("\n") == 1
    assert "raise /proc/sys/user/max_*_namespaces" in done.stderr
    assert everything_left(user.root) == []


def test_root_of_a_user_namespace_is_an_ordinary_user(user):
    """As in `podman unshare`: it has the ids that it has, and no trusted attributes."""
    words = ("unshare", "--user", "--map-root-user", *COMMAND, "run", "--rm", "busybox")
    done = user.call(*words, "cat", "/proc/self/uid_map")
    assert (done.stderr, done.stdout.split()) == ("", ["0", "0", "1"])


def test_in_python_it_is_the_same(user):
    code = (
        "import realrun\n"
        "with realrun.run('app', 'sh', '-c', 'mkdir -m 700 /new; touch /new/n; chown -R 9 /new; "
        "sleep 1000', detach=True) as box:\n"
        "    while not box.diff(): pass\n"
        "    print(box.exec('id', '-u', user='app').output, *[path for _, path in box.diff()])\n"
        "    made = box.commit('made')\n"
        "print(realrun.run(made, 'stat', '-c', '%u', '/new/n').output)\n"
    )
    done = user.call(COMMAND[0], "-c", code)
    assert (done.stderr, done.stdout.split()) == ("", ["1000", "/new", "/new/n", "9"])
    user.says("rmi", "made")
