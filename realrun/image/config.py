"""The image configuration: how to start the image, and how it came to be.

Source: OCI image-spec, config.md; Docker's image.v1.2 for Healthcheck, OnBuild and Shell.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from realrun.errors import BadImage, UsageError

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "riscv64": "riscv64"}
UNUSABLE = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")  # no argument, variable or path has them
LISTS = ("Env", "Entrypoint", "Cmd", "Shell", "OnBuild")
MAPS = ("Labels", "ExposedPorts", "Volumes", "Healthcheck")
TEXTS = ("User", "WorkingDir", "StopSignal")


def architecture() -> str:
    """This machine's name in the words of the specification (Go's)."""
    machine = os.uname().machine
    return ARCHITECTURES.get(machine, machine)


def source_date_epoch(text: str | None = None) -> int | None:
    """The time that a reproducible build calls now, or None: as told, or as the environment has it.

    Source: reproducible-builds.org, SOURCE_DATE_EPOCH specification.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH") if text is None else text
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,11}", text):
        raise UsageError(f"SOURCE_DATE_EPOCH is {text!r}; it has to be a number of seconds")
    return int(text)


def timestamp(seconds: int | None = None) -> str:
    """RFC 3339 in UTC; now, or SOURCE_DATE_EPOCH if that is set, unless told.

    >>> timestamp(0)
    '1970-01-01T00:00:00Z'
    """
    if seconds is None:
        epoch = source_date_epoch()
        seconds = int(time.time()) if epoch is None else epoch
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def make(
    *,
    config: Mapping[str, Any],
    diff_ids: Sequence[str],
    history: Sequence[Mapping[str, Any]],
    created: str,
    author: str = "",
) -> dict[str, Any]:
    """A whole configuration document, checked."""
    made = sum(not step.get("empty_layer") for step in history)
    if made != len(diff_ids):
        raise BadImage(f"the history tells of {made} layers, but there are {len(diff_ids)}")
    document: dict[str, Any] = {
        "architecture": architecture(),
        "os": "linux",
        "created": created,
        "config": {key: value for key, value in config.items() if value not in (None, "", {})},
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
        "history": [dict(step) for step in history],
    }
    if author:
        document["author"] = author
    return check(document)


def check(document: dict[str, Any], what: str = "the image configuration") -> dict[str, Any]:
    """The document, if every field that is used later has the type it should have."""
    rootfs = document.get("rootfs")
    if not isinstance(rootfs, dict) or rootfs.get("type") != "layers":
        raise BadImage(f"{what}: rootfs.type has to be 'layers'")
    diff_ids = rootfs.get("diff_ids", [])
    if not isinstance(diff_ids, list) or not all(is_digest(d) for d in diff_ids):
        raise BadImage(f"{what}: rootfs.diff_ids has to be a list of sha256 digests")
    config = document.get("config", {})
    if not isinstance(config, dict):
        raise BadImage(f"{what}: config has to be an object")
    for keys, fits, form in (
        (LISTS, is_list_of_text, "a list of strings"),
        (MAPS, lambda value: isinstance(value, dict), "an object"),
        (("Labels",), lambda value: is_list_of_text(list(value.values())), "texts by name"),
        (TEXTS, lambda value: isinstance(value, str), "a string"),
    ):
        for key in keys:
            if key in config and not fits(config[key]):
                raise BadImage(f"{what}: {key} has to be {form}, not {config[key]!r:.60}")
    check_texts(config, what)
    history = document.get("history", [])
    if not isinstance(history, list) or not all(isinstance(step, dict) for step in history):
        raise BadImage(f"{what}: history has to be a list of objects")
    return document


def check_texts(document: object, what: str) -> None:
    """Every string in it, keys as well, can be used; raises BadImage."""
    todo = [document]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            if UNUSABLE.search(value):
                raise BadImage(f"{what}: NUL or half of a surrogate pair in a text to be used")
        elif isinstance(value, list):
            todo += value
        elif isinstance(value, dict):
            todo += [*value, *value.values()]


def chain(diff_ids: Sequence[str]) -> str:
    """One name for a stack of layers.

    Source: OCI image-spec, config.md, "Layer ChainID".
    """
    import hashlib

    name = ""
    for diff_id in diff_ids:
        pair = f"{name} {diff_id}".encode()
        name = "sha256:" + hashlib.sha256(pair).hexdigest() if name else diff_id
    return name


def is_digest(value: object) -> bool:
    return isinstance(value, str) and DIGEST.fullmatch(value) is not None


def is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
