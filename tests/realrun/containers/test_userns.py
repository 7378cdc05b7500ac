"""--userns auto: root inside is nobody outside, and everything that works without works with it."""

from __future__ import annotations

import os
import stat
import subprocess

import pytest

from realrun import building
from realrun.runtime import volumes
from tests.realrun import subids
from tests.realrun.stage import COMMAND, HANG_S, PROJECT, cli, everything_left, lines, until

pytestmark = [pytest.mark.overlay, pytest.mark.root]
FIRST = 300000
DOCKERFILE = """FROM busybox
RUN echo 'app:x:1000:1000::/app:/bin/sh' >> /etc/passwd \
 && mkdir -m 700 /app && echo mine > /app/f && chown -R app:1000 /app \
 && mkdir /data && echo data > /data/d && chown -R 1000:7 /data \
 && sed -i 's/^root:x:/root::/' /etc/passwd \
 && mkdir /raised && cp /bin/busybox /raised/su && chmod 4755 /raised/su
"""


@pytest.fixture(scope="module")
def app(hello_root, starter, tmp_path_factory):
    """An image with a user of its own, files of its own, and a setuid program."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REALRUN_ROOT", str(hello_root))
        return building.build(folder, ["app"], starter).reference


@pytest.fixture
def auto(registry, app, tmp_path):
    """A function: `realrun run --userns auto ARGS` where root has subordinate ids."""

    def run(*args, ids=f"root:{FIRST}:65536\n", verb="run"):
        script = subids.said(tmp_path, ids) + 'exec "$@"'
        words = ["unshare", "--mount", "sh", "-ec", script, "sh", *COMMAND, verb]
        return subprocess.run([*words, "--userns", "auto", *args], cwd=PROJECT, text=True,
                              capture_output=True, timeout=HANG_S, check=False)  # fmt: skip

    return run


@pytest.fixture
def box(auto, registry):
    """A function that starts a container in the background; what it is for us."""

    def start(*words, options=()):
        done = auto("-d", "--name", "box", *options, "app", *words)
        assert done.returncode == 0, done.stderr
        return registry.find("box")

    return start


def said(done):
    """What a command printed; it must have succeeded without a complaint."""
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def test_ids_inside_are_others_outside(box, registry):
    container = box("sh", "-c", "touch /made; sleep 1000")
    pid = registry.state(container).pid
    status = dict(line.split(":\t", 1) for line in lines(str(pid), "status"))
    assert status["Uid"].split() == status["Gid"].split() == [str(FIRST)] * 4
    assert lines(str(pid), "uid_map")[0].split() == ["0", str(FIRST), "65536"]
    made = registry.path(container.id) / "upper/made"
    until(made.exists, "the file that it makes")
    assert (made.stat().st_uid, made.stat().st_gid) == (FIRST, FIRST)


def test_every_owner_of_the_image_is_right_inside(auto):
    listed = said(auto("--rm", "app", "stat", "-c", "%u:%g %a %n", "/", "/app", "/app/f", "/data/d",
                       "/etc/passwd", "/etc/hosts", "/raised/su"))  # fmt: skip
    assert listed.splitlines() == [
        "0:0 755 /", "1000:1000 700 /app", "1000:1000 644 /app/f", "1000:7 644 /data/d",
        "0:0 644 /etc/passwd", "0:0 644 /etc/hosts", "0:0 4755 /raised/su",
    ]  # fmt: skip


def test_the_user_of_the_image_has_its_own_files_and_no_others(auto):
    script = "cat ~/f; echo more > ~/g; id -u; echo e > /dev/stderr; touch /etc/x || echo no"
    done = auto("--rm", "-u", "app", "app", "sh", "-c", script)
    assert done.stdout.split() == ["mine", "1000", "no"]
    assert done.stderr.split() == ["e", "touch:", "/etc/x:", "Permission", "denied"]


def test_rights_are_those_of_a_container_and_hold_inside_only(auto):
    """The same sets as without, over the ids inside; nothing that is the machine's."""
    script = "grep -E '^(CapEff|CapBnd|Seccomp):' /proc/self/status"
    assert said(auto("--rm", "app", "sh", "-c", script)) == said(
        cli("run", "--rm", "app", "sh", "-c", script)
    )
    powerful = ("--rm", "--cap-add", "ALL", "--security-opt", "seccomp=unconfined", "app", "sh")
    done = auto(*powerful, "-c", "mknod /d c 1 1; date -s 2000-01-01; chroot / true && echo chroot")
    assert done.stdout.splitlines()[-1] == "chroot"
    assert done.stderr.count("Operation not permitted") == 2


