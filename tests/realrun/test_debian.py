"""base debian: a minimal system from packages, that works, and whose files do not tell the time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from realrun import building, debian
from realrun.errors import Missing
from realrun.image import Store
from tests.realrun.stage import cli, everything_left


def test_without_apt_the_message_names_another_way(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Missing, match=r"no apt-get here.*realrun load"):
        debian.check()


def test_an_ordinary_user_is_told_why_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(debian.shutil, "which", lambda program: f"/usr/bin/{program}")
    with pytest.raises(Missing, match=r"made by root.*base busybox"):
        debian.check()


@pytest.mark.root
def test_without_the_network_nothing_is_left_behind(tmp_path: Path):
    """apt is sent to a port where nobody answers."""
    env = {"REALRUN_ROOT": str(tmp_path / "root"), "http_proxy": "http://127.0.0.1:9"}
    env["APT_CONFIG"] = str(tmp_path / "apt.conf")
    (tmp_path / "apt.conf").write_text(
        'Acquire::http::Proxy "http://127.0.0.1:9";\nAcquire::https::Proxy "http://127.0.0.1:9";\n'
        'Acquire::Retries "0";\n'
    )
    done = cli("base", "debian", env=env)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert done.stderr.splitlines()[-1].startswith("realrun: ")
    assert not list((tmp_path / "root").glob("tmp/*"))


def test_traces_of_the_moment_go_and_the_rest_stays(tmp_path: Path):
    for name in ("etc/apt/x", "etc/passwd-", "etc/passwd", "var/log/dpkg.log", "var/log/apt/term",
                 "var/cache/ldconfig/aux-cache", "var/lib/dpkg/status", "var/lib/dpkg/status-old",
                 "tmp/d/x", "run/lock/x", "etc/machine-id"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    debian.clean(tmp_path, ["deb http://archive/debian stable main"])
    left = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert left == [
        "etc/apt/sources.list", "etc/apt/x", "etc/machine-id", "etc/passwd", "var/lib/dpkg/status",
    ]  # fmt: skip
    assert (tmp_path / "etc/machine-id").read_text() == ""
    assert not list((tmp_path / "tmp").iterdir())


DOCKERFILE = """\
FROM debian
RUN dpkg --audit && dpkg -l bash apt dpkg > /list && id mail
RUN ["bash", "-c", "[[ -L /bin && -u /usr/bin/passwd ]] && apt-get --version && perl -e 'print 42'"]
"""


@pytest.mark.root
@pytest.mark.overlay
@pytest.mark.network
@pytest.mark.slow
def test_debian_is_minimal_works_and_is_made_the_same_twice(root, starter, tmp_path):
    store = Store()
    image = debian.make_base_debian(store, starter)
    names = {one.reference for one in store.images() if one.image_id == image.image_id}
    assert "debian:latest" in names
    assert len(names) >= 2
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    built = building.build(tmp_path, ["on-debian"], starter, network="none")
    assert "bash" in (store.tree(built.diff_ids[-2]) / "list").read_text()

    (layer,) = image.stored
    assert 30 << 20 < layer.size < 90 << 20
    again = debian.make_base_debian(Store(tmp_path / "again"), starter)
    assert again.image_id == image.image_id
    for name in ("on-debian", *names):
        store.remove(name)
    cli("prune")
    assert everything_left(root) == []
