"""`diff`, `export`, `commit`: what has become of an image's files in a container."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from realrun.image import Store
from realrun.image import config as configs
from realrun.image.layers import pack
from tests.realrun.stage import cli, until
from tests.realrun.trees import write

pytestmark = pytest.mark.overlay

SCRIPT = (
    "echo new >/etc/passwd; mkdir /d; echo 1 >/d/f; ln /d/f /d/g; rm /etc/group; rm -r /var/tmp;"
    " mkdir /var/tmp; chmod 700 /home; mkfifo /d/pipe; touch /dev/x /v/y"
)


@pytest.fixture
def changed(registry):
    """A container that has changed a few things."""
    ok("run", "--name", "box", "-v", "/v", "-w", "/d", "-e", "K=v", "busybox", "sh", "-c", SCRIPT)
    yield registry.find("box")
    for image in Store(registry.root).images():
        if image.reference not in ("busybox:latest", "hello:latest"):
            Store(registry.root).remove(image.digest)


def ok(*args, **more):
    done = cli(*args, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_diff_tells_what_is_new_changed_and_gone(changed):
    assert ok("diff", "box").splitlines() == [
        "A /d", "A /d/f", "A /d/g", "A /d/pipe", "C /etc", "D /etc/group", "C /etc/passwd",
        "C /home", "A /v", "C /var", "C /var/tmp",
    ]  # fmt: skip


def test_a_container_that_did_nothing_has_changed_nothing(registry):
    ok("create", "--name", "idle", "busybox")
    assert ok("diff", "idle") == ""


def test_what_the_engine_makes_to_mount_on_is_no_change(registry, tmp_path):
    """An image without /dev, /proc and /sys gets them to run with; they are not the container's."""
    with Store(registry.root).workspace("bare") as scratch:
        tree = scratch / "tree"
        busybox = Store(registry.root).resolve("busybox").layers[0] / "bin/busybox"
        write(tree, {"bin/": None})
        (tree / "bin/busybox").write_bytes(busybox.read_bytes())
        (tree / "bin/busybox").chmod(0o755)
        layer = pack(tree, scratch / "layer", latest=0)
        document = configs.make(config={"Cmd": ["/bin/busybox", "true"]}, created="",
                                diff_ids=[layer.diff_id], history=[{}])  # fmt: skip
        Store(registry.root).add(document, [layer], "bare")
    ok("run", "--name", "bare", "--isolation", "process", "bare")
    container = registry.find("bare")

    upper = registry.path(container.id) / "upper"
    assert list(upper.iterdir()) == []
    assert ok("diff", "bare") == ""
    image = Store(registry.root).resolve(ok("commit", "bare").strip())
    assert len(image.diff_ids) == 1
    for name in (image.digest, "bare"):
        Store(registry.root).remove(name)


@pytest.mark.parametrize("where", ["output", "file"])
def test_export_is_all_files_without_what_is_mounted(changed, tmp_path, where):
    if where == "file":
        ok("export", "-o", str(tmp_path / "all.tar"), "box")
        assert (tmp_path / "all.tar").stat().st_mode & 0o777 == 0o600
    else:
        (tmp_path / "all.tar").write_bytes(ok("export", "box", text=False))
    with tarfile.open(tmp_path / "all.tar") as tar:
        members = {one.name: one for one in tar}
        assert tar.extractfile("etc/passwd").read() == b"new\n"
    assert members.keys() >= {"bin", "bin/busybox", "bin/sh", "d/f", "d/pipe", "dev", "v", "proc"}
    assert not members.keys() & {"etc/group", "dev/x", "v/y", "", "."}
    assert (members["d/g"].type, members["d/g"].linkname) == (tarfile.LNKTYPE, "d/f")
    assert members["d/pipe"].isfifo()
    assert members["home"].mode == 0o700


