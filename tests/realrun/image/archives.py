"""Archives of images for tests: saved to memory, taken apart, put together again."""

from __future__ import annotations

import io
import tarfile
import tempfile
from hashlib import sha256

from realrun.image import Store
from realrun.image.load import load
from realrun.image.save import save
from tests.realrun.trees import archive, member

OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def saved(store: Store, *names: str, form: str = "docker") -> bytes:
    with tempfile.TemporaryFile() as out:
        save(store, names, out, form)
        out.seek(0)
        return out.read()


def loaded(store: Store, data: bytes) -> list[str]:
    return [image.reference for image in load(store, io.BytesIO(data))]


def files_of(data: bytes) -> dict[str, bytes]:
    """The files of an archive as a table."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar if info.isfile()}


def packed(files: dict[str, bytes]) -> bytes:
    return archive([member(name, data=data) for name, data in files.items()])


def digest(data: bytes) -> str:
    return "sha256:" + sha256(data).hexdigest()
