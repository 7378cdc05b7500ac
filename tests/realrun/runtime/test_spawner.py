"""The spawner process: many at once, refusals with a reason, nothing leaked, no import inside."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from realrun import engine
from realrun.errors import RealRunError
from realrun.linux import calls, namespaces, play
from realrun.linux.calls import Calls
from realrun.runtime import childsteps, client, state
from realrun.runtime import spawner as carrying_out
from realrun.runtime.client import Spawner
from realrun.runtime.run import drive, ignore
from realrun.runtime.spec import Spec
from realrun.runtime.watch import Watch
from tests.realrun.stage import HANG_S, NO_TRACES, Stage, alive, kill, traces, until

pytestmark = pytest.mark.overlay

ONE_REQUEST = 4096  # room in a socket, bytes; the kernel doubles it (socket(7))


CLONES = {"calls": "launch", "python": "clone"}  # the function that makes such a child
BOTH_CHILDREN = pytest.mark.parametrize("child", CLONES)


def use(child: str, monkeypatch) -> None:
    """Have children of this kind, or skip."""
    if child == "python":
        monkeypatch.setattr(play, "library", lambda: None)
    elif not play.library():
        pytest.skip("no C compiler here, so all children are Python's")


def begin_many(stage: Stage, count: int, *words: str, **wishes) -> tuple[list, list[bytes]]:
    """That many instances asked for without listening in between; what they say."""
    said: list[bytes] = []
    runs = [stage.begin(*words, out=said.append, err=said.append, **wishes) for _ in range(count)]
    return runs, said


def finish(stage: Stage, runs: list) -> set[int | None]:
    """Hear all of them out; their exit codes."""
    drive(runs, stage.starter)
    for run in runs:
        run.close()
    return {run.record.code for run in runs}


def test_thirty_at_once(stage, root):
    runs, said = begin_many(stage, 30)
    assert finish(stage, runs) == {0}
    assert b"".join(said) == b"Hello from one image\n" * 30
    assert [traces(root, run.id) for run in runs] == [NO_TRACES] * 30


def test_asking_never_waits_for_telling(root, monkeypatch):
    """A client that goes on asking does not listen: with little room in the socket both would
    wait for each other for ever."""
    real = client.socket.socketpair

    def narrow(*args):
        pair = real(*args)
        for end in pair:
            end.setsockopt(client.socket.SOL_SOCKET, client.socket.SO_SNDBUF, ONE_REQUEST)
        return pair

    monkeypatch.setattr(client.socket, "socketpair", narrow)
    with Spawner() as starter:
        starter.socket.settimeout(HANG_S)
        stage = Stage(starter)
        runs, _ = begin_many(stage, 25, "true")
        assert finish(stage, runs) == {0}


def test_two_spawners_do_not_disturb_each_other(root):
    with Spawner() as one, Spawner() as two:
        stages = [Stage(one), Stage(two)]
        crowds = [begin_many(stage, 5)[0] for stage in stages]
        codes = [finish(stage, runs) for stage, runs in zip(stages, crowds, strict=True)]
    assert codes == [{0}, {0}]


def test_the_end_of_the_client_is_the_end_of_everything(root):
    """Leaving the spawner kills what still runs and cleans up behind it."""
    with Spawner() as starter:
        runs, _ = begin_many(Stage(starter), 3, "/app/hello.sh", "wait")
        drive(runs, starter, until=lambda run: run.ready())
    for run in runs:
        run.close()
    assert [traces(root, run.id) for run in runs] == [NO_TRACES] * 3
    assert not any(alive(run.record.pid) for run in runs)


@pytest.mark.parametrize("isolation", ["process", "container"])
def test_instances_die_with_a_spawner_that_is_killed(root, isolation):
    """kill -9: no container outlives it, the caller is told, and `prune` finds the rest."""
    with Spawner() as starter:
        runs, _ = begin_many(Stage(starter), 2, "/app/hello.sh", "wait", isolation=isolation)
        drive(runs, starter, until=lambda run: run.ready())
        kill(starter.process.pid)
        with pytest.raises(RealRunError, match="prune"):
            drive(runs, starter)
        for run in runs:
            run.close()
    until(lambda: not any(alive(run.record.pid) for run in runs), "all processes end")
    assert set(state.prune(root)) == {run.id for run in runs}
    assert [traces(root, run.id) for run in runs] == [NO_TRACES] * 2


def test_a_refused_start_tells_why_and_leaves_nothing(stage, root, tmp_path):
    """The engine's own first step fails here: its folder is in the way."""
    spec = Spec(layers=(str(tmp_path),), argv=("x",), env={}, id="f" * 32)
    real = state.create

    def create(root: Path, instance: str):
        claim = real(root, instance)
        os.mkdir(f"{claim.folder}/upper")
        return claim

    with pytest.MonkeyPatch.context() as patch, Spawner() as starter:
        patch.setattr(state, "create", create)
        run = engine.begin(spec, starter, ignore, ignore)
        drive([run], starter)
        run.close()
    with pytest.raises(RealRunError, match=r"'directories'.*File exists"):
        engine.exit_code(run)
    assert traces(root, spec.id) == NO_TRACES