def test_a_running_container_is_exported_without_its_mounts(registry):
    ok("run", "-d", "--name", "on", "-v", "/v", "--tmpfs", "/t", "busybox", "sh", "-c",
       "touch /v/a /t/b /c; exec sleep 1000")  # fmt: skip
    until(lambda: cli("exec", "on", "ls", "/c").returncode == 0, "it has made its files")
    with tarfile.open(fileobj=io.BytesIO(ok("export", "on", text=False))) as tar:
        found = set(tar.getnames())
    assert found >= {"c", "v", "t", "proc", "dev"}
    assert not found & {"v/a", "t/b", "proc/1", "dev/null"}


def test_commit_makes_an_image_of_the_changes(changed, registry):
    told = ok("commit", "-m", "why", "-a", "Ada", "box", "box:1").strip()
    store = Store(registry.root)
    image, base = store.resolve("box:1"), store.resolve("busybox")

    assert told == image.image_id
    assert image.diff_ids[:-1] == base.diff_ids
    assert image.history[-1]["created_by"] == f"sh -c {SCRIPT}"
    assert (image.author, image.document["comment"]) == ("Ada", "why")
    assert image.config["Cmd"] == ["sh", "-c", SCRIPT]
    assert image.config["WorkingDir"] == "/d"
    assert "K=v" in image.config["Env"]
    assert image.config["Volumes"] == {"/v": {}}
    script = "cat /etc/passwd f; ls /etc/group || ls /d /var/tmp /dev/x"
    done = cli("run", "--rm", "box:1", "sh", "-c", script)
    assert done.stdout.split() == "new 1 /d: f g pipe /var/tmp:".split()
    assert ok("diff", "box").startswith("A /d\n")  # the container has kept its own


def test_commit_takes_instructions(changed, registry):
    changes = ['CMD ["x", "y"]', "ENV A=1 B=${PATH}z", "EXPOSE 80", "LABEL l=m", "ONBUILD RUN q",
               "USER 7", "VOLUME /more", "WORKDIR sub\nENTRYPOINT [\"e\"]"]  # fmt: skip
    words = [word for change in changes for word in ("-c", change)]
    ok("commit", *words, "-p", "--pause=false", "box", "box:2")
    config = Store(registry.root).resolve("box:2").config
    path = next(one for one in config["Env"] if one.startswith("PATH="))
    assert config["Env"][-2:] == ["A=1", f"B={path[5:]}z"]
    assert {key: config[key] for key in ("Cmd", "Entrypoint", "ExposedPorts", "Labels", "OnBuild",
                                         "User", "Volumes", "WorkingDir")} == {
        "Cmd": ["x", "y"], "Entrypoint": ["e"], "ExposedPorts": {"80/tcp": {}},
        "Labels": {"l": "m"}, "OnBuild": ["RUN q"], "User": "7",
        "Volumes": {"/v": {}, "/more": {}}, "WorkingDir": "/d/sub",
    }  # fmt: skip
    assert json.loads(ok("inspect", "box"))[0]["Config"]["Cmd"][0] == "sh"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["-c", "RUN x", "box"], "not a valid change command"),
        (["-c", "FROM x", "box"], "not a valid change command"),
        (["-c", "ENV", "box"], "ENV needs"),
        (["box", "BAD:x"], "no image name"),
        (["nobody"], "no such container"),
    ],
)
def test_a_commit_that_cannot_be_changes_nothing(changed, registry, words, why):
    before = Store(registry.root).images()
    done = cli("commit", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert why in done.stderr
    assert Store(registry.root).images() == before


@pytest.mark.parametrize("isolation", ["container", "process"])
def test_a_container_that_never_rests_is_looked_at_all_the_same(registry, tmp_path, isolation):
    churn = "cd /; while :; do mkdir q; echo x >q/a; mkfifo q/b; ln q/a q/c; rm -r q; done"
    ok("run", "-d", "--name", "churn", "--isolation", isolation, "busybox", "sh", "-c", churn)
    for _ in range(5):
        assert {line[2:4] for line in ok("diff", "churn").splitlines()} <= {"/q"}
        with tarfile.open(fileobj=io.BytesIO(ok("export", "churn", text=False))) as tar:
            assert "bin/busybox" in tar.getnames()
        told = ok("commit", "churn").strip()
        Store(registry.root).remove(told)
