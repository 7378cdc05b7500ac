"""A program's environment is what the image and Docker say: nothing of the caller's is in it."""

from __future__ import annotations

import pytest

from tests.realrun.stage import cli, until

pytestmark = pytest.mark.overlay
# Names that engines have passed on by mistake, or that Python and services obey.
CALLERS = {
    "SECRET": "callers", "PYTHONSTARTUP": "/x", "SSH_AUTH_SOCK": "/x", "USER": "maya",
    "SHELL": "/x", "OLDPWD": "/x", "LC_ALL": "C", "TZ": "Asia/Seoul", "NOTIFY_SOCKET": "/x",
    "LISTEN_FDS": "1", "XDG_RUNTIME_DIR": "/x", "DBUS_SESSION_BUS_ADDRESS": "/x", "TERM": "dumb",
}  # fmt: skip
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HOME = "HOME=/root"


def variables(done) -> set[str]:
    assert (done.returncode, done.stderr) == (0, ""), done
    return set(done.stdout.split("\n")) - {""}


@pytest.mark.parametrize("isolation", ["container", "process"])
def test_run(root, isolation):
    done = cli("run", "--rm", "--isolation", isolation, "busybox", "env", env=CALLERS)
    found = variables(done)
    assert {PATH, HOME} <= found
    assert {one.partition("=")[0] for one in found} == {"PATH", "HOME", "HOSTNAME"}


def test_run_detached_and_exec(registry):
    done = cli("run", "-d", "--name", "box", "-e", "A=1", "busybox", "sh", "-c",
               "env; sleep 1000", env=CALLERS)  # fmt: skip
    assert done.returncode == 0, done.stderr
    expected = {PATH, HOME, "A=1", f"HOSTNAME={registry.find('box').id[:12]}"}
    shell = {"SHLVL=1", "PWD=/"}  # the shell's own
    logged = until(lambda: cli("logs", "box").stdout, "its variables")
    assert set(logged.split()) - shell == expected
    assert variables(cli("exec", "-e", "B=2", "box", "env", env=CALLERS)) == {*expected, "B=2"}


def test_a_terminal_adds_what_docker_adds(registry, terminal, monkeypatch):
    for name, value in CALLERS.items():
        monkeypatch.setenv(name, value)
    seen, code = terminal("run", "--rm", "-t", "busybox", "env")
    assert code == 0
    found = dict(line.split("=", 1) for line in seen.split("\n") if line.strip())
    assert found["TERM"].strip() == "xterm"
    assert found.keys() == {"PATH", "HOME", "HOSTNAME", "TERM"}


def test_a_step_of_a_build(root, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM busybox\nENV IMAGE=1\nRUN env > /e\nCMD cat /e\n")
    assert cli("build", "-q", "-t", "envs", str(tmp_path), env=CALLERS).returncode == 0
    found = variables(cli("run", "--rm", "envs"))
    assert found - {"SHLVL=1", "PWD=/"} == {PATH, HOME, "IMAGE=1"}
    assert cli("rmi", "envs").returncode == 0
