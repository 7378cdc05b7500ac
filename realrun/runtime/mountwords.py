"""What -v, --mount and --tmpfs say, in Docker's own words, as a `spec.Mount`.

Source: Docker's documentation, "Volumes", "Bind mounts" and "tmpfs mounts"; `docker run`, "Mount
volume (-v)", "Add bind mounts or volumes using the --mount flag", "Mount tmpfs (--tmpfs)".
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from realrun import sizes
from realrun.errors import UsageError
from realrun.runtime import volumes
from realrun.runtime.spec import Mount

# Modes of -v. Of each kind one may be given; consistency and labels mean nothing on this system.
MODES = (
    ("ro", "rw"),
    ("nocopy",),
    ("private", "rprivate"),
    ("z", "Z"),
    ("consistent", "cached", "delegated", "default"),
)
SHARED = ("shared", "rshared", "slave", "rslave")
TMPFS_DEFAULT = ("noexec", "nosuid", "nodev")
# Words of --tmpfs that undo each other, the plain one first (mount(8)).
OPPOSITES = (
    ("rw", "ro"),
    ("suid", "nosuid"),
    ("dev", "nodev"),
    ("exec", "noexec"),
    ("async", "sync"),
    ("atime", "noatime"),
    ("diratime", "nodiratime"),
    ("norelatime", "relatime"),
    ("nostrictatime", "strictatime"),
)
AS_IT_IS = ("defaults", "private", "rprivate")
TMPFS_SETTINGS = ("size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol")
UNITS = sizes.UNITS | {"b": 1}
TRUE, FALSE = ("1", "t", "true"), ("0", "f", "false")


def clean_target(path: str) -> str:
    """A place inside, absolute, without dots: links are followed only when it is mounted."""
    return "/" + os.path.normpath(f"/{path}").lstrip("/")


def target_of(path: str, option: str) -> str:
    """The same for a place that somebody asks for; it must be absolute and not the root."""
    if not path.startswith("/"):
        raise UsageError(f"{option}: the place inside must be an absolute path; got {path!r}")
    if clean_target(path) == "/":
        raise UsageError(f"{option}: nothing can be mounted on the root directory")
    return clean_target(path)


def source_of(path: str) -> str:
    """A path of this machine; one that begins with a dot is relative to where we are."""
    return os.path.abspath(path) if path == "." or path.startswith(("./", "../", "/")) else path


def volume(text: str) -> Mount:
    """`-v`: `[SOURCE:]PLACE[:MODES]`; a source that is no path is a volume's name.

    >>> volume("data:/var/lib/data:ro")
    Mount(kind='volume', source='data', target='/var/lib/data', read_only=True, options=())
    """
    words = text.split(":")
    if len(words) > 3 or not all(words) or (len(words) == 2 and is_modes(words[1])):
        raise UsageError(f"-v wants [SOURCE:]PLACE[:ro|rw|...]; got {text!r}")
    modes = checked_modes(words[2]) if len(words) == 3 else []
    if len(words) == 1:
        return Mount("volume", "", target_of(words[0], "-v"))
    source, target = source_of(words[0]), target_of(words[1], "-v")
    if source.startswith("/"):
        if "nocopy" in modes:
            raise UsageError("-v: nocopy is for volumes; a directory is shown as it is")
        return Mount("bind", source, target, "ro" in modes, ("create",))
    volumes.check_name(source)
    return Mount("volume", source, target, "ro" in modes, ("nocopy",) * ("nocopy" in modes))


def is_modes(text: str) -> bool:
    """Does `text` consist of modes only."""
    known = {word for words in (*MODES, SHARED) for word in words}
    return all(word in known for word in text.split(","))


def checked_modes(text: str) -> list[str]:
    """The modes behind the second colon."""
    words = text.split(",")
    for word in words:
        if word in SHARED:
            raise UsageError(f"-v: {word}: mounts are private here; use rprivate or leave it out")
    kinds = [kind for word in words for kind in MODES if word in kind]
    if len(kinds) != len(words) or len(set(kinds)) != len(kinds):
        known = ", ".join(word for kind in MODES for word in kind)
        raise UsageError(f"-v knows the modes {known}, one of a kind; got {text!r}")
    return words


def mount(text: str) -> Mount:
    """`--mount`: comma-separated `KEY=VALUE`, quoted as in CSV where a value has a comma.

    >>> mount("type=bind,src=/here,dst=/there,readonly")
    Mount(kind='bind', source='/here', target='/there', read_only=True, options=())
    """
    found = fields(text)
    kind = found.pop("type", "volume").lower()
    if kind not in ("bind", "volume", "tmpfs"):
        raise UsageError(f"--mount: type must be bind, volume or tmpfs; got {kind!r}")
    for key in found:
        owner = key.partition("-")[0]
        if owner in ("bind", "volume", "tmpfs") and owner != kind:
            raise UsageError(f"--mount: {key} does not go with type={kind}")
    if "target" not in found:
        raise UsageError(f"--mount wants target=PLACE; got {text!r}")
    source, target = found.get("source", ""), target_of(found["target"], "--mount")
    read_only = truth(found.get("readonly", "false"), "readonly")
    options = {"bind": bind_options, "volume": volume_options, "tmpfs": tmpfs_options}[kind](found)
    check_source(kind, source, read_only)
    if kind == "tmpfs":
        return tmpfs(target + ":" + ",".join([*options, "ro" if read_only else "rw"]))
    return Mount(kind, source_of(source) if kind == "bind" else source, target, read_only, options)


ALIASES = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly"}
KEYS = (
    "type source target readonly consistency bind-propagation bind-nonrecursive bind-recursive "
    "volume-nocopy volume-driver volume-label tmpfs-size tmpfs-mode"
).split()


def fields(text: str) -> dict[str, str]:
    """Key and value of each field; the last of a key counts, but labels have a line each."""
    import csv  # few need it, and every command would load it

    found: dict[str, str] = {}
    for field in next(csv.reader([text]), []):
        key, equals, value = field.partition("=")
        key = ALIASES.get(key.lower(), key.lower())
        if key not in KEYS:
            raise UsageError(f"--mount knows {', '.join(KEYS)}; got {field!r}")
        if not equals and key not in ("readonly", "volume-nocopy", "bind-nonrecursive"):
            raise UsageError(f"--mount wants KEY=VALUE; got {field!r}")
        if key == "volume-label" and key in found:
            value = f"{found[key]}\n{value}"
        found[key] = value if equals else "true"
    return found


def truth(text: str, key: str) -> bool:
    """A value that is true or false, as Go reads one."""
    if text.lower() not in TRUE + FALSE:
        raise UsageError(f"--mount: {key} must be true or false; got {text!r}")
    return text.lower() in TRUE


def check_source(kind: str, source: str, read_only: bool) -> None:
    """A bind needs a path, a volume may have a name, memory comes from nowhere."""
    if kind == "bind" and not source_of(source).startswith("/"):
        raise UsageError(f"--mount: the source of a bind must be an absolute path; got {source!r}")
    if kind == "volume" and source:
        volumes.check_name(source)
    if kind == "volume" and not source and read_only:
        raise UsageError("--mount: a volume without a name would stay empty if it is read-only")
    if kind == "tmpfs" and source:
        raise UsageError(f"--mount: type=tmpfs has no source; got {source!r}")


def bind_options(found: dict[str, str]) -> tuple[str, ...]:
    """Nothing of it changes what we do; what would is refused."""
    if (how := found.get("bind-propagation", "rprivate")) not in ("private", "rprivate"):
        raise UsageError(f"--mount: bind-propagation must be rprivate or private here; got {how!r}")
    alone = truth(found.get("bind-nonrecursive", "false"), "bind-nonrecursive")
    if alone or found.get("bind-recursive", "enabled") != "enabled":
        raise UsageError("--mount: a bind always takes along what is mounted below it")
    return ()


def volume_options(found: dict[str, str]) -> tuple[str, ...]:
    """Whether a new volume takes over what the image has there; the labels it gets."""
    if (driver := found.get("volume-driver", "local")) != "local":
        raise UsageError(f"--mount: volume-driver can be local; got {driver!r}")
    nocopy = truth(found.get("volume-nocopy", "false"), "volume-nocopy")
    labels = found.get("volume-label", "").split("\n")
    return (*("nocopy",) * nocopy, *(f"label={label}" for label in labels if label))


def tmpfs_options(found: dict[str, str]) -> tuple[str, ...]:
    """Size and mode as mount(8) writes them."""
    return tuple(
        f"{key}={found[f'tmpfs-{key}']}" for key in ("size", "mode") if f"tmpfs-{key}" in found
    )


def tmpfs(text: str) -> Mount:
    """`--tmpfs PLACE[:OPTIONS]`: memory, without programs, setuid and devices unless asked for.

    >>> tmpfs("/run:size=64k,exec").options
    ('nosuid', 'nodev', 'size=65536')
    """
    place, _, words = text.partition(":")
    target, chosen = target_of(place, "--tmpfs"), list(TMPFS_DEFAULT)
    for word in filter(None, words.split(",")):
        key, equals, value = word.partition("=")
        pair = next((pair for pair in OPPOSITES if word in pair), None)
        if word in AS_IT_IS:
            continue
        if pair:
            chosen = [old for old in chosen if old not in pair] + [word]
        elif equals and key in TMPFS_SETTINGS:
            chosen = [old for old in chosen if not old.startswith(key + "=")]
            chosen.append(f"{key}={checked_setting(key, value)}")
        else:
            known = ", ".join([*(w for pair in OPPOSITES for w in pair), *TMPFS_SETTINGS])
            raise UsageError(f"--tmpfs knows {known}; got {word!r}")
    plain = [pair[0] for pair in OPPOSITES]
    return Mount("tmpfs", "", target, "ro" in chosen, tuple(w for w in chosen if w not in plain))


def checked_setting(key: str, value: str) -> str:
    """A number where one is wanted; sizes with units, or as a part of the memory in %."""
    if key == "mpol":
        return value
    digits = value[:-1] if key == "size" and value[-1:] == "%" else value.rstrip("bkmgBKMG")
    unit = value[len(digits) :].lower()
    octal = key == "mode"
    good = digits.isascii() and digits.isdigit() and len(digits) < 16
    if not good or (octal and (set(digits) & set("89") or int(digits, 8) > 0o7777)):
        wanted = "an octal mode such as 1770" if octal else "a number such as 64m"
        raise UsageError(f"--tmpfs: {key} wants {wanted}; got {value!r}")
    if unit == "%":
        return value
    if unit not in UNITS or (unit and key not in ("size", "nr_inodes", "nr_blocks")):
        raise UsageError(f"--tmpfs: {key} wants a number with k, m or g at most; got {value!r}")
    return str(int(digits) * UNITS[unit]) if unit else value


def all_of(
    volume_words: Sequence[str], mount_words: Sequence[str], tmpfs_words: Sequence[str]
) -> tuple[Mount, ...]:
    """The mounts of a command line."""
    return (
        *map(volume, volume_words),
        *map(mount, mount_words),
        *map(tmpfs, tmpfs_words),
    )
