"""`realrun cp`: in and out, running and stopped, as Docker does it."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import tarfile

import pytest

from tests.realrun.stage import COMMAND, PROJECT, cli, everything_left, until
from tests.realrun.trees import names, write

pytestmark = pytest.mark.overlay

FILES = (
    "mkdir -p /w/dir/sub /w/empty; cd /w; echo one >dir/f; ln dir/f dir/hard; ln -s f dir/link;"
    " ln -s dir to; ln -s loop loop; echo two >dir/sub/g; chmod 4751 dir/sub/g; chmod 700 empty;"
    " mkfifo pipe; printf x >'odd\n name'; touch -d '2001-02-03 04:05:06' dir/f;"
)


def ok(*args, **more):
    done = cli(*args, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def box(state, *options, script=FILES):
    """A container that has made its files, running or not any more."""
    stay = "exec sleep 1000" if state == "running" else "true"
    ok("run", "-d", "--name", "box", *options, "busybox", "sh", "-c",
       f"{script} echo ready; {stay}")  # fmt: skip
    if state == "stopped":
        ok("wait", "box")
    else:
        until(lambda: "ready" in ok("logs", "box"), "it has made its files")


@pytest.fixture(params=["running", "stopped"])
def state(request, registry):
    return request.param


def test_a_tree_comes_out_as_it_is(state, tmp_path):
    box(state)
    ok("cp", "box:/w", str(tmp_path / "out"))

    out = tmp_path / "out"
    assert names(out) == sorted(
        ["dir", "dir/f", "dir/hard", "dir/link", "dir/sub", "dir/sub/g", "empty", "loop",
         "odd\n name", "pipe", "to"]
    )  # fmt: skip
    assert (out / "dir/f").read_text() == "one\n"
    assert (out / "dir/f").stat().st_mtime == 981173106
    assert (out / "dir/f").samefile(out / "dir/hard")
    assert os.readlink(out / "to") == "dir"
    assert stat.S_IMODE((out / "dir/sub/g").stat().st_mode) == 0o4751
    assert stat.S_IMODE((out / "empty").stat().st_mode) == 0o700
    assert stat.S_ISFIFO((out / "pipe").stat().st_mode)
    assert (out / "dir/f").stat().st_uid == os.geteuid()


def test_a_tree_goes_in_and_comes_back(state, tmp_path):
    box(state, script="")
    tree = {"d/a": "A", "d/b/": None, "d/l": "-> a", "d/sp ace\udcff": "odd", "d/n\nl": "line"}
    write(tmp_path / "src", tree)
    (tmp_path / "src/d/a").chmod(0o2755)
    os.utime(tmp_path / "src/d/a", (1e9, 1e9))
    ok("cp", str(tmp_path / "src"), "box:/new")
    ok("cp", "box:/new", str(tmp_path / "back"))

    assert names(tmp_path / "back") == names(tmp_path / "src")
    told = (tmp_path / "back/d/a").stat()
    assert (stat.S_IMODE(told.st_mode), told.st_mtime) == (0o2755, 1e9)
    assert (tmp_path / "back/d/sp ace\udcff").read_text() == "odd"


@pytest.mark.root
def test_owners_are_kept_on_the_way_in_and_are_ours_on_the_way_out(state, tmp_path):
    box(state, script="")
    write(tmp_path, {"f": "mine"})
    os.chown(tmp_path / "f", 1234, 77)
    ok("cp", str(tmp_path / "f"), "box:/f")
    archive = ok("cp", "box:/f", "-", text=False)
    ok("cp", "box:/f", str(tmp_path / "back"))

    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert [(m.name, m.uid, m.gid) for m in tar] == [("f", 1234, 77)]
    assert (tmp_path / "back").stat().st_uid == 0


@pytest.mark.root
def test_in_archive_mode_all_belongs_to_the_containers_user(state, tmp_path):
    box(state, "-u", "4321:99", script="")
    write(tmp_path, {"f": "mine"})
    ok("cp", "-a", str(tmp_path / "f"), "box:/tmp/f")
    with tarfile.open(fileobj=io.BytesIO(ok("cp", "box:/tmp/f", "-", text=False))) as tar:
        assert [(m.uid, m.gid) for m in tar] == [(4321, 99)]


@pytest.mark.parametrize(
    ("path", "options", "members"),
    [
        ("/w/dir/sub", (), ["sub", "sub/g"]),
        ("/w/dir/sub/.", (), [".", "./g"]),
        ("/w/to/sub/", (), ["sub", "sub/g"]),
        ("/w/to", (), ["to"]),
        ("/w/to/", (), ["to", "to/f", "to/hard", "to/link", "to/sub", "to/sub/g"]),
        ("w/dir/link", ("-L",), ["f"]),
        ("../../w/empty/../dir/f", (), ["f"]),
    ],
)
def test_an_archive_has_dockers_names(registry, path, options, members):
    box("running")
    data = ok("cp", *options, f"box:{path}", "-", text=False)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == members


def test_an_archive_goes_in_through_links_that_are_there(state, tmp_path):
    box(state)
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        info = tarfile.TarInfo("to/in")
        info.size = 3
        tar.addfile(info, io.BytesIO(b"new"))
    ok("cp", "-", "box:/w", input=data.getvalue(), text=False)
    ok("cp", "box:/w/dir/in", str(tmp_path))
    assert (tmp_path / "in").read_text() == "new"


def test_volumes_are_there(state, tmp_path):
    box(state, "-v", "/data", script="echo v >/data/f;")
    write(tmp_path, {"g": "G"})
    ok("cp", str(tmp_path / "g"), "box:/data")
    ok("cp", "box:/data", str(tmp_path / "out"))
    assert names(tmp_path / "out") == ["f", "g"]


def test_memory_of_a_running_container_is_there(registry, tmp_path):
    box("running", "--tmpfs", "/m", script="echo m >/m/f;")
    ok("cp", "box:/m/f", str(tmp_path / "f"))
    assert (tmp_path / "f").read_text() == "m\n"


def test_what_the_engine_mounts_is_not_there(registry):
    box("running")
    for path in ("/proc", "/sys", "/dev"):
        with tarfile.open(fileobj=io.BytesIO(ok("cp", f"box:{path}", "-", text=False))) as tar:
            assert tar.getnames() == [path[1:]]


def test_a_read_only_container_takes_nothing_in(state, tmp_path):
    box(state, "--read-only", "-v", "/data", script="")
    write(tmp_path, {"f": "F"})
    done = cli("cp", str(tmp_path / "f"), "box:/f")
    assert (done.returncode, "ead-only" in done.stderr) == (1, True)
    ok("cp", str(tmp_path / "f"), "box:/data/")


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        ("box:/nope", "x", "no such path"),
        ("box:/w/dir/f/", "x", "Not a directory"),
        ("box:/w", "file", "directory onto a file"),
        ("box:/w/dir/f", "new/", "no such directory"),
        ("box:/w/dir/f", "no/where", "does not exist"),
        ("box:/w/dir/f", "file/", "Not a directory"),
        ("box:/w/dir/f", "/dev/null", "got a device"),
        ("box:/w/dir", "over", "cannot overwrite non-directory"),
        ("box:/w/dir/f", "has", "cannot overwrite directory"),
        ("box:/w/dir/f", "", "can not be empty"),
        ("box:", "x", "empty"),
        ("box:/w/loop", "x", "Too many levels"),
        ("nobody:/x", "x", "no such container"),
        ("file", "box:/no/where", "no such directory"),
        ("file", "box:/new/", "no such directory"),
        ("file", "box:/w/dir/f/", "no such directory"),
        ("file", "box:", "empty"),
        ("over", "box:/w/dir/f", "directory onto a file"),
        ("nope", "box:/", "no such path"),
        ("file/", "box:/", "Not a directory"),
        ("box:/w", "box:/x", "between containers"),
        ("file", "file2", "at least one container"),
    ],
)
def test_what_docker_refuses_is_one_line_and_code_1(registry, tmp_path, source, target, why):
    box("stopped")
    write(tmp_path, {"file": "F", "over/dir": "in the way", "has/f/x": "in the way"})
    run = [COMMAND[0], "-c", f"import sys; sys.path.insert(0, {str(PROJECT)!r});"
           "from realrun.cli import main; sys.exit(main())", "cp", source, target]  # fmt: skip
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert why in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_archive_that_is_none_is_refused(state):
    box(state)
    done = cli("cp", "-", "box:/w", input="this is no archive")
    assert (done.returncode, "cut off" in done.stderr) == (1, True)
    done = cli("cp", "-", "box:/nowhere", input="")
    assert (done.returncode, "must be a directory" in done.stderr) == (1, True)
    ok("cp", "-", "box:/w", input="")


def test_a_start_waits_until_a_stopped_container_is_copied(registry, tmp_path):
    box("stopped", script="head -c 3000000 /dev/urandom >/big;")
    copy, start = [*COMMAND, "cp", "box:/big", "-"], [*COMMAND, "start", "-a", "box"]
    with subprocess.Popen(copy, stdout=subprocess.PIPE, cwd=PROJECT) as reader:
        assert len(reader.stdout.read(1000)) == 1000
        with subprocess.Popen(start, stdout=subprocess.PIPE, cwd=PROJECT) as starter:
            container = registry.find("box")
            until(lambda: registry.is_watched(container), "somebody wants to start it")
            assert registry.state(container).status == "exited"
            assert len(reader.stdout.read()) > 2_999_000
            assert starter.stdout.read() == b"ready\n"
    assert (reader.returncode, starter.returncode) == (0, 0)


def test_a_copy_that_was_killed_leaves_the_container_as_it_was(registry, root):
    box("stopped", script="head -c 3000000 /dev/urandom >/big;")
    with subprocess.Popen(
        [*COMMAND, "cp", "box:/big", "-"], stdout=subprocess.PIPE, cwd=PROJECT
    ) as copy:
        assert len(copy.stdout.read(1000)) == 1000
        copy.kill()
    assert ok("start", "box") == "box\n"
    ok("wait", "box")
    ok("prune")
    assert everything_left(root) == []
