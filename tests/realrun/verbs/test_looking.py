"""tag, history, inspect: what the store knows of an image, in Docker's words."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from realrun.image import Store
from realrun.image.describe import ALWAYS
from realrun.image.newcomer import Newcomer
from tests.realrun.image.stores import add
from tests.realrun.stage import cli


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of two images; the command line uses it, too."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "root"))
    made = Store()
    add(made, "one", {"a": "12345"}, {"b": "1", "link": "-> a"}, Cmd=["a"], OnBuild=["RUN x"])
    add(made, "two", {"a": "12345"})
    return made


def test_a_tag_is_one_more_name_for_the_same_image(store: Store):
    done = cli("tag", "one", "uno:1")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert store.resolve("uno:1").image_id == store.resolve("one").image_id
    assert json.loads(cli("inspect", "one").stdout)[0]["RepoTags"] == ["one:latest", "uno:1"]


def test_inspect_uses_dockers_field_names(store: Store):
    image = store.resolve("one")
    one, two = json.loads(cli("inspect", "one", "two").stdout)

    assert one == {
        "Id": image.image_id,
        "RepoTags": ["one:latest"],
        "RepoDigests": [],
        "Comment": "",
        "Created": "1970-01-01T00:00:00Z",
        "Author": "",
        "Config": {**ALWAYS, "Cmd": ["a"], "OnBuild": ["RUN x"]},
        "Architecture": image.document["architecture"],
        "Os": "linux",
        "Size": 5 + 1 + 1,
        "RootFS": {"Type": "layers", "Layers": list(image.diff_ids)},
    }
    assert two["RootFS"]["Layers"] == one["RootFS"]["Layers"][:1]


def test_the_history_is_newest_first_with_the_bytes_of_each_layer(store: Store):
    rows = json.loads(cli("history", "--json", "one").stdout)

    assert [row["size_bytes"] for row in rows] == [2, 5]
    assert [row["diff_id"] for row in rows] == list(reversed(store.resolve("one").diff_ids))
    lines = cli("history", "one").stdout.splitlines()
    assert lines[0].split() == ["IMAGE", "CREATED", "CREATED", "BY", "SIZE", "COMMENT"]
    assert [line.split()[-1] for line in lines[1:]] == ["2B", "5B"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("tag nosuch new", "no image 'nosuch' here"),
        ("tag one UPPER", "'UPPER' is no image name"),
        ("history nosuch", "no image 'nosuch' here"),
        ("image tree nosuch", "no image 'nosuch' here"),
    ],
)
def test_an_error_is_one_line_and_nothing_else(store: Store, words: str, said: str):
    done = cli(*words.split())
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert said in done.stderr


def test_the_tree_for_people_and_for_programs(store: Store):
    text = cli("image", "tree", "one").stdout
    assert "|   adds 1: a\n|   shared with two:latest\n" in text
    assert "|   adds 2: b, link\n" in text
    first, second = json.loads(cli("image", "tree", "--json", "one").stdout)
    assert (first["adds"], first["shared_with"]) == (["a"], ["two:latest"])
    assert (second["adds"], second["changes"], second["hides"]) == (["b", "link"], [], [])
    assert [first["size_bytes"], second["size_bytes"]] == [5, 2]


def test_the_bill_for_people_and_for_programs(store: Store):
    told = json.loads(cli("image", "df", "--json").stdout)
    assert [image["names"] for image in told["images"]] == [["one:latest"], ["two:latest"]]
    *parts, total = told["total"].values()
    assert sum(parts) == total
    lines = cli("image", "df").stdout.splitlines()
    assert lines[0].split() == ["IMAGE", "VIRTUAL", "SHARED", "UNIQUE", "COMPRESSED"]
    assert lines[-1].startswith("all of it")


@pytest.mark.overlay
def test_the_bill_of_containers_adds_up_to_what_du_says(root):
    """One that ran and has written, one that was only created."""
    name, idle = "billed", "unbilled"
    assert cli("run", "--name", name, "busybox", "sh", "-c", FILL).returncode == 0
    assert cli("create", "--name", idle, "busybox").returncode == 0
    try:
        os.sync()
        told = json.loads(cli("image", "df", "--json").stdout)
        lines = cli("image", "df").stdout
        parts = ("image", "layers", "cache", "containers", "volumes")
        folders = [str(root / name) for name in parts]
        there = [folder for folder in folders if os.path.isdir(folder)]
        said = subprocess.check_output(["du", "-s", "--block-size=1", *there], text=True)
    finally:
        cli("rm", "-f", name, idle)
    rows = {row["name"]: row for row in told["containers"]}
    assert rows[name]["writable_bytes"] >= 3_000_000 > 100_000 > rows[idle]["writable_bytes"]
    assert rows[name]["image"] == "busybox"
    assert told["total"]["total_bytes"] == sum(int(row.split()[0]) for row in said.splitlines())
    assert any(line.split()[0] == name for line in lines.splitlines() if line)


FILL = "head -c 3000000 /dev/urandom > /tmp/data && sync"


def test_the_bill_of_nothing(tmp_path: Path):
    done = cli("image", "df", "--json", env={"REALRUN_ROOT": str(tmp_path / "none")})
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["total"]["total_bytes"] == 0


def test_words_of_a_foreign_image_cannot_command_the_terminal(store: Store):
    """Escape sequences, line ends and halves of characters in a history become plain text."""
    base = store.resolve("two")
    words = "RUN \x1b[2J\nx \ud800"
    document = {**base.document, "history": [{"created_by": words, "created": "\x07"}]}
    data = json.dumps(document).encode()
    store.add_all([Newcomer(config=data, layers=base.stored, names=["evil:1"])])
    for verb in (["history"], ["image", "tree"]):
        done = cli(*verb, "evil:1")
        assert (done.returncode, done.stderr) == (0, "")
        assert "RUN \\x1b[2J x \\ud800" in done.stdout
        assert all(line.isprintable() for line in done.stdout.splitlines())


def test_inspect_shows_what_there_is_and_tells_what_is_missing(store: Store):
    done = cli("inspect", "one", "nosuch")
    assert (done.returncode, len(json.loads(done.stdout))) == (1, 1)
    assert done.stderr.count("\n") == 1
    assert "no container or volume 'nosuch' here, and no image 'nosuch' here" in done.stderr
