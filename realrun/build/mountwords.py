"""RUN --mount as text: `type=cache,target=/var/cache/apt,sharing=locked`.

Keys and values are comma-separated, as a line of CSV. Values may hold variables, but for `from`,
so a mount is understood twice: when it is read, if it has none, and when it is carried out.

Source: Dockerfile reference, "RUN --mount"; BuildKit where it is silent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from realrun.build.words import WordError
from realrun.errors import UsageError
from realrun.sizes import size_bytes

SAME = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly",
        "rw": "readwrite"}  # fmt: skip
KEYS = {
    "bind": ("target", "source", "from", "readonly", "readwrite"),
    "cache": ("target", "id", "source", "from", "readonly", "readwrite", "sharing", "mode", "uid",
              "gid"),
    "tmpfs": ("target", "size"),
    "secret": ("target", "id", "source", "required", "env", "mode", "uid", "gid"),
}  # fmt: skip
ALONE = ("readonly", "readwrite", "required")
SHARING = ("shared", "private", "locked")
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMount:
    """One mount, understood; `target` as written, empty for a secret that needs none."""

    kind: str
    target: str
    source: str = ""
    origin: str = ""  # a stage or an image; nothing: the context, or for a cache an empty folder
    id: str = ""
    read_only: bool = False
    sharing: str = "shared"
    required: bool = False
    env: str = ""
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size_bytes: int = 0


def fields_of(text: str) -> dict[str, str]:
    """Key and value of each field, with every key in its long form; raises WordError."""
    import csv

    found: dict[str, str] = {}
    for field in next(csv.reader([text]), []):
        key, equals, value = field.partition("=")
        key = SAME.get(key.lower(), key.lower())
        if not equals and key not in ALONE:
            raise WordError(f"--mount wants KEY=VALUE; got {field!r}")
        found[key] = value if equals else "true"
    if "$" in found.get("from", ""):
        raise WordError("--mount: from= takes no variable; give the image a stage of its own")
    if "$" not in text:
        understood(found)
    return found


def understood(fields: Fields) -> RunMount:
    """What the fields mean; raises WordError for what makes no sense."""
    kind = fields.get("type", "bind").lower()
    if kind == "ssh":
        raise WordError("--mount: there is no type=ssh here; a type=secret can hold a key")
    if kind not in KEYS:
        raise WordError(f"--mount: type is {kind!r}; it can be {', '.join(KEYS)}")
    for key in fields:
        if key not in ("type", *KEYS[kind]):
            raise WordError(f"--mount: {key!r} does not go with type={kind}")
    target = fields.get("target", "")
    if not target and kind != "secret":
        raise WordError(f"--mount: type={kind} needs target=PLACE")
    return RunMount(
        kind=kind,
        target=target,
        source=fields.get("source", ""),
        origin=fields.get("from", ""),
        id=id_of(kind, fields),
        read_only=is_read_only(kind, fields),
        sharing=chosen(fields.get("sharing", "shared"), "sharing", SHARING),
        required=truth(fields, "required", False),
        env=fields.get("env", ""),
        mode=octal(fields.get("mode", "400" if kind == "secret" else "755")),
        uid=whole(fields, "uid"),
        gid=whole(fields, "gid"),
        size_bytes=size(fields.get("size", "0")),
    )


def id_of(kind: str, fields: Fields) -> str:
    """A cache is known by its target, a secret by the last part of it, unless there is an id."""
    target = fields.get("target", "").rstrip("/")
    if kind != "secret":
        return fields.get("id") or target
    found = fields.get("id") or fields.get("source") or target.rpartition("/")[2]
    if not found:
        raise WordError("--mount: type=secret needs id=NAME")
    return found


def is_read_only(kind: str, fields: Fields) -> bool:
    """A bind is, unless it says otherwise."""
    if "readonly" in fields and "readwrite" in fields:
        raise WordError("--mount: readonly and readwrite exclude each other")
    return truth(fields, "readonly", kind == "bind") and not truth(fields, "readwrite", False)


def truth(fields: Fields, key: str, default: bool) -> bool:
    value = fields.get(key, str(default)).lower()
    return chosen(value, key, ("true", "false", "1", "0")) in ("true", "1")


def chosen(value: str, key: str, choices: tuple[str, ...]) -> str:
    if value.lower() not in choices:
        raise WordError(f"--mount: {key} is {value!r}; it can be {', '.join(choices)}")
    return value.lower()


def octal(text: str) -> int:
    if not re.fullmatch("[0-7]{1,5}", text) or int(text, 8) > 0o7777:
        raise WordError(f"--mount: mode is {text!r}, not octal such as 0755")
    return int(text, 8)


def whole(fields: Fields, key: str) -> int:
    text = fields.get(key, "0")
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) > 2**32 - 2:
        raise WordError(f"--mount: {key} is {text!r}, not a number of a user or a group")
    return int(text)


def size(text: str) -> int:
    """Bytes; 0 for no limit."""
    try:
        return 0 if text == "0" else size_bytes(text, "size=")
    except UsageError as error:
        raise WordError(f"--mount: {error}") from None