def open_files(pid: int | str) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_no_descriptor_is_leaked(root):
    """Fifty starts, some of which fail: caller and spawner have as many open files as before."""
    with Spawner() as starter:
        stage = Stage(starter)
        stage.run("true")
        before = open_files("self"), open_files(starter.process.pid)
        for number in range(50):
            if number % 5:
                stage.run("true")
            else:
                with pytest.raises(engine.StartFailed):
                    stage.run("nosuch")
        assert (open_files("self"), open_files(starter.process.pid)) == before


@BOTH_CHILDREN
def test_a_clone_that_is_refused_leaks_nothing(tmp_path, monkeypatch, child):
    """Too many namespaces, too many processes: the pipe and the lock are closed again."""

    def refuse(*_):
        raise RealRunError("no more")

    use(child, monkeypatch)
    monkeypatch.setattr(play if child == "calls" else namespaces, CLONES[child], refuse)
    lock = os.open(tmp_path, os.O_RDONLY)
    before = open_files("self")
    with pytest.raises(RealRunError, match="no more"):
        carrying_out.launch({"engine": [], "child": [], "namespaces": [], "clone": 0}, [lock] * 4)
    assert open_files("self") == before
    os.close(lock)


@BOTH_CHILDREN
def test_a_child_that_nobody_watches_over_ends_by_itself(tmp_path, monkeypatch, child):
    """Its engine may be killed just before the kernel is told to kill it, too, for the second
    time: then it must not become the program, nor ever come back as a copy of the engine."""
    use(child, monkeypatch)
    go, mark = tmp_path / "go", tmp_path / "mark"
    os.mkfifo(go)
    reader, writer = os.pipe()
    null = os.open("/dev/null", os.O_RDWR)
    words = ["/bin/sh", "-c", f"echo ran > {mark}"]
    wait = calls.open_as(0, str(go), os.O_RDONLY)
    args = {"argv": words, "env": {}, "cwd": "/", "joined": False}
    steps = [(1, Calls([wait, *childsteps.ready("exec", args)]))]
    if child == "calls":
        first = carrying_out.first_calls((null,) * 3, writer)
        pid = play.launch([], [(0, first), *steps], writer)
    elif (pid := namespaces.clone([])) == 0:
        os.close(reader)
        try:
            carrying_out.run_child(0, steps, [null] * 3, writer)
        finally:
            os._exit(99)
    os.close(writer)
    assert len(os.read(reader, 100)) == carrying_out.STAMP.size  # it has begun
    os.close(reader)
    go.write_bytes(b"")
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(null)
    assert code == 125
    assert not mark.exists()


@pytest.mark.parametrize("limit", range(9, 21))
def test_running_out_of_descriptors_is_an_error_and_leaves_nothing(root, limit):
    """With so few open files a start fails at one place or another; or it works."""
    said: list[bytes] = []
    with Spawner() as starter:
        resource.prlimit(starter.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
        run = Stage(starter).begin(out=said.append)
        drive([run], starter)
        run.close()
    failure = run.record.failure
    why = failure[2] if failure else ""
    assert "open files" in why or (not why and b"".join(said) == b"Hello from one image\n")
    state.prune(root)
    assert traces(root, run.id) == NO_TRACES


EVIL = "import os; os.write(1, b'PWNED as %d' % os.getuid()); os._exit(0)\n"
MODULES = (
    "warnings encodings/__init__ encodings/idna traceback getpass linecache json/__init__ "
    "realrun/__init__ sitecustomize os errno socket subprocess"
).split()


@pytest.mark.parametrize("wrong", ["true", "nosuch", "/", "/bin/\udcff", "x" * 5000])
def test_nothing_of_the_image_is_run_by_the_engine(root, tmp_path, wrong):
    """After the change of root an import would find the image's modules, and run them with the
    engine's rights: good starts and all kinds of failing ones must import nothing."""
    layer = evil_image(tmp_path / "evil")
    base = Stage(None).image.layers
    said: list[bytes] = []
    spec = Spec(layers=(*map(str, base), str(layer)), argv=(wrong,), env={"PATH": "/bin"})
    for make in (Spawner, Watch):
        with make() as starter:
            run = engine.begin(
                Spec(**{f: getattr(spec, f) for f in ("layers", "argv", "env")}),
                starter, said.append, said.append,
            )  # fmt: skip
            drive([run], starter)
            run.close()
    assert b"PWNED" not in b"".join(said)


def evil_image(layer: Path) -> Path:
    """Python's modules, replaced, everywhere this Python looks for its own and at the root."""
    import sys

    for folder in {*sys.path, "/", str(Path(os.__file__).parent)}:
        if folder.startswith("/") and not folder.endswith(".zip"):
            for name in MODULES:
                path = layer / folder.lstrip("/") / f"{name}.py"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(EVIL)
    return layer


def test_a_layer_that_has_gone_is_named(stage, tmp_path):
    """The step says what it missed."""
    spec = Spec(layers=(str(tmp_path / "gone"), str(tmp_path)), argv=("x",), env={})
    run = engine.begin(spec, stage.starter, ignore, ignore)
    drive([run], stage.starter)
    with pytest.raises(engine.StartFailed, match=r"'overlay'.*No such file"):
        engine.exit_code(run)


def test_a_request_larger_than_a_packet(stage):
    """Many variables, each below the kernel's limit for one."""
    env = {f"V{number}": "x" * 100_000 for number in range(8)}
    assert stage.run("sh", "-c", "echo ${#V0} ${#V7}", env=env).out == "100000 100000\n"
