"""The store of images: an OCI image layout, and every layer unpacked once beside it.

Whatever is written is made in ROOT/tmp and renamed, blobs before the index that names them; so an
image is there whole or not at all. A crash in between leaves at most blobs that nothing names, and
`prune` takes those. Readers need no lock: nothing that the index names ever changes.

Source: OCI image-spec, image-layout.md; config.md ("DiffID", "ImageID").
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from realrun import paths
from realrun.errors import BadImage, RealRunError, UsageError
from realrun.files.allids import carried_out
from realrun.files.remove import remove_tree
from realrun.files.workspace import leftovers, locked, sync_directory, workspace
from realrun.image import config as configs
from realrun.image import documents
from realrun.image import reference as references
from realrun.image.images import Image
from realrun.image.index import name_of, named, same
from realrun.image.layers import Layer
from realrun.image.layout import CONFIG_TYPE, MANIFEST_TYPE, Identity, Layout, is_same
from realrun.image.merged import mountable
from realrun.image.newcomer import Newcomer

Users = Callable[[], Mapping[str, str]]
MOST_KNOWN = 256
KNOWN: dict[tuple[str, str], tuple[list[tuple[str, Identity]], Image]] = {}  # and what it is of


def nobody() -> Mapping[str, str]:
    """No container is made from any image."""
    return {}


class Store:
    """All images of one ROOT folder."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = paths.root() if root is None else Path(root).absolute()
        self.layout = Layout(self.root)

    def workspace(self, purpose: str) -> AbstractContextManager[Path]:
        """A folder to make things in, on the same file system; gone afterwards."""
        return workspace(self.root, purpose)

    def images(self) -> list[Image]:
        """Every image of the index; their layers need not be unpacked yet."""
        return [self._image(descriptor) for descriptor in self.layout.index()]

    def resolve(self, reference: str) -> Image:
        """The image of this name, digest or id prefix, its layers unpacked and ready to mount.

        It is the same one as long as the index and its documents are the same files.
        """
        key = str(self.root), reference
        files, image = KNOWN.get(key, ([], None))
        if image and all(map(is_same, files)) and all(map(os.path.isdir, image.layers)):
            return image
        index = self.layout.files()  # before it is read
        image = self._image(self._find(reference))
        for layer, tree in zip(image.stored, image.layers, strict=True):
            if not os.path.isdir(tree):
                self._unpack(layer)
        image = replace(image, layers=mountable(image.layers))
        if len(KNOWN) >= MOST_KNOWN:
            KNOWN.clear()
        KNOWN[key] = [*index, *self.layout.files(image.digest, image.image_id)[1:]], image
        return image

    def tree(self, diff_id: str) -> Path:
        """Where the unpacked layer of this diff id is."""
        return self.layout.tree(diff_id)

    def add(
        self, config: Mapping[str, Any], layers: Sequence[Layer], ref: str | None = None
    ) -> Image:
        """Take an image in: a whole configuration document, and its layers, base first.

        See `Newcomer` for what becomes of the layers. Without `ref` the image has no name.
        """
        names = [] if ref is None else [references.normal(ref)]
        data = documents.dump(dict(config))
        return self.add_all([Newcomer(config=data, layers=layers, names=names)])[0]

    def add_all(self, newcomers: Sequence[Newcomer]) -> list[Image]:
        """Take several images in at once: all of them, or none. One answer for each name."""
        for one in newcomers:
            one.check()
        found: list[str] = []
        with self._changing("add") as scratch:
            before = index = self.layout.index()
            for one in newcomers:
                self._take_over(one.layers)
                self.layout.write_blob(one.config, CONFIG_TYPE, scratch)
                descriptor = self.layout.write_blob(one.manifest_bytes(), MANIFEST_TYPE, scratch)
                for name in one.names or (None,):
                    index = named(index, descriptor, name)
                found += one.names or [descriptor["digest"]]
            if index != before:
                self.layout.write_index(index, scratch)
        images = [self._image(self._find(reference)) for reference in found]
        return [replace(image, layers=mountable(image.layers)) for image in images]

    def keep(self, layers: Sequence[Layer]) -> None:
        """Take layers over that no image names: a build may want them again; `prune` takes them."""
        with self._changing("keep"):
            self._take_over(layers)

    def tag(self, reference: str, new: str) -> Image:
        """Give an image one more name; a name that another image had moves over."""
        name = references.normal(new)
        with self._changing("tag") as scratch:
            index = named(self.layout.index(), self._find(reference), name)
            self.layout.write_index(index, scratch)
        return self.resolve(name)

    def remove(
        self, reference: str, keep: Collection[Path] = (), used: Users = nobody, force: bool = False
    ) -> list[str]:
        """Take a name away, and with the last one the image and what only it needed.

        `keep`: layer directories in use by instances. `used` tells, with the store locked, which
        manifests containers are made from, and the name of one of each: such an image loses its
        last name only with `force`, and stays. Returns lines as `docker rmi` prints them.
        """
        from realrun.image import garbage

        with self._changing("remove") as scratch:
            chosen, index = self._find(reference), self.layout.index()
            by_name = references.is_name(reference) and name_of(chosen) == references.normal(
                reference
            )
            gone = [d for d in index if d == chosen or (not by_name and same(d, chosen))]
            if len(gone) > 1 and not force:
                names = ", ".join(name_of(d) for d in gone)
                raise UsageError(
                    f"image {reference} has several names: {names}; remove those, or all with -f"
                )
            candidates = garbage.contents(self.layout, chosen)
            left = [d for d in index if d not in gone]
            user = used().get(chosen["digest"])
            if user and not any(same(d, chosen) for d in left):
                if not force:
                    raise UsageError(
                        f"image {reference} is used by container {user}; remove that first, or"
                        " take away the image's name alone with -f"
                    )
                left.append({key: value for key, value in chosen.items() if key != "annotations"})
            lines = [f"Untagged: {name_of(d)}" for d in gone if name_of(d)]
            lines += garbage.deleted(self.layout, chosen, left)
            self.layout.write_index(left, scratch)
            garbage.collect(self.layout, keep, mine=scratch, only=candidates)
            return lines

    def prune(self, keep: Collection[Path] = (), used: Users = nobody) -> list[str]:
        """Remove what nobody needs: unnamed images, blobs, layers, and leftovers in ROOT/tmp.

        What a living process works on stays, and while somebody builds or loads all layers do.
        """
        from realrun.image import garbage

        if not self.root.is_dir():
            return []
        with locked(self.root):
            abandoned, _ = leftovers(self.root)
            for path in abandoned:
                remove_tree(path)
            removed = [f"tmp/{path.name}" for path in abandoned]
            if all(map(name_of, self.layout.index())):  # nothing is written: a full disk will do
                return removed + garbage.collect(self.layout, keep)
        with self._changing("prune") as scratch:
            index, users = self.layout.index(), used()
            named = [d for d in index if name_of(d) or d.get("digest") in users]
            if named != index:
                self.layout.write_index(named, scratch)
            return removed + garbage.collect(self.layout, keep, mine=scratch)

    @contextmanager
    def _changing(self, purpose: str) -> Iterator[Path]:
        """The lock for a change of the index, and a place to prepare it."""
        with workspace(self.root, purpose) as scratch, locked(self.root):
            self.layout.prepare(scratch)
            yield scratch

    def _find(self, reference: str) -> dict[str, Any]:
        """The index entry that a name, digest or id prefix means; raises NoSuchImage."""
        index = self.layout.index()
        if references.is_name(reference):
            wanted = references.normal(reference)
            for descriptor in index:
                if name_of(descriptor) == wanted:
                    return descriptor
        found, digits = [], references.id_prefix(reference)
        if digits is None:
            references.normal(reference)  # what cannot be a name is told so
        else:
            found = [d for d in index if self._has_id(d, "sha256:" + digits)]
        if len({d.get("digest") for d in found}) > 1:
            raise UsageError(f"{reference!r} is the beginning of several ids; write more of it")
        if not found:
            raise references.missing(reference, [name_of(d) for d in index if name_of(d)])
        return found[0]

    def _has_id(self, descriptor: Mapping[str, Any], prefix: str) -> bool:
        if str(descriptor.get("digest")).startswith(prefix):
            return True
        manifest = self.layout.manifest(dict(descriptor))
        return str(manifest["config"].get("digest", "")).startswith(prefix)

    def _image(self, descriptor: Mapping[str, Any]) -> Image:
        """An index entry, read."""
        manifest = self.layout.manifest(dict(descriptor))
        document = configs.check(self.layout.read_document(manifest["config"], "the configuration"))
        diff_ids = document["rootfs"].get("diff_ids", [])
        if len(diff_ids) != len(manifest["layers"]):
            raise BadImage(
                f"the manifest lists {len(manifest['layers'])} layers,"
                f" the configuration {len(diff_ids)}"
            )
        stored = tuple(map(stored_layer, manifest["layers"], diff_ids))
        return Image(
            reference=name_of(descriptor) or "<none>",
            digest=descriptor["digest"],
            image_id=manifest["config"]["digest"],
            config=document.get("config", {}),
            history=tuple(document.get("history", [])),
            diff_ids=tuple(diff_ids),
            layers=tuple(self.tree(diff_id) for diff_id in diff_ids),
            created=str(document.get("created", "")),
            author=str(document.get("author", "")),
            stored=stored,
            document=document,
        )

    def _unpack(self, layer: Layer) -> None:
        """Make the directory of a layer from its blob."""
        from realrun.image.layers import unpack_blob

        blob = self.layout.blob(layer.digest)
        if not blob.exists():
            raise BadImage(f"layer {layer.digest[7:19]} is missing in the store")
        with self.workspace("unpack") as scratch:
            tree = scratch / "tree"
            tree.mkdir()
            tree.chmod(0o755)
            if not carried_out("unpack", str(blob), str(tree), layer.diff_id):
                unpack_blob(blob, tree, layer.diff_id)
            with locked(self.root):
                self.layout.prepare(scratch)
                if not self.tree(layer.diff_id).exists():
                    os.rename(tree, self.tree(layer.diff_id))

    def _take_over(self, layers: Sequence[Layer]) -> None:
        """Move new layers in; one that came without its files has to be here."""
        for layer in layers:
            self._move_in(layer)
        if any(layer.blob is not None for layer in layers):
            sync_directory(self.layout.blobs)

    def _move_in(self, layer: Layer) -> None:
        blob = self.layout.blob(layer.digest)
        if layer.blob is not None and not blob.exists():
            os.rename(layer.blob, blob)
        tree = self.tree(layer.diff_id)
        if layer.tree is not None and not tree.exists():
            os.rename(layer.tree, tree)
        if not blob.exists() or blob.stat().st_size != layer.size:
            raise RealRunError(
                f"layer {layer.digest[7:19]} is not in the store any more:"
                " was it removed meanwhile? Try again"
            )


def stored_layer(descriptor: Mapping[str, Any], diff_id: str) -> Layer:
    """A layer of the store, from its manifest entry."""
    size, media_type = descriptor.get("size"), descriptor.get("mediaType")
    if not isinstance(size, int) or size < 0 or not isinstance(media_type, str):
        raise BadImage("a layer's descriptor needs a size and a media type")
    digest = str(descriptor.get("digest"))
    return Layer(diff_id=diff_id, digest=digest, size=size, media_type=media_type)
