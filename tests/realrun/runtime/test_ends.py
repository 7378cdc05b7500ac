"""How runs end: exit codes as Docker's, and what goes through the three descriptors."""

from __future__ import annotations

import signal
import subprocess

import pytest

from realrun import engine
from realrun.engine import StartFailed
from realrun.runtime.run import drive, ignore, stop
from realrun.runtime.spec import Spec
from tests.realrun.stage import COMMAND, HANG_S, NO_TRACES, cli, instances, started, traces
from tests.realrun.trees import write

pytestmark = pytest.mark.overlay
BOTH = pytest.mark.parametrize("isolation", ["process", "container"])


@BOTH
@pytest.mark.parametrize("code", [0, 1, 2, 42, 125, 126, 127, 128, 130, 255])
def test_the_programs_exit_code_is_ours(stage, isolation, code):
    assert stage.run("sh", "-c", f"exit {code}", isolation=isolation).code == code


@BOTH
@pytest.mark.parametrize("name", ["HUP", "INT", "ABRT", "KILL", "USR1", "SEGV", "PIPE", "TERM"])
def test_a_signals_end_is_128_and_its_number(stage, isolation, name):
    """By way of a shell's child, since the kernel keeps a first process from its own signals."""
    script = f"sh -c 'kill -{name} $$'"
    number = signal.Signals[f"SIG{name}"]
    assert stage.run("sh", "-c", f"{script}; exit $?", isolation=isolation).code == 128 + number


def test_no_signal_is_ignored_from_the_beginning(stage, root):
    """Whatever Python, our spawner, `nohup` or a shell's background job ignores."""
    assert stage.run("grep", "SigIgn", "/proc/self/status").out.split() == ["SigIgn:", "0" * 16]
    script = 'trap "" INT QUIT HUP PIPE; exec "$@"'
    words = ["sh", "-c", script, "sh", *COMMAND, "run", "hello", "grep", "SigIgn", "/proc/1/status"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=HANG_S)
    assert done.stdout.split() == ["SigIgn:", "0" * 16]


def test_a_first_process_that_is_killed_from_outside(stage):
    run = stage.begin("/app/hello.sh", "wait")
    stop(run, stage.starter)
    assert run.record.code == 137


@BOTH
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nosuch"], 127, "nosuch: not found in the image's PATH"),
        (["/no/such"], 127, "/no/such"),
        (["/etc/passwd"], 126, "Permission denied"),
        (["/etc"], 126, "Permission denied"),
    ],
)
def test_what_cannot_be_executed(stage, isolation, words, code, said):
    """127 for what is not there, 126 for what is no program, as a shell and Docker give them."""
    with pytest.raises(StartFailed, match=said) as failed:
        stage.run(*words, isolation=isolation)
    assert failed.value.code == code


@BOTH
def test_a_file_that_is_neither_program_nor_script(stage, tmp_path, isolation):
    layer = write(tmp_path / "layer", {"text": "no program"})
    (layer / "text").chmod(0o755)
    spec = Spec(layers=(str(layer),), argv=("/text",), env={}, isolation=isolation)
    run = engine.begin(spec, stage.starter, ignore, ignore)
    drive([run], stage.starter)
    with pytest.raises(StartFailed, match="Exec format error") as failed:
        engine.exit_code(run)
    assert failed.value.code == 126


@BOTH
def test_a_step_that_fails_is_the_engines_error(stage, root, isolation):
    """125 and the step's name; nothing of the instance is left."""
    before = instances(root)
    with pytest.raises(StartFailed, match=r"'working directory'.*Not a directory") as failed:
        stage.run("true", isolation=isolation, cwd="/etc/passwd")
    assert failed.value.code == 125
    assert instances(root) == before


@BOTH
def test_orphans_end_with_the_first_process(stage, root, isolation):
    """What was started in the background does not outlive the run, and its output was heard."""
    script = "(setsid sleep 1000 & setsid sh -c 'trap \"\" TERM HUP; sleep 1000') & echo said"
    done = stage.run("sh", "-c", script, isolation=isolation)
    assert done.out == "said\n"
    assert traces(root, done.record.plan.instance) == NO_TRACES


@BOTH
def test_output_and_errors_are_told_apart(stage, isolation):
    done = stage.run("sh", "-c", "echo out; echo err >&2", isolation=isolation)
    assert (done.out, done.err) == ("out\n", "err\n")


@BOTH
def test_nothing_is_lost_of_much_output(stage, root, isolation):
    """50 MB through a pipe, by way of the engine: every byte in its place."""
    line, size = b"0123456789abcdef\n", 50_000_000
    said = bytearray()
    script = f"yes {line.decode().strip()} | head -c {size}"
    run = stage.begin("sh", "-c", script, out=said.extend, isolation=isolation)
    drive([run], stage.starter)
    assert said == (line * (size // len(line) + 1))[:size]


def test_bytes_pass_unchanged(root):
    """All 256, in order, through the command line's own descriptors."""
    script = 'i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %03o $i)"; i=$((i+1)); done'
    done = cli("run", "hello", "sh", "-c", script, text=False)
    assert done.stdout == bytes(range(256))


def test_the_callers_input_is_not_eaten(root):
    """`while read line; do realrun run ...; done` must see every line; -i passes it on."""
    assert cli("run", "hello", "cat", input="mine\n").stdout == ""
    assert cli("run", "-i", "hello", "cat", input="mine\n").stdout == "mine\n"


@BOTH
def test_a_reader_that_goes_away_ends_the_program(root, isolation):
    """SIGPIPE has its default meaning again: `yes | head -1` ends."""
    words = ["run", "--isolation", isolation, "hello", "sh", "-c", "yes; exit $?"]
    with started(*words) as process:
        assert process.stdout.read(2) == "y\n"
        process.stdout.close()
        assert process.wait(timeout=60) == 128 + signal.SIGPIPE


@BOTH
def test_the_settings_arrive(stage, isolation):
    """Working directory made if need be, arguments and environment verbatim."""
    script = 'pwd; printf "%s," "$@"'
    words = ["", "*", "a b", "$A", "-x", "é"]
    done = stage.run("sh", "-c", script, "sh", *words, isolation=isolation, cwd="/n/w")
    assert done.out == "/n/w\n" + "".join(f"{word}," for word in words)
    strange = {"A": "x y\n'\"$HOME\\", "a-b.c": "1", "LC_Ä": "ü€", "E": "", " ": "="}
    told = stage.run("env", "-0", isolation=isolation, env=strange).out
    assert strange.items() <= dict(one.split("=", 1) for one in told.split("\0") if one).items()