@pytest.mark.parametrize("closed", [False, True])
def test_a_setuid_program_gives_the_root_of_inside_unless_that_is_refused(auto, closed):
    option = ["--security-opt", "no-new-privileges"] * closed
    script = "/raised/su root -c 'grep ^Uid: /proc/self/status'"
    done = auto("--rm", *option, "-u", "app", "app", "sh", "-c", script)
    assert done.stdout.split() == ([] if closed else ["Uid:", "0", "0", "0", "0"]), done.stderr


def test_volumes_and_directories(auto, tmp_path, registry):
    """A volume takes over the image's files with their owners; a directory stays as it is."""
    outside = tmp_path / "shut" / "open"
    outside.mkdir(parents=True)
    outside.chmod(0o777)
    outside.parent.chmod(0o700)  # nobody but root finds the way
    (outside / "roots").write_text("root's")
    options = (
        "-v",
        "filled:/data",
        "-v",
        f"{outside}:/out",
        "-v",
        f"{outside}:/again:ro",
        "--tmpfs",
        "/m",
    )
    script = "for f in /m/m /data/new /out/o; do echo > $f; done; rm -f /again/o; "
    script += "stat -c %u /data/d /m/m /out/o /out/roots"
    done = auto("--rm", *options, "app", "sh", "-c", script)
    assert done.stdout.split() == ["1000", "0", "0", "65534"]
    assert "Read-only file system" in done.stderr
    assert os.stat(outside / "o").st_uid == FIRST
    data = volumes.place(registry.root, "filled") / "_data"
    assert [os.stat(data / name).st_uid for name in ("d", "new")] == [FIRST + 1000, FIRST]
    volumes.remove(registry.root, "filled")


def test_exec_copies_and_terminals(box, terminal, tmp_path):
    box("sleep", "1000")
    script = "stat -Lc %u:%g /proc/self; cat /proc/self/uid_map; echo e > /dev/stderr"
    for user, uid in (((), "0"), (("-u", "app"), "1000")):
        done = cli("exec", *user, "box", "sh", "-c", script)
        assert done.stdout.split() == [f"{uid}:{uid}", "0", str(FIRST), "65536"]
        assert (done.returncode, done.stderr) == (0, "e\n")
    seen, _ = terminal("exec", "-t", "box", "sh", "-c", "tty; echo t > /dev/tty")
    assert seen.split() == ["/dev/pts/0", "t"]
    (tmp_path / "in").write_text("in")
    said(cli("cp", f"{tmp_path}/in", "box:/app/in"))
    said(cli("cp", "box:/app", f"{tmp_path}/out"))
    assert (tmp_path / "out/in").read_text() == "in"
    assert said(cli("exec", "box", "stat", "-c", "%u %n", "/app/in", "/app/f")).split() == [
        "0", "/app/in", "1000", "/app/f",
    ]  # fmt: skip


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_diff_commit_and_export_see_the_ids_of_inside(box, running, tmp_path):
    box(
        "sh",
        "-c",
        "mkdir /new; echo n > /new/n; chown -R 1000:7 /new; rm /data/d; echo; sleep 1000",
    )
    until(lambda: cli("logs", "box").stdout, "a line")
    if not running:
        said(cli("stop", "-t", "0", "box"))
    said(cli("cp", "--archive", str(PROJECT / "LICENSE"), "box:/copied"))
    assert said(cli("diff", "box")).split() == [
        "A", "/copied", "C", "/data", "D", "/data/d", "A", "/new", "A", "/new/n",
    ]  # fmt: skip
    said(cli("commit", "box", "committed"))
    script = "stat -c %u:%g /new /new/n /copied /data; ls /data"
    assert said(cli("run", "--rm", "committed", "sh", "-c", script)).split() == [
        "1000:7", "1000:7", "0:0", "1000:7",
    ]  # fmt: skip
    said(cli("export", "-o", f"{tmp_path}/tar", "box"))
    listed = subprocess.run(["tar", "-tvf", f"{tmp_path}/tar", "--numeric-owner", "new/n", "app/f"],
                            capture_output=True, text=True, check=True)  # fmt: skip
    assert {line.split()[1] for line in listed.stdout.splitlines()} == {"1000/7", "1000/1000"}
    said(cli("rmi", "committed"))


