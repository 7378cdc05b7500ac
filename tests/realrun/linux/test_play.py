"""The same system calls by Python and by C: same results, same refusals, same container."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realrun.errors import UsageError
from realrun.linux import calls, play
from realrun.linux.calls import NOT_FOUND, Call, Calls, Saved
from realrun.runtime import spawner
from realrun.runtime.watch import Watch
from tests.realrun.stage import Stage

needs_compiler = pytest.mark.skipif(not play.library(), reason="no C compiler here")
NAMES = ("a", "b", "a/c", "b/c")
ERRORS = (errno.ENOENT, errno.EEXIST, errno.EACCES, errno.ENOTDIR)


def fine() -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.sampled_from(ERRORS), max_size=3, unique=True).map(tuple)


def some_calls(folder: str) -> st.SearchStrategy[list[Call]]:
    """Calls that make and open things, what is fine, and what is then left out."""
    names = st.sampled_from([f"{folder}/{name}" for name in NAMES])
    more = {"fine": fine(), "skip": st.integers(0, 2)}
    make = st.builds(lambda path, **rest: calls.mkdir(path)._replace(**rest), names, **more)
    opened = st.builds(
        lambda number, path, flags, **rest: calls.open_as(number, path, flags, 0o640)._replace(
            **rest
        ),
        st.integers(0, 3), names,
        st.sampled_from([os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_DIRECTORY]), **more,
    )  # fmt: skip
    written = st.builds(
        lambda number, text: Call("write", (Saved(number), text, len(text))),
        st.integers(0, 3), st.binary(max_size=9),
    )  # fmt: skip
    begun = [calls.open_as(number, f"{folder}/{number}", os.O_RDWR | os.O_CREAT, 0o600)
             for number in range(4)]  # fmt: skip
    return st.lists(st.one_of(make, opened, written), max_size=9).map(lambda more: begun + more)


def seen(folder: Path) -> dict[str, tuple[int, bytes]]:
    """What has been made there."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in folder.rglob("*")
    }


def elsewhere(wanted: list[Call], here: str, there: str) -> list[Call]:
    """The same calls in another folder."""
    return [
        one._replace(
            args=tuple(
                arg.replace(here, there) if isinstance(arg, str) else arg for arg in one.args
            )
        )
        for one in wanted
    ]


def by_c(wanted: list[Call]) -> tuple[int, int]:
    """Which of them was refused, from 1, and with which error; 0, 0 if none was."""
    reader, writer = os.pipe()
    null = os.open("/dev/null", os.O_RDWR)
    first = spawner.first_calls((null,) * 3, writer)
    end = Calls([Call(NOT_FOUND, ())])
    pid = play.launch([], [(0, first), (1, Calls(wanted)), (2, end)], writer)
    os.close(writer)
    os.close(null)
    with open(reader, "rb") as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    *_, (kind, step, number, place) = spawner.STAMP.iter_unpack(told)
    assert kind == spawner.FAILED
    return (place, number) if step == 1 else (0, 0)


def by_python(wanted: list[Call]) -> tuple[int, int]:
    """The same in a child of Python."""
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            calls.carry_out(wanted)
            os.write(writer, b"0")
        except Exception as error:
            os.write(writer, b"%d" % (getattr(error, "number", None) or error.errno))
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        number = int(pipe.read())
    os.waitpid(pid, 0)
    return (0, number)


@needs_compiler
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_both_do_the_same(tmp_path_factory, data):
    """Whatever is made, fine, left out, kept under a number, or refused."""
    ours, theirs = tmp_path_factory.mktemp("c"), tmp_path_factory.mktemp("python")
    wanted = data.draw(some_calls(str(ours)))
    other = elsewhere(wanted, str(ours), str(theirs))
    assert by_c(wanted)[1] == by_python(other)[1]
    assert seen(ours) == seen(theirs)


@needs_compiler
@pytest.mark.parametrize("names", [["/no/such"], ["/etc", "/no/such"], ["/etc/passwd/x"]])
def test_a_program_that_is_nowhere_is_refused_alike(names):
    """EACCES if one of the places forbids it, else ENOENT."""
    elsewhere = (errno.ENOENT, errno.ENOTDIR, errno.EACCES)
    wanted = [Call("execve", (name, (name, None), (None,)), name, elsewhere) for name in names]
    wanted.append(Call(NOT_FOUND, (), "it"))
    assert by_c(wanted)[1] == by_python(wanted)[1]
    assert by_c(wanted)[0] == len(wanted)


def test_a_zero_byte_would_cut_a_text_short():
    for make in (lambda call: play.encoded([call]), lambda call: calls.carry_out([call])):
        with pytest.raises(UsageError, match="a zero byte ends a text"):
            make(calls.chdir("/tmp\0/x"))


@needs_compiler
@pytest.mark.parametrize("size", [10, 100_000, 1_000_000])
def test_a_program_may_be_large(tmp_path, size):
    """Arguments and settings of a program are as long as the kernel lets them be."""
    text = b"x" * size
    file = tmp_path / "file"
    made = [*calls.write(str(file), text, flags=os.O_CREAT, mode=0o600)]
    assert by_c(made) == (0, 0)
    assert file.read_bytes() == text


SEEN = r"""
cat /proc/self/mountinfo | cut -d' ' -f4- | sed -E 's/[0-9a-f]{12,}/N/g'
grep -E '^(Cap|Seccomp|NoNewPrivs|Groups|Uid|Gid|Sig(Blk|Ign|Cgt)|Threads)' /proc/self/status
ls -l /dev /etc | sed -E 's/ +[A-Z][a-z]+ +[0-9]+ [0-9:]+//'
ls /proc/self/fd; env | sort; pwd; umask; id; cat /proc/net/dev
cut -d' ' -f7-8 /proc/self/stat; cat /proc/self/cgroup | sed -E 's/[0-9a-f]{12,}/N/g'
"""


@needs_compiler
@pytest.mark.overlay
@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("isolation", ["process", "container"])
@pytest.mark.parametrize("user", ["", "1234:56"])
def test_both_make_the_same_container(monkeypatch, isolation, user):
    said = []
    for library in (play.library, lambda: None):
        monkeypatch.setattr(play, "library", library)
        with Watch() as watch:
            wishes = {"isolation": isolation, "user": user, "cwd": "/x/y"}
            done = Stage(watch).run("/bin/sh", "-c", SEEN, **wishes)
        said.append([line for line in done.out.splitlines() if "HOSTNAME" not in line])
    assert said[0] == said[1]
    assert len(said[0]) > 30


@pytest.mark.parametrize("why", ["no compiler", "no room"])
def test_without_a_compiler_or_a_place_there_is_none(monkeypatch, tmp_path, why):
    place = tmp_path / "play.so"
    if why == "no compiler":
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        place = tmp_path / "nowhere" / "play.so"
    assert play.compiled(str(place)) is False
    assert list(tmp_path.iterdir()) == []


@needs_compiler
def test_it_is_compiled_without_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(play, "WORDS", [*play.WORDS, "-Wall", "-Wextra", "-Werror"])
    place = tmp_path / "play.so"
    assert play.compiled(str(place)) is True
    assert [path.name for path in tmp_path.iterdir()] == ["play.so"]
    assert stat.S_ISREG(place.stat().st_mode)
