"""Configurations, manifests and indexes with odd values in them: refused, or every verb copes."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from realrun import cli, engine
from realrun.errors import BadImage
from realrun.files.remove import remove_tree
from realrun.image import Store
from realrun.image.load import load
from tests.fuzz.rules import answered, examples, nothing_half_made
from tests.realrun.image.archives import digest, files_of, packed, saved
from tests.realrun.image.stores import add
from tests.realrun.trees import snapshot

RAW = {
    "@nan": "NaN", "@inf": "1e999", "@minus": "-Infinity", "@long": "9" * 5000,
    "@deep": "[" * 100_000 + "]" * 100_000, "@nul": '"a\\u0000b"', "@half": '"\\ud800"',
    "@float": "2.0", "@escape": '"\\u001b[2J"', "@twice": '{"a":1,"a":2}',
}  # fmt: skip
ODD = st.one_of(
    st.sampled_from([None, True, False, 0, -1, 10**30, 1.5, "", "x", "/", "..", [], {}, [[]], [1]]),
    st.sampled_from([[None], {"a": 1}, {"": {}}, ["a", 2], "a=b", ["=", "b", "c=\n"], *RAW]),
    st.sampled_from(["9" * 30, "sha256:" + "0" * 64, "sha256:" + "A" * 64, "0:0", "\x7f"]),
    st.recursive(st.none() | st.text(max_size=3), lambda one: st.lists(one, max_size=2)),
)
WHERE = st.lists(st.integers(0, 30), min_size=1, max_size=4)
CHANGES = st.lists(st.tuples(WHERE, ODD), min_size=1, max_size=3)
SETTINGS = {
    "Env": ["A=1"], "Cmd": ["sh"], "Entrypoint": ["sh"], "Labels": {"a": "b"}, "User": "0:0",
    "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/v": {}}, "WorkingDir": "/w", "OnBuild": ["RUN a"],
    "Healthcheck": {"Test": ["CMD", "a"], "Interval": 5}, "StopSignal": "SIGTERM", "Shell": ["sh"],
}  # fmt: skip


@cache
def image(form: str) -> dict[str, bytes]:
    """The files of an archive with one image, all of whose settings say something."""
    with tempfile.TemporaryDirectory() as name:
        store = Store(Path(name, "root"))
        add(store, "one", {"a": "1"}, {"b": "2"}, **SETTINGS)
        return files_of(saved(store, "one", form=form))


def changed(document: Any, changes) -> bytes:
    """The document with other values in it, at places that numbers choose."""
    top = {"": document}
    for where, value in changes:
        here: Any = top
        for step, number in enumerate(where):
            keys = list(here) if isinstance(here, dict) else range(len(here))
            if not keys:
                break
            key = keys[number % len(keys)]
            inner = here[key]
            if step == len(where) - 1 or not isinstance(inner, dict | list) or not inner:
                if here is not top:
                    here[key] = copy.deepcopy(value)
                break
            here = inner
    text = json.dumps(document)
    for word, raw in RAW.items():
        text = text.replace(f'"{word}"', raw)
    return text.encode()


def docker(config, listed) -> dict[str, bytes]:
    """An archive in Docker's form; what is named after its digest is named anew."""
    files = dict(image("docker"))
    rows = json.loads(files.pop("manifest.json"))
    data = changed(json.loads(files.pop(rows[0]["Config"])), config)
    rows[0]["Config"] = digest(data)[7:] + ".json"
    return files | {rows[0]["Config"]: data, "manifest.json": changed(rows, listed)}


def oci(config, manifest, index) -> dict[str, bytes]:
    """An archive in OCI's form, with digests and sizes that fit."""
    files = dict(image("oci"))
    top = json.loads(files["index.json"])
    entry = top["manifests"][0]
    inner = json.loads(files[blob(entry["digest"])])
    data = changed(json.loads(files[blob(inner["config"]["digest"])]), config)
    inner["config"] |= {"digest": digest(data), "size": len(data)}
    files[blob(digest(data))] = data
    data = changed(inner, manifest)
    entry |= {"digest": digest(data), "size": len(data)}
    files[blob(digest(data))] = data
    return files | {"index.json": changed(top, index)}


def blob(name: str) -> str:
    return "blobs/sha256/" + name[7:]


@contextmanager
def rooted() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REALRUN_ROOT", str(Path(name, "root")))
        store = Store()
        add(store, "here", {"a": "1"})
        yield store
        remove_tree(Path(name, "root"))


VERBS = [
    ["images", "-a"], ["images", "--format", "{{json .}}"], ["inspect", "IMAGE"],
    ["history", "--no-trunc", "IMAGE"], ["history", "--format", "{{json .}}", "IMAGE"],
    ["image", "tree", "IMAGE"], ["image", "df"], ["tag", "IMAGE", "other:tag"],
    ["save", "-o", os.devnull, "IMAGE"], ["create", "--name", "cc", "IMAGE", "sh"],
    ["inspect", "cc"], ["ps", "-a"], ["ps", "-a", "--format", "{{json .}}"], ["rm", "cc"],
    ["rmi", "-f", "IMAGE"], ["prune"],
]  # fmt: skip


def taken_in(files: dict[str, bytes]) -> None:
    """Refused, and the store is as it was; or in, and every verb that looks at it answers."""
    with rooted() as store:
        before = snapshot(store.root, times=False)
        images = []
        with answered() as refused:
            images = load(store, io.BytesIO(packed(files)))
        nothing_half_made(store.root)
        if refused:
            assert isinstance(refused[0], BadImage)
            assert snapshot(store.root, times=False) == before
        for one in images[:1]:
            with answered():
                engine.spec_for(one, engine.Wishes())
            for words in VERBS:
                said = io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape")
                with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                    cli.main([one.digest if word == "IMAGE" else word for word in words])


@examples(25)
@given(CHANGES, st.one_of(st.just([]), CHANGES))
@example([([0, 0], "@inf")], [])
@example([([0], None)], [([0, 0, 0], "@half")])
@example([([0, 3, 0, 0], "@half")], [])
@example([([0, 3, 0, 0], "@nul")], [])
def test_an_image_in_dockers_form(config, listed):
    taken_in(docker(config, listed))


@examples(25)
@given(*[st.one_of(st.just([]), CHANGES)] * 3)
@example([], [([0, 0], "@deep")], [])
@example([], [], [([0, 0], "@long")])
def test_an_image_in_ocis_form(config, manifest, index):
    taken_in(oci(config, manifest, index))