def test_a_container_keeps_its_ids_when_those_of_the_machine_change(auto, registry):
    """They are in its record: its files would be somebody else's."""
    said(auto("--name", "box", "app", "touch", "/made", verb="create"))
    said(cli("start", "-a", "box"))
    upper = registry.path(registry.find("box").id) / "upper"
    assert [os.stat(path).st_uid for path in (upper, upper / "made")] == [FIRST, FIRST]
    assert stat.S_IMODE(upper.stat().st_mode) == 0o755


def test_the_layers_of_a_running_one_are_in_use(box, registry):
    container = box("sleep", "1000")
    from realrun.runtime.state import layers_in_use

    used = {layer.name for layer in layers_in_use(registry.root)}
    assert {os.path.basename(layer) for layer in container.spec.layers} <= used


def test_it_is_shown_and_host_is_as_without(auto, registry):
    said(auto("--name", "box", "app", verb="create"))
    shown = "{{.HostConfig.UsernsMode}}"
    assert said(cli("inspect", "-f", shown, "box")) == "auto\n"
    host = said(cli("run", "--rm", "--userns", "host", "app", "cat", "/proc/self/uid_map"))
    assert host.split() == (lines("self", "uid_map")[0]).split()


def test_root_without_ids_is_told_in_one_line_and_nothing_is_made(auto, registry):
    done = auto("app", "true", ids="student:100000:65536\n")
    assert (done.returncode, done.stdout) == (125, "")
    assert done.stderr == (
        "realrun: /etc/subuid has no line for root; as root: usermod "
        "--add-subuids 165536-231071 --add-subgids 165536-231071 root\n"
    )
    assert registry.ids() == []
    assert everything_left(registry.root) == []


def test_only_a_container_can_have_it(auto):
    done = auto("--isolation", "process", "app", "true")
    assert (done.returncode, done.stdout) == (125, "")
    assert "does not know --userns; leave it out" in done.stderr


def test_a_file_system_that_cannot_show_other_owners_is_named(auto, registry, tmp_path):
    """ramfs cannot; the store is copied there, and nothing is left in it."""
    store = tmp_path / "store"
    store.mkdir()
    script = subids.said(tmp_path, f"root:{FIRST}:65536") + (
        f"mount -t ramfs ramfs {store}; cp -a {registry.root}/. {store}/; "
        f'export REALRUN_ROOT={store}; "$@"; echo $?; ls {store}/instances {store}/containers'
    )
    words = [*COMMAND, "run", "--rm", "--userns", "auto", "app", "true"]
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", *words], cwd=PROJECT,
                          capture_output=True, text=True, timeout=HANG_S, check=False)  # fmt: skip
    assert "this file system cannot show files with other owners" in done.stderr
    assert done.stdout.split()[0] == "125"
    assert done.stdout.split()[1:] == [
        f"{store}/containers:", "going", "names", f"{store}/instances:",
    ]  # fmt: skip
