"""RUN --mount, carried out: what the container gets to see for the time of one command.

* bind: a copy of files of the context, of a stage or of an image; what is written to it is lost;
* cache: a directory that the next build finds again, see `realrun.build.cachedirs`;
* tmpfs: memory;
* secret: a file or a variable whose content is in no key, no layer and no history.

For the cache of the step a fingerprint of the files counts, of a cache and a secret the name.

Source: Dockerfile reference, "RUN --mount"; BuildKit for what counts and who owns what.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from realrun.build import instructions as i
from realrun.build.bench import Steps
from realrun.build.cachedirs import CacheDirectory, place
from realrun.build.copying import Looks, copy
from realrun.build.copystep import origin
from realrun.build.mountwords import RunMount, understood
from realrun.build.selecting import CannotCopy, Source, fingerprint
from realrun.build.words import WordError
from realrun.build.work import Work
from realrun.build.writing import CannotWrite, Upper
from realrun.image.merged import Node
from realrun.runtime.mount import Mount

SECRETS = "/run/secrets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One mount with the values of its stage.

    `files` are what it shows or starts from, `top` is their directory or the file itself.
    """

    asked: RunMount
    target: str
    top: Node | None = None
    files: Source | None = None

    def key(self) -> dict[str, Any]:
        """What of it counts for the cache of the step: the files by their content."""
        parts = asdict(self.asked) | {"target": self.target}
        if self.files is not None:
            parts["files"] = fingerprint([self.files], bool(self.asked.origin))
        left_out = ("source", "origin", "required")
        return {key: value for key, value in parts.items() if key not in left_out}


def wanted_by(work: Work, step: i.Run) -> list[Wanted]:
    """The mounts of a RUN; raises DockerfileError for what cannot be."""
    try:
        return [wanted(work, step, dict(fields)) for fields in step.mounts]
    except (WordError, CannotCopy) as error:
        raise step.at.error(str(error)) from None


def wanted(work: Work, step: i.Run, fields: dict[str, str]) -> Wanted:
    """One, its values expanded."""
    state = work.state
    asked = understood({key: state.expand(value, step.at) for key, value in fields.items()})
    target = state.absolute(asked.target) if asked.target else ""
    if target == "/":
        raise WordError("--mount: nothing can be mounted on the root directory")
    if asked.kind == "secret" and not target and not asked.env:
        target = f"{SECRETS}/{asked.id}"
    if asked.kind != "bind" and not (asked.kind == "cache" and asked.origin):
        if asked.source and asked.kind == "cache":
            raise WordError("--mount: source= of a cache needs from=")
        return Wanted(asked=asked, target=target)
    tree = origin(work, step, asked.origin)
    top, files = tree.top(asked.source)
    return Wanted(asked=asked, target=target, top=top, files=files)


class Attached:
    """The mounts and variables of one RUN, and the cache directories that it holds."""

    def __init__(self, work: Work, step: i.Run, folder: Path) -> None:
        self.work, self.step, self.folder = work, step, folder
        self.mounts: list[Mount] = []
        self.env: dict[str, str] = {}
        self._held: dict[Path, CacheDirectory] = {}

    def attach(self, all_wanted: Sequence[Wanted]) -> Steps[None]:
        """Make everything ready; waits for caches that somebody else has locked."""
        try:
            for number, one in enumerate(all_wanted):
                if one.asked.kind == "cache":
                    continue
                self._simple(one, self.folder / f"{one.asked.kind}-{number}")
            caches = [one for one in all_wanted if one.asked.kind == "cache"]
            # In one order for all, or two commands could wait for each other for ever.
            for one in sorted(caches, key=self._cache_folder):
                yield from self._cache(one)
        except (CannotCopy, CannotWrite) as error:
            raise self.step.at.error(f"--mount: {error}") from None

    def _simple(self, one: Wanted, path: Path) -> None:
        """All but caches."""
        if one.asked.kind == "bind":
            shown = self._copied(one, path)
            self.mounts.append(Mount("bind", str(shown), one.target, one.asked.read_only))
        elif one.asked.kind == "secret":
            self._secret(one, path)
        else:
            size = (f"size={one.asked.size_bytes}",) if one.asked.size_bytes else ()
            self.mounts.append(Mount("tmpfs", "", one.target, False, ("nosuid", *size)))

    def let_go(self) -> None:
        """The command has ended."""
        for directory in self._held.values():
            directory.let_go()

    def _copied(self, one: Wanted, path: Path) -> Path:
        """The files, as COPY would bring them."""
        assert one.top is not None
        assert one.files is not None
        below = path.with_name(path.name + "-below")
        for made in (path, below):
            made.mkdir()
        upper, from_image = Upper(path, [below]), bool(one.asked.origin)
        if one.files.is_directory:
            upper.make_directory(("shown",))
            owner = upper.owner_of(one.top) if from_image else (0, 0)
            upper.copy_attributes(one.top, ("shown",), owner)
        copy([one.files], "/shown", upper, Looks(None, "", from_image))
        upper.finish()
        return path / "shown"

    def _cache_folder(self, one: Wanted) -> Path:
        base = fingerprint([one.files], with_owner=True) if one.files else ""
        return place(self.work.bench.store.root, one.asked.id, base)

    def _cache(self, one: Wanted) -> Steps[None]:
        """Taken, or taken already for another place of the same command."""
        asked, root, folder = one.asked, self.work.bench.store.root, self._cache_folder(one)
        directory = self._held.get(folder)
        if directory is None:
            make = lambda: self._new_cache(one)  # noqa: E731
            directory = CacheDirectory(root, folder, asked.sharing, make)
            if not directory.try_to_take():
                yield directory.try_to_take
            self._held[folder] = directory
        self.mounts.append(Mount("bind", str(directory.path), one.target, asked.read_only))

    def _new_cache(self, one: Wanted) -> Path:
        path = self.folder / f"cache-{os.urandom(4).hex()}"
        if one.files:
            return self._copied(one, path)
        path.mkdir()
        self._look(path, one.asked)
        return path

    def _secret(self, one: Wanted, path: Path) -> None:
        asked, data = one.asked, self.work.bench.secrets.get(one.asked.id)
        if data is None:
            if asked.required:
                raise self.step.at.error(
                    f"the secret {asked.id!r} is required; `realrun build --secret id={asked.id},"
                    "src=FILE` brings it"
                )
            return
        if asked.env:
            self.env[asked.env] = data.decode("utf-8", "surrogateescape")
        if one.target:
            path.touch(0o600)
            path.write_bytes(data)
            self._look(path, asked)
            self.mounts.append(Mount("bind", str(path), one.target, True))

    def _look(self, path: Path, asked: RunMount) -> None:
        """Owner and mode; an ordinary user's files are root's inside, whatever was asked for."""
        if os.geteuid() == 0:
            os.chown(path, asked.uid, asked.gid)
        path.chmod(asked.mode)
