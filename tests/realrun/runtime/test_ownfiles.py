"""/etc/hosts, /etc/hostname and /etc/resolv.conf are the engine's, and leave no trace in layers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from realrun.runtime import ownfiles
from realrun.runtime.spec import Mount
from tests.realrun.stage import cli
from tests.realrun.trees import write

pytestmark = pytest.mark.overlay


def test_a_container_knows_itself_and_localhost(stage):
    out = stage.sh("cat /etc/hostname; hostname; grep -c localhost /etc/hosts", hostname="me")
    assert out.split() == ["me", "me", "2"]


def test_with_the_hosts_network_names_are_the_hosts(stage):
    script = "cat /etc/resolv.conf /etc/hosts"
    wanted = "".join(
        Path(path).read_text() if os.path.exists(path) else ""
        for path in ("/etc/resolv.conf", "/etc/hosts")
    )
    assert stage.sh(script, network="host") == wanted
    assert stage.sh(script, isolation="process") == wanted


def test_they_are_not_the_images_nor_the_layers(root, tmp_path):
    """Neither what was mounted on nor what was written there comes into a layer."""
    write(
        tmp_path, {"Dockerfile": "FROM hello\nRUN ! echo 1.2.3.4 x >> /etc/hosts && touch /new\n"}
    )
    assert cli("build", "-q", "-t", "named", str(tmp_path)).returncode == 0
    assert cli("run", "--rm", "named", "grep", "-c", "1.2.3.4", "/etc/hosts").stdout == "0\n"
    tree = cli("image", "tree", "named").stdout.split("RUN ! echo")[1]
    assert "new" in tree
    assert "etc" not in tree.partition("adds")[2]
    cli("rmi", "named")


def test_a_mount_that_was_asked_for_covers_them(stage, tmp_path):
    (tmp_path / "mine").write_text("mine\n")
    mount = Mount("bind", str(tmp_path / "mine"), "/etc/hosts")
    assert stage.sh("cat /etc/hosts", mounts=[mount]) == "mine\n"


def test_read_only_with_the_root(stage):
    done = stage.run("sh", "-c", "echo x >> /etc/hosts", read_only=True)
    assert done.code == 1
    assert "Read-only" in done.err


def test_they_can_be_written_and_not_removed(stage):
    assert stage.sh("echo 1.2.3.4 other >> /etc/hosts; tail -n 1 /etc/hosts") == "1.2.3.4 other\n"
    assert stage.run("rm", "/etc/hosts").code != 0


def test_readable_whatever_the_umask(tmp_path):
    old = os.umask(0o077)
    try:
        ownfiles.make_init_layers(tmp_path)
        layer = Path(ownfiles.init_layer(tmp_path, build_step=False))
        ownfiles.write(str(tmp_path), "box", "none")
    finally:
        os.umask(old)
    made = [layer, layer / "etc", layer / "etc/hosts", tmp_path / "etc", tmp_path / "etc/hosts"]
    assert [oct(path.stat().st_mode & 0o777) for path in made] == [
        "0o755", "0o755", "0o644", "0o755", "0o644",
    ]  # fmt: skip
