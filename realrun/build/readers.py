"""RUN, COPY and ADD as text: the instructions with many flags.

Source: Dockerfile reference, "RUN", "COPY", "ADD".
"""

from __future__ import annotations

from realrun.build import instructions as i
from realrun.build import words
from realrun.build.heredocs import from_word, joined
from realrun.build.mountwords import fields_of
from realrun.build.part import Part


def read_run(part: Part) -> i.Run:
    """Steps run in a sandbox: --security=insecure is refused, as Docker does unless allowed."""
    network = part.flag("network", "default")
    if network not in ("default", "none", "host"):
        raise words.WordError(f"--network is {network!r}; it can be default, none or host")
    if (security := part.flag("security", "sandbox")) != "sandbox":
        raise words.WordError(f"--security={security} is not allowed here; it can be sandbox")
    mounts = tuple(fields_of(text) for text in part.flags.pop("mount", []))
    command = part.command()
    if not command.words:
        raise words.WordError("RUN needs a command")
    return i.Run(
        at=part.at, command=command, heredocs=part.heredocs, network=network, mounts=mounts
    )


def read_copy(part: Part) -> i.Copy:
    """COPY has --from and --parents for itself."""
    stage, parents = part.flag("from"), part.boolean("parents")
    if "$" in stage:
        raise words.WordError("--from takes no variable; give the image a stage of its own")
    if part.heredocs and stage:
        raise words.WordError("COPY --from cannot copy a here-document")
    return copy_or_add(part, i.Copy(at=part.at, sources=(), target="", source_stage=stage,
                                    parents=bool(parents)))  # fmt: skip


def read_add(part: Part) -> i.Copy:
    """ADD has --checksum, --unpack and --keep-git-dir; the last is for what is refused anyway."""
    checksum, unpack = part.flag("checksum"), part.boolean("unpack")
    part.boolean("keep-git-dir")
    return copy_or_add(part, i.Copy(at=part.at, sources=(), target="", add=True,
                                    checksum=checksum, unpack=unpack))  # fmt: skip


def copy_or_add(part: Part, step: i.Copy) -> i.Copy:
    """What both have; `--link` changes only how layers are shared, never the result."""
    chown, chmod = part.flag("chown"), part.flag("chmod")
    part.boolean("link")
    exclude = tuple(part.flags.pop("exclude", []))
    if not all(exclude):
        raise words.WordError("--exclude needs a pattern: --exclude=*.md")
    given, name = joined(part.items()), "ADD" if step.add else "COPY"
    if len(given) < 2:
        raise words.WordError(f"{name} needs at least one source and a target")
    if part.heredocs and from_word(given[-1]):
        raise words.WordError(f"{name} needs a target behind the here-document")
    return step._replace(
        sources=tuple(word for word in given[:-1] if not (part.heredocs and from_word(word))),
        target=given[-1],
        chown=chown,
        chmod=chmod,
        exclude=exclude,
        heredocs=part.heredocs,
    )
