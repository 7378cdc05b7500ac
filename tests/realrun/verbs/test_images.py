"""images, history, rmi: lists and words as Docker has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realrun.image import Store
from realrun.image import config as configs
from realrun.image.layers import pack
from tests.realrun.stage import cli
from tests.realrun.trees import write

OLD, NEW = "2001-02-03T04:05:06Z", "2020-02-03T04:05:06Z"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Two images and one without a name; the command line uses the store, too."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("TZ", "UTC")
    made = Store()
    add(made, "me/app:1", NEW, {"a": "x" * 1500}, Labels={"class": "b", "x": ""})
    add(made, "lib:2", OLD, {"a": "x" * 1500}, {"b": "y" * 20})
    add(made, None, OLD, {"c": "z"})
    return made


def add(store: Store, name: str | None, created: str, *contents: dict[str, str], **config) -> None:
    with store.workspace("test") as scratch:
        layers = [
            pack(write(scratch / str(n), files), scratch / f"{n}.tar", latest=1)
            for n, files in enumerate(contents)
        ]
        history = [{"created": created, "created_by": f"RUN step {n}"} for n in range(len(layers))]
        history.append({"created": created, "created_by": "CMD x" + "y" * 60, "empty_layer": True})
        diff_ids = [layer.diff_id for layer in layers]
        made = configs.make(config=config, diff_ids=diff_ids, history=history, created=created)
        store.add(made, layers, name)


def said(*words: str) -> list[str]:
    done = cli(*words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


SHORT = "{{.Repository}}:{{.Tag}}"


def test_the_list_has_dockers_columns_newest_first(store: Store):
    header, *lines = said("images")
    assert header.split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    app, lib = store.resolve("me/app:1"), store.resolve("lib:2")
    assert lines[0].split()[:3] == ["me/app", "1", app.image_id[7:19]]
    assert [line.split()[0] for line in lines] == ["me/app", "<none>", "lib"]
    assert [line.split()[-1] for line in lines] == ["1.5kB", "1B", "1.52kB"]
    assert all("years ago" in line for line in lines)
    assert said("images", "-q", "lib") == [lib.image_id[7:19]]
    assert said("images", "-q", "--no-trunc", "lib:2") == [lib.image_id]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["me/app"], "me/app:1"),
        (["*:2"], "lib:2"),
        (["*"], "lib:2"),
        (["*/*"], "me/app:1"),
        (["nothing"], ""),
        (["-f", "dangling=true"], "<none>:<none>"),
        (["-f", "dangling=false"], "me/app:1 lib:2"),
        (["-f", "label=class"], "me/app:1"),
        (["-f", "label=class=b", "-f", "label=x"], "me/app:1"),
        (["-f", "label=class=c"], ""),
        (["-f", "since=lib:2"], "me/app:1"),
        (["-f", "before=me/app:1"], "<none>:<none> lib:2"),
        (["-f", "reference=l*", "-f", "reference=me/a*"], "me/app:1 lib:2"),
    ],
)
def test_filters_choose(store: Store, words: list[str], names: str):
    assert " ".join(said("images", "--format", SHORT, *words)) == names


@pytest.mark.parametrize(
    "word", ["nonsense", "size=3", "dangling=perhaps", "since=nosuch", "reference=["]
)
def test_a_filter_that_makes_no_sense_is_refused(store: Store, word: str):
    done = cli("images", "--filter", word)
    assert (done.returncode > 0, done.stdout, done.stderr.count("\n")) == (True, "", 1)


def test_the_history_has_dockers_columns(store: Store):
    image = store.resolve("lib:2")
    header, *lines = said("history", "lib:2")
    assert header.split() == ["IMAGE", "CREATED", "CREATED", "BY", "SIZE", "COMMENT"]
    assert lines[0].startswith(image.image_id[7:19])
    assert "CMD x" + "y" * 39 + "…   0B" in lines[0]
    assert [line.split()[0] for line in lines[1:]] == ["<missing>"] * 2
    assert said("history", "-q", "--no-trunc", "lib:2") == [image.image_id, *["<missing>"] * 2]
    exact = said("history", "-H=false", "lib:2")
    assert exact[1].split()[1] == OLD
    assert exact[2].split()[-1] == "20"
    assert said("history", "--format", "{{.CreatedBy}}/{{.Size}}", "--no-trunc", "lib:2") == [
        "CMD x" + "y" * 60 + "/0B", "RUN step 1/20B", "RUN step 0/1.5kB",
    ]  # fmt: skip


def test_a_line_a_json_object(store: Store):
    rows = [json.loads(line) for line in said("images", "--format", "json")]
    assert next((row["Repository"], row["Tag"], row["Size"]) for row in rows) == (
        "me/app", "1", "1.5kB"
    )  # fmt: skip
    assert json.loads(said("history", "--format", "json", "lib:2")[1])["CreatedBy"] == "RUN step 1"


def test_removing_tells_the_image_and_the_stacks_that_nobody_else_has(store: Store):
    app, lib = store.resolve("me/app:1"), store.resolve("lib:2")
    assert said("rmi", "lib:2") == [
        "Untagged: lib:2", f"Deleted: {lib.image_id}", f"Deleted: {configs.chain(lib.diff_ids)}"
    ]  # fmt: skip
    store.tag("me/app:1", "other")
    assert said("rmi", "other") == ["Untagged: other:latest"]
    store.tag("me/app:1", "other")
    assert cli("rmi", app.image_id[7:19]).returncode == 1
    assert said("rmi", "-f", app.image_id[7:19]) == [
        "Untagged: me/app:1",
        "Untagged: other:latest",
        f"Deleted: {app.image_id}",
        f"Deleted: {app.diff_ids[0]}",
    ]
