"""Every verb means for a guest what it means for a container: one life of each, step by step."""

from __future__ import annotations

import argparse
import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from realrun.containers.registry import Registry
from realrun.usage.parser import parser
from tests.realrun.guest.test_boot import GUESTS
from tests.realrun.stage import cli, until

ALL = [pytest.param("container"), *GUESTS]
PROGRAM = """trap 'exit 3' TERM; trap 'echo heard' USR1
cat /written /in 2> /dev/null
if [ ! -e /written ]; then
	echo kept > /written; mkdir /new; ln /written /new/hard; rm /app/hello.sh
fi
echo up; echo err >&2; while :; do sleep 0.1; done"""
CHANGED = ["C /app", "D /app/hello.sh", "A /new", "A /new/hard", "A /written"]

# What is asked of one that runs, and the answer, whatever its isolation; None: it says something.
RUNNING: list[tuple[str, int, str | None]] = [
    ("ps --format {{.Names}},{{.State}}", 0, "box,running\n"),
    ("inspect -f {{.State.Status}},{{.State.Paused}} box", 0, "running,false\n"),
    ("logs box", 0, "up\n"),
    ("exec box cat /new/hard", 0, "kept\n"),
    ("stats --no-stream --format {{.Name}} box", 0, "box\n"),
    ("top box", 0, None),
    ("start box", 0, "box\n"),
    ("rm box", 1, ""),
    ("pause box", 0, "box\n"),
    ("pause box", 1, ""),
    ("ps --filter status=paused --format {{.Names}},{{.State}}", 0, "box,paused\n"),
    ("exec box true", 1, ""),
    ("unpause box", 0, "box\n"),
    ("unpause box", 1, ""),
    ("exec box cat /written", 0, "kept\n"),
    ("kill -s USR1 box", 0, "box\n"),
    ("commit --pause=false box live", 0, None),
    ("diff box", 0, "\n".join([*CHANGED, ""])),
]
# The same of one that has ended.
STOPPED: list[tuple[str, int, str | None]] = [
    ("stop -t 30 box", 0, "box\n"),
    ("wait box", 0, "3\n"),
    ("ps -a --format {{.Names}},{{.State}}", 0, "box,exited\n"),
    ("exec box true", 1, ""),
    ("pause box", 1, ""),
    ("attach box", 1, ""),
    ("kill box", 1, ""),
    ("unpause box", 1, ""),
]
ELSEWHERE = {"run", "create", "cp", "export", "restart", "rm", "prune", "bench", "oci", "start"}


def test_no_verb_is_left_out():
    """Each that takes a container is asked here."""
    verbs = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    takes = {
        name
        for name, one in verbs.choices.items()
        if any(action.dest == "container" for action in one._actions)
    }
    asked = {words.split()[0] for words, _, _ in (*RUNNING, *STOPPED)}
    assert takes <= asked | ELSEWHERE
    assert {"ps", "inspect", "logs"} <= asked


@pytest.fixture
def says(capsys) -> Callable[..., tuple[int, str, str]]:
    """`realrun WORDS` in this process: exit code, output, errors."""
    from realrun.cli import main

    def ask(*words: str) -> tuple[int, str, str]:
        code = main(words)
        return code, *capsys.readouterr()

    return ask


Says = Callable[..., tuple[int, str, str]]


def answers(says: Says, steps: list[tuple[str, int, str | None]]) -> Iterator[object]:
    """What is said: words, exit code, output; errors are one line."""
    for words, _, expected in steps:
        code, out, err = says(*words.split())
        assert err.count("\n") <= 1, err
        yield words, code, None if expected is None and out else out


@pytest.fixture
def box(root: Path):
    """Runs in the background, and goes at the end."""
    registry = Registry(root)

    def start(isolation: str):
        words = ["--name", "box", "--isolation", isolation, "hello", "sh", "-c", PROGRAM]
        done = cli("run", "-d", *words)
        assert (done.returncode, done.stderr) == (0, "")
        log = registry.path(registry.find("box").id) / "log"
        until(lambda: b"up" in log.read_bytes(), "it says up")
        return log

    yield start
    cli("rm", "-f", "box")
    cli("rmi", "live", "made")
    cli("prune")


@pytest.mark.overlay
@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize("isolation", ALL)
def test_one_life_of_each(root, box, says, isolation, tmp_path):
    """The isolation is the only thing that changes. A QEMU boots too slowly for all of it."""
    log, slow = box(isolation), isolation == "qemu"
    until(lambda: b"stderr F err" in log.read_bytes(), "it has complained")
    assert says("logs", "box") == (0, "up\n", "err\n")
    assert list(answers(says, RUNNING)) == RUNNING
    if isolation != "container":
        nobody_holds_its_files_still(says)
    assert list(answers(says, STOPPED)) == STOPPED
    if not slow:
        what_it_wrote_can_be_seen(says, tmp_path, isolation)
    (tmp_path / "in").write_text("brought\n")
    assert says("cp", str(tmp_path / "in"), "box:/in") == (0, "", "")
    if not slow:
        it_becomes_an_image(says)
    assert says("restart", "-t", "30", "box") == (0, "box\n", "")
    until(lambda: log.read_bytes().count(b"up\n") > 1, "it says up again")
    assert says("logs", "box")[1].split()[-3:] == ["kept", "brought", "up"]
    if not slow:
        who_is_killed_loses_nothing(says)


def nobody_holds_its_files_still(says: Says) -> None:
    """What cannot be had says what to do."""
    code, out, err = says("commit", "box", "made")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "`realrun stop box` first, or say --pause=false" in err


def what_it_wrote_can_be_seen(says: Says, tmp_path: Path, isolation: str) -> None:
    """Though it does not run: `diff`, `export`, `cp`, sizes."""
    assert says("diff", "box")[1].splitlines() == CHANGED
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REALRUN_UNPACK_BYTES", "100000")
        code, _, err = says("export", "-o", str(tmp_path / "all"), "box")
        assert (code, err.count("\n"), "REALRUN_UNPACK_BYTES can allow more" in err) == (
            (0, 0, False) if isolation == "container" else (1, 1, True)
        )
    with tarfile.open(fileobj=io.BytesIO(cli("export", "box", text=False).stdout)) as archive:
        names = set(archive.getnames())
    assert {"written", "new/hard", "etc", "proc", "dev"} <= names
    assert not {"app/hello.sh", ".", "./etc"} & names
    assert not any(name.startswith(("proc/", "sys/", "dev/")) for name in names)
    assert says("cp", "box:/new", str(tmp_path)) == (0, "", "")
    assert (tmp_path / "new" / "hard").read_text() == "kept\n"
    assert not says("ps", "-a", "-s", "--format", "{{.Size}}")[1].startswith("0B")


def it_becomes_an_image(says: Says) -> None:
    """Of its own files, and of those that were brought."""
    code, _, err = says("commit", "box", "made")
    assert (code, err) == (0, "")
    told = says("run", "--rm", "made", "sh", "-c", "cat /new/hard /in; ls /app")
    assert told == (0, "kept\nbrought\n", "")


def who_is_killed_loses_nothing(says: Says) -> None:
    """The program is gone at once, and what it wrote is there."""
    assert says("exec", "box", "sh", "-c", "echo late > /late")[0] == 0
    assert says("kill", "box")[0] == 0
    assert says("wait", "box")[1] == "137\n"
    assert cli("cp", "box:/late", "-", text=False).stdout.count(b"late\n") == 1
