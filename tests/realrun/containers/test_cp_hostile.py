"""`cp` and a container that means harm: nothing is written, or read, outside of where it should."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from pathlib import Path

import pytest

from realrun.containers.places import Target
from realrun.containers.receiving import InTheWay, Receiver, receive
from realrun.containers.sending import Sender
from realrun.errors import BadImage, RealRunError, UsageError
from realrun.image.rooted import Rooted
from realrun.image.tarread import TarReader
from tests.realrun.stage import cli
from tests.realrun.trees import archive, member, names, write

LINK, HARD, DIRECTORY = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE


def unpacked(members, folder: Path) -> None:
    """What `cp` does with an archive that comes out of a container."""
    reader = TarReader(io.BytesIO(archive(members)).read)
    with Rooted(folder) as root:
        receiver = Receiver(root, Target((), b"out"), os.fsencode(folder), None)
        receive(receiver, reader, reader)


@pytest.mark.parametrize(
    "members",
    [
        [member("../../escaped", data=b"x")],
        [member("d", LINK, linkname="../.."), member("d/escaped", data=b"x")],
        [member("d", LINK, linkname="{outside}"), member("d/escaped", data=b"x")],
        [member("d", LINK, linkname="{outside}"), member("d", DIRECTORY)],
        [member("d", LINK, linkname="{outside}/file"), member("d", data=b"changed")],
        [member("d", HARD, linkname="../../outside/file"), member("d", data=b"changed")],
        [member("d", HARD, linkname="{outside}/file")],
    ],
)
def test_no_archive_gets_out_of_the_destination(members, tmp_path):
    write(tmp_path, {"outside/file": "untouched", "dest/": None})
    for one, _ in (entry for entry in members):
        one.linkname = one.linkname.replace("{outside}", str(tmp_path / "outside"))
    try:
        unpacked(members, tmp_path / "dest")
    except (RealRunError, OSError):
        assert True in [one.isdir() or bool(one.linkname or ".." in one.name) for one, _ in members]
    assert names(tmp_path / "outside") == ["file"]
    assert (tmp_path / "outside/file").read_text() == "untouched"
    assert (tmp_path / "outside/file").stat().st_nlink == 1
    assert {path.name for path in tmp_path.iterdir()} == {"outside", "dest"}


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ([member("..", DIRECTORY)], BadImage),
        ([member("a", LINK, linkname="../../x")], UsageError),
        ([member("file", DIRECTORY)], InTheWay),
        ([member("link", DIRECTORY)], InTheWay),
        ([member("sub", data=b"x")], InTheWay),
        ([member("fifo", DIRECTORY)], InTheWay),
    ],
)
def test_what_does_not_fit_is_refused(members, error, tmp_path):
    write(tmp_path / "out", {"file": "f", "link": "-> sub", "sub/x": "x"})
    os.mkfifo(tmp_path / "out/fifo")
    with pytest.raises(error):
        unpacked(members, tmp_path)


def test_a_fifo_and_a_link_in_the_way_are_replaced_and_not_opened(tmp_path):
    write(tmp_path, {"out/link": "-> ../outside", "outside": "untouched"})
    os.mkfifo(tmp_path / "out/fifo")
    unpacked([member("fifo", data=b"F"), member("link", data=b"L")], tmp_path)
    assert (tmp_path / "outside").read_text() == "untouched"
    assert {name: (tmp_path / "out" / name).read_text() for name in ("fifo", "link")} == {
        "fifo": "F", "link": "L"}  # fmt: skip


def test_what_is_replaced_while_it_is_packed_is_left_out(tmp_path):
    """A fifo in the place of a file would never end; a link would lead elsewhere."""
    write(tmp_path, {"secret": "secret", "d/a": "a", "d/b": "b", "d/c": "c", "d/sub/x": "x"})
    os.link(tmp_path / "d/a", tmp_path / "d/z")
    out = io.BytesIO()

    class Swapper(Sender):
        def thing(self, found):
            path = tmp_path / os.fsdecode(found.path)
            swap = {"a": os.mkfifo, "b": lambda p: p.symlink_to("../secret"), "c": None,
                    "sub": lambda p: p.symlink_to("..")}  # fmt: skip
            if path.name in swap:
                path.rename(tmp_path / f"was-{path.name}")
                if make := swap[path.name]:
                    make(path)
            super().thing(found)

    with Rooted(tmp_path) as root:
        fd, _ = root.open_directory((b"d",))
        Swapper(out).content(fd, b"d/")
        os.close(fd)
    with tarfile.open(fileobj=io.BytesIO(out.getvalue() + bytes(1024))) as tar:
        assert [(one.name, one.type) for one in tar] == [("d/z", b"0")]


SWAP = """
mkdir -p /w/real /etc/evil; echo mine >/w/real/f; echo evil >/etc/evil/f; cd /w; mv real d; n=0
while true; do mv d real; ln -s /etc/evil d; rm d; ln -s ../../../../../../../.. d; rm d; mv real d
n=$((n+1)); echo $n >/swaps; done
"""
SWAPS = 200


@pytest.mark.overlay
def test_a_container_that_swaps_a_directory_for_a_link_gains_nothing(registry, tmp_path):
    """Whatever it does to its names, what is read and written is its own."""
    done = cli("run", "-d", "--name", "swap", "busybox", "sh", "-c", SWAP)
    assert done.returncode == 0, done.stderr
    write(tmp_path, {"f": "ours", "etc/evil/f": "untouched", "w/d/f": "untouched"})
    seen, listed, rounds = set(), set(), 0
    while rounds < 8 or int(cli("exec", "swap", "cat", "/swaps").stdout or 0) < SWAPS:
        rounds += 1
        out = tmp_path / f"out{rounds}"
        cli("cp", "swap:/w/d/f", str(out))
        if out.is_file() and not out.is_symlink():
            seen.add(out.read_text())
        cli("cp", str(tmp_path / "f"), "swap:/w/d/f")
        cli("cp", "swap:/w", str(tmp_path / f"all{rounds}"))
        listed |= {line[2:] for line in cli("diff", "swap").stdout.splitlines()}
    assert seen <= {"mine\n", "evil\n", "ours"}
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith(("out", "all"))) == [
        "etc", "f", "w"]  # fmt: skip
    assert not Path("/etc/evil").exists()
    assert not Path("/w").exists()
    exported = cli("export", "swap", text=False).stdout
    with tarfile.open(fileobj=io.BytesIO(exported)) as tar:
        listed |= {"/" + one.name for one in tar}
    below = {part for path in listed if path.startswith("/w/") for part in path.split("/")}
    assert below <= {"", "w", "d", "real", "f", "evil"}
    assert cli("commit", "swap", "swapped").returncode == 0


@pytest.mark.overlay
def test_links_in_a_container_lead_nowhere_else(registry, tmp_path):
    script = "mkdir /w; ln -s {0} /w/away; ln -s ../../../../../..{0} /w/up; exec sleep 1000"
    write(tmp_path, {"secret/f": "secret", "new": "new"})
    secret = tmp_path / "secret"
    done = cli("run", "-d", "--name", "evil", "busybox", "sh", "-c", script.format(secret))
    assert done.returncode == 0
    while cli("exec", "evil", "ls", "/w/up").returncode == 0:
        raise AssertionError("the directory of this machine is visible inside")
    for link in ("away", "up"):
        for asked in (f"evil:/w/{link}/f", f"evil:/w/{link}/"):
            assert cli("cp", asked, str(tmp_path / "x")).returncode == 1
        assert cli("cp", str(tmp_path / "new"), f"evil:/w/{link}/f").returncode == 1
    assert cli("cp", "-L", "evil:/w/away", str(tmp_path / "x")).returncode == 1
    assert names(secret) == ["f"]
    assert (secret / "f").read_text() == "secret"


@pytest.mark.root
@pytest.mark.overlay
def test_the_input_that_a_container_was_given_is_not_opened_again(registry, tmp_path):
    """/proc/1/fd/0 is a file of this machine: it may read it, and no link to it may be written."""
    write(tmp_path, {"input": "untouched", "f": "written"})
    script = "ln -s /proc/1/fd/0 /in; read x; exec sleep 1000"
    with open(tmp_path / "input", "rb") as source:
        cli("create", "-i", "--name", "fed", "busybox", "sh", "-c", script)
        started = cli("start", "fed", stdin=source)
    assert started.returncode == 0, started.stderr
    cli("cp", str(tmp_path / "f"), "fed:/in")
    assert (tmp_path / "input").read_text() == "untouched"


@pytest.mark.root
@pytest.mark.overlay
def test_devices_and_fifos_are_copied_not_opened(registry, tmp_path):
    script = "mkdir /w; mkfifo /w/fifo; mknod /w/zero c 1 5; echo end >/w/last"
    assert cli("run", "--name", "odd", "busybox", "sh", "-c", script).returncode == 0
    assert cli("cp", "odd:/w", str(tmp_path / "w")).returncode == 0
    kinds = {p.name: stat.S_IFMT(p.lstat().st_mode) for p in (tmp_path / "w").iterdir()}
    assert kinds == {"fifo": stat.S_IFIFO, "zero": stat.S_IFCHR, "last": stat.S_IFREG}
    assert cli("cp", str(tmp_path / "w"), "odd:/back").returncode == 0
    diff = cli("diff", "odd").stdout.splitlines()
    assert [line for line in diff if "back" in line] == [
        "A /back", "A /back/fifo", "A /back/last", "A /back/zero"]  # fmt: skip
