"""build: an archive or the input as the context, labels, and a file with the id."""

from __future__ import annotations

import gzip
import lzma
import tarfile
from pathlib import Path

import pytest

from realrun.image import Store
from tests.realrun.image.stores import everything
from tests.realrun.stage import cli
from tests.realrun.trees import archive, member, names

DOCKERFILE = b"FROM scratch\nLABEL a=1 b=2\nCOPY . /there/\n"
FILES = [member("Dockerfile", data=DOCKERFILE), member("d/one", data=b"1")]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store, which the command line uses."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "root"))
    return Store()


def built(store: Store, *words: str, data: bytes = b"") -> list[str]:
    """Build; what is in the one layer. No half-made thing may stay behind."""
    done = cli("build", "-q", "-t", "new", *words, input=data, text=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert list((store.root / "tmp").iterdir()) == []
    image = store.resolve("new")
    assert done.stdout.decode() == image.image_id + "\n"
    return names(image.layers[0]) if image.layers else []


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress, lzma.compress])
def test_an_archive_is_the_context_from_a_file_or_from_the_input(
    store: Store, tmp_path: Path, squeeze
):
    path = tmp_path / "context.tar"
    path.write_bytes(squeeze(archive(FILES)))
    there = ["there", "there/Dockerfile", "there/d", "there/d/one"]
    assert built(store, str(path)) == there
    assert built(store, "-", data=path.read_bytes()) == there


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_an_archive_and_its_folder_give_the_same_image(store: Store, tmp_path: Path, form: int):
    folder = tmp_path / "context"
    (folder / "d").mkdir(parents=True)
    (folder / "Dockerfile").write_bytes(b"FROM scratch\nCOPY d/one /\n")
    (folder / "d/one").write_bytes(b"1")
    (folder / "d/one").chmod(0o644)
    members = [member("Dockerfile", data=b"FROM scratch\nCOPY d/one /\n"), FILES[1]]
    assert built(store, str(folder)) == built(store, "-", data=archive(members, form)) == ["one"]
    assert len({image.diff_ids for image in store.images()}) == 1


def test_other_text_is_a_dockerfile_with_nothing_to_copy(store: Store):
    assert built(store, "-", data=b"FROM scratch\nCMD x\n") == []
    assert store.resolve("new").config["Cmd"] == ["/bin/sh", "-c", "x"]
    done = cli("build", "-", input="FROM scratch\nCOPY Dockerfile /\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Dockerfile:2: '/Dockerfile' is left out" in done.stderr


def test_f_names_a_file_inside_the_archive(store: Store):
    members = [*FILES, member("sub/other", data=b"FROM scratch\nCOPY d /\n")]
    assert built(store, "-f", "sub/other", "-", data=archive(members)) == ["one"]


@pytest.mark.parametrize(
    ("members", "words", "said"),
    [
        ([], "-", "no instruction in this file"),
        ([member("x", data=b"")], "-", "the archive has no file Dockerfile"),
        (FILES, "-f ../../Dockerfile2 -", "the archive has no file ../../Dockerfile2"),
        ([member("Dockerfile", tarfile.SYMTYPE, linkname="/etc/hosts")], "-", "no file Dockerfile"),
        ([member("Dockerfile", tarfile.FIFOTYPE)], "-", "no file Dockerfile"),
        ([*FILES, member(".dockerignore", tarfile.SYMTYPE, linkname="/etc/passwd")], "-",
         ".dockerignore in the archive has to be a plain file"),
        ([*FILES, member("../x", data=b"")], "-", "climbs out"),
    ],
)  # fmt: skip
def test_a_wrong_archive_builds_nothing(store: Store, members, words: str, said: str):
    data = archive(members) if members else b""
    done = cli("build", *words.split(), input=data, text=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert said in done.stderr.decode()
    assert everything(store) == []


def test_text_and_a_dockerfile_besides_are_one_too_many(store: Store):
    done = cli("build", "-f", "x", "-", input="FROM scratch\n")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "-f names another" in done.stderr


def test_the_dockerfile_alone_may_come_in(store: Store, tmp_path: Path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("one", "two", ".dockerignore", "Dockerfile"):
        (folder / name).write_text("two\nDockerfile\n.dockerignore\n")
    words = ["-f", "-", str(folder)]
    assert built(store, *words, data=b"FROM scratch\nCOPY . /\n") == ["one"]
    done = cli("build", *words, input="FROM scratch\nCOPY three /")
    assert "realrun: Dockerfile:2: '/three' is not there" in done.stderr
    done = cli("build", "-f", "-", "-", input="FROM scratch\n")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "the context has to be a folder" in done.stderr


def test_labels_go_on_top_and_the_id_into_a_file(store: Store, tmp_path: Path):
    path = tmp_path / "id"
    path.write_text("old")
    words = ["--label", "b=3", "--label", "c", "--iidfile", str(path), "-"]
    built(store, *words, data=archive(FILES))
    image = store.resolve("new")
    assert image.config["Labels"] == {"a": "1", "b": "3", "c": ""}
    assert path.read_text() == image.image_id
    assert [entry["created_by"].split()[0] for entry in image.history] == ["LABEL", "COPY"]

    assert cli("build", "--iidfile", str(path), "-", input="FROM nosuch\n").returncode == 1
    assert not path.exists()
    done = cli("build", "--label", "=x", "-", input="FROM scratch\nCMD x\n")
    assert done.stderr == "realrun: --label wants NAME=VALUE; got '=x'\n"
