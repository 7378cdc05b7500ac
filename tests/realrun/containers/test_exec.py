"""exec: one more program in a running container, in all of its namespaces and with its rights."""

from __future__ import annotations

import pytest

from tests.realrun.stage import HANG_S, cli, started, until

pytestmark = pytest.mark.overlay
BOTH = pytest.mark.parametrize("isolation", ["process", "container"])


@pytest.fixture
def host(registry):
    """A function that starts a container to be executed in."""

    def start(*options):
        done = cli("run", "-d", "--name", "host", *options, "hello", "sleep", "1000")
        assert done.returncode == 0, done.stderr
        return registry.find("host")

    return start


@BOTH
def test_output_errors_and_code(host, isolation):
    host("--isolation", isolation)
    done = cli("exec", "host", "sh", "-c", "echo out; echo err >&2; exit 9")
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 9)


@BOTH
def test_it_sees_the_containers_files(host, isolation):
    host("--isolation", isolation)
    assert cli("exec", "host", "sh", "-c", "echo mine > /mine").returncode == 0
    assert cli("exec", "host", "cat", "/mine").stdout == "mine\n"


def test_it_is_in_every_namespace_and_group_of_the_container(host):
    host()
    script = "for n in mnt pid net uts ipc cgroup; do readlink /proc/$1/ns/$n; done"
    first = cli("exec", "host", "sh", "-c", script, "sh", "1").stdout
    assert first == cli("exec", "host", "sh", "-c", script, "sh", "self").stdout
    assert len(first.split()) == 6
    groups = [cli("exec", "host", "cat", f"/proc/{pid}/cgroup").stdout for pid in ("1", "self")]
    assert groups[0] == groups[1]


def test_it_has_the_containers_rights_and_no_more(host):
    host("--cap-drop", "ALL", "--cap-add", "CHOWN")
    words = ["grep", "-E", "Cap|Seccomp:|NoNewPrivs"]
    inside = cli("exec", "host", *words, "/proc/self/status").stdout
    assert inside == cli("exec", "host", *words, "/proc/1/status").stdout
    assert "CapBnd:\t0000000000000001" in inside


def test_environment_directory_and_user(host):
    host("-e", "A=1", "-e", "B=2", "-w", "/etc", "-u", "7:8")
    done = cli("exec", "-e", "B=3", "host", "sh", "-c", "echo $A $B; pwd; id -u; id -g")
    assert done.stdout.split() == ["1", "3", "/etc", "7", "8"]
    done = cli("exec", "-w", "/tmp", "-u", "9", "host", "sh", "-c", "pwd; id -u")
    assert done.stdout.split() == ["/tmp", "9"]


def test_a_user_that_the_container_has_added(host):
    """Names are looked up in the container's own files, as they are now."""
    host()
    cli("exec", "host", "sh", "-c", "echo new:x:77:78::/:/bin/sh >> /etc/passwd")
    assert cli("exec", "-u", "new", "host", "id", "-u").stdout == "77\n"


@pytest.mark.parametrize(("word", "code"), [("nosuch", 127), ("/etc/passwd", 126)])
def test_what_cannot_be_executed(host, word, code):
    host()
    done = cli("exec", "host", word)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)


def test_input_only_if_asked_for(host):
    host()
    assert cli("exec", "host", "cat", input="mine\n").stdout == ""
    assert cli("exec", "-i", "host", "cat", input="mine\n").stdout == "mine\n"


def test_detached(host):
    host()
    assert cli("exec", "-d", "host", "sh", "-c", "echo $X > /made", "-e", "X=1").returncode == 0
    assert cli("exec", "-d", "-e", "X=7", "host", "sh", "-c", "echo $X > /seven").returncode == 0
    until(lambda: cli("exec", "host", "cat", "/seven").stdout == "7\n", "it has run")


def test_the_container_ends_while_something_is_executed(host):
    host()
    with started("exec", "host", "sh", "-c", "echo up; sleep 1000") as process:
        assert process.stdout.readline() == "up\n"
        cli("kill", "host")
        assert process.wait(HANG_S) == 137


def test_a_terminal_of_the_containers_own(host, terminal):
    host()
    out, code = terminal("exec", "-it", "host", "sh", "-c", "tty; stty size; exit 5")
    assert out.split() == ["/dev/pts/0", "33", "101"]
    assert code == 5


def test_beside_an_init(host):
    """The first process lets nobody look into it: its program's namespaces are entered."""
    host("--init")
    assert "sleep 1000" in cli("exec", "host", "ps").stdout
