"""COPY: where files go, as what, and what is refused."""

from __future__ import annotations

import io
import os
import stat
import tarfile

import pytest

from realrun.build.parser import READERS
from realrun.errors import DockerfileError
from realrun.image import Image
from realrun.image.merged import Merged
from tests.realrun.build.workshop import Workshop, content, files_only

CONTEXT = {
    "a.txt": "A", "b.txt": "B", "c.md": "C", "d/one": "1", "d/two": "2", "d/sub/three": "3",
    "e/one": "other", "empty/": None, "link": "-> a.txt", "d/inner": "-> one",
    "dlink": "-> d", "dangling": "-> nowhere", "out": "-> /etc/passwd", "sp ace": "S",
    "brack[et]": "K",
}  # fmt: skip
BASE = {
    "app/old": "old", "run/": None, "var/run": "-> /run", "var/rel": "-> ../run",
    "flink": "-> /app/old", "loop": "-> loop", "file": "F", "up": "-> ../../../run",
}  # fmt: skip

# What is copied -> which files are new (or changed) in the image.
CASES = {
    "a.txt /x": {"x": "A"},
    "a.txt /x/": {"x/a.txt": "A"},
    "a.txt x": {"w/x": "A"},
    "a.txt .": {"w/a.txt": "A"},
    "a.txt ./": {"w/a.txt": "A"},
    "a.txt ..": {"a.txt": "A"},
    "a.txt ../x": {"x": "A"},
    "a.txt /app": {"app/a.txt": "A"},
    "a.txt /new/deep/x": {"new/deep/x": "A"},
    "a.txt b.txt /x/": {"x/a.txt": "A", "x/b.txt": "B"},
    "a.txt b.txt /app": {"app/a.txt": "A", "app/b.txt": "B"},
    "*.txt /x/": {"x/a.txt": "A", "x/b.txt": "B"},
    "c.* /x": {"x": "C"},
    "?.md /x": {"x": "C"},
    "[a-b].txt /x/": {"x/a.txt": "A", "x/b.txt": "B"},
    "*/one /x/": {"x/one": "other"},
    "nothing* /x/": {},
    "d /x": {"x/one": "1", "x/two": "2", "x/sub/three": "3", "x/inner": "-> one"},
    "d/ /x/": {"x/one": "1", "x/two": "2", "x/sub/three": "3", "x/inner": "-> one"},
    "d e /x/": {"x/one": "other", "x/two": "2", "x/sub/three": "3", "x/inner": "-> one"},
    "d/s* /x": {"x/three": "3"},
    "dlink /x": {"x/one": "1", "x/two": "2", "x/sub/three": "3", "x/inner": "-> one"},
    "dlink/one /x": {"x": "1"},
    "link /x": {"x": "A"},
    "lin* /x/": {"x/link": "A"},
    "/a.txt /x": {"x": "A"},
    "../../a.txt /x": {"x": "A"},
    "d/../a.txt /x": {"x": "A"},
    "a.txt /var/run/": {"run/a.txt": "A"},
    "a.txt /var/run/x": {"run/x": "A"},
    "a.txt /var/run": {"run/a.txt": "A"},
    "a.txt /var/rel/x": {"run/x": "A"},
    "a.txt /up/x": {"run/x": "A"},
    "a.txt /var/run/../x": {"var/x": "A"},
    "a.txt /flink": {"app/old": "A"},
    "a.txt /app/old": {"app/old": "A"},
    '["sp ace", "/x y/"]': {"x y/sp ace": "S"},
    "brack[[]et] /x": {"x": "K"},
    "$name.txt $to/": {"t/a.txt": "A"},
    "'a.txt' /x": {"x": "A"},
    ". /x/": {"x/" + name: text.replace("-> /", "-> /") for name, text in CONTEXT.items() if text},
}


@pytest.fixture
def copies(shop: Workshop):
    """Copy something into an image that has files and links of its own."""
    shop.base("full", BASE)
    shop.files(CONTEXT)

    def copy(words: str, instruction: str = "COPY") -> Image:
        return shop.build(f"FROM full\nENV name=a to=/t\nWORKDIR /w\n{instruction} {words}")

    return copy


@pytest.mark.parametrize("words", CASES)
@pytest.mark.parametrize("instruction", ["COPY", "ADD"])
def test_where_files_go(copies, words: str, instruction: str):
    before = {k: v for k, v in BASE.items() if v is not None}
    found = files_only(copies(words, instruction))
    assert {k: v for k, v in found.items() if before.get(k) != v} == CASES[words]
    assert before.keys() <= found.keys()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("missing /x", "'/missing' is not there"),
        ("dangling /x", "'/dangling' is not there"),
        ("out /x", "'/out' is not there"),
        ("a.txt b.txt /x", "need a directory"),
        ("*.txt /x", "need a directory"),
        ("a.txt /file/", "not a directory"),
        ("a.txt /file/x", "not a directory"),
        ("d /file", "directory cannot go there"),
        ("a.txt /loop/x", "symbolic links"),
        ("--chown=nobody a.txt /x", "no user 'nobody'"),
        ("--chown=1:nogroup a.txt /x", "no group 'nogroup'"),
        ("--chmod=9 a.txt /x", "is no mode: octal"),
        ("--chmod=u+y a.txt /x", "is no mode"),
        ("--exclude=a[ a.txt /x", "unfinished"),
        ("--from=missing a /x", "no such stage"),
        ("--from=0 a /x", "only stages before"),
        ("a.txt[ /x", "unfinished"),
    ],
)
def test_what_cannot_be_copied(copies, words: str, says: str):
    with pytest.raises(DockerfileError, match=f"Dockerfile:4: .*{says}"):
        copies(words)


def test_directories_and_links_are_not_replaced_by_their_opposites(shop: Workshop):
    shop.base("full", {"lib": "-> usr/lib", "usr/lib/": None, "etc/conf/": None})
    shop.files({"tree/lib/x": "x", "other/etc/conf": "file", "third/lib": "file"})
    with pytest.raises(DockerfileError, match="/lib is no directory"):
        shop.build("FROM full\nCOPY tree /")
    with pytest.raises(DockerfileError, match="/etc/conf is a directory"):
        shop.build("FROM full\nCOPY other /")
    assert files_only(shop.build("FROM full\nCOPY third /"))["lib"] == "file"


def test_removed_and_replaced_directories_are_seen_through_all_layers(shop: Workshop):
    """A target is looked up in what the layers make together, not in any one of them."""
    shop.base("full", {"d/old": "old", "l": "-> d"})
    shop.files({"f": "new"})
    image = shop.build(
        "FROM full\nRUN remove d\nRUN write d/x x\nCOPY f /l/\nRUN remove l\nCOPY f /l"
    )
    assert files_only(image) == {"d/x": "x", "d/f": "new", "l": "new"}


def test_dockerignore(shop: Workshop):
    shop.files(
        {"a.txt": "", "b.log": "", "d/c.log": "", "d/keep.log": "", "e/x": "", ".git/config": ""}
    )
    shop.files({".dockerignore": "**/*.log\n!d/keep.log\n.git\ne\n.dockerignore\n"})
    assert sorted(files_only(shop.build("FROM scratch\nCOPY . /"))) == ["a.txt", "d/keep.log"]
    for word in ("b.log", "e/x", ".git/config"):
        with pytest.raises(DockerfileError, match="left out by"):
            shop.build(f"FROM scratch\nCOPY {word} /x")
    (shop.folder / "Dockerfile.dockerignore").write_text("*\n!b.log")
    assert sorted(files_only(shop.build("FROM scratch\nCOPY . /"))) == ["b.log"]


def test_a_directory_that_is_left_out_comes_with_what_is_taken_after_all(shop: Workshop):
    shop.files({"d/keep/x": "", "d/drop": "", "d/more/y": "", ".dockerignore": "*\n!d/keep"})
    assert content(shop.build("FROM scratch\nCOPY . /")) == {
        "d": "/",
        "d/keep": "/",
        "d/keep/x": "",
    }


def entries(shop: Workshop, image: Image, layer: int = -1) -> dict[str, tarfile.TarInfo]:
    """The archive of a layer, read by the standard library."""
    blob = shop.store.layout.blob(image.stored[layer].digest)
    with tarfile.open(fileobj=io.BytesIO(blob.read_bytes())) as tar:
        return {info.name: info for info in tar}


PASSWD = {
    "etc/passwd": "root:x:0:0::/:/bin/sh\nsue:x:1234:77::/:/bin/sh\n",
    "etc/group": "root:x:0:\nstaff:x:50:sue\n",
}


@pytest.mark.parametrize(
    ("chown", "owner"),
    [
        ("", (0, 0)), ("7", (7, 7)), ("7:8", (7, 8)), ("sue", (1234, 77)),
        ("sue:staff", (1234, 50)),
        ("sue:9", (1234, 9)), ("7:staff", (7, 50)), ("$who", (1234, 77)),
    ],
)  # fmt: skip
def test_owners_are_the_images_in_the_archive_even_without_privilege(shop, chown, owner):
    shop.base("users", PASSWD)
    shop.files({"d/f": "x"})
    flag = f"--chown={chown}" if chown else ""
    image = shop.build(f"FROM users\nARG who=sue\nCOPY {flag} d /new/deep")
    found = {name: (info.uid, info.gid) for name, info in entries(shop, image).items()}
    assert found == {"new": owner, "new/deep": owner, "new/deep/f": owner}


def test_a_new_workdir_belongs_to_the_user_of_that_moment(shop: Workshop):
    shop.base("users", PASSWD)
    image = shop.build("FROM users\nUSER sue:staff\nWORKDIR /a/b")
    found = {name: (info.uid, info.gid) for name, info in entries(shop, image).items()}
    assert found == {"a": (1234, 50), "a/b": (1234, 50)}
    with pytest.raises(DockerfileError, match="no user 'bob'"):
        shop.build("FROM users\nUSER bob\nWORKDIR /a")


def test_modes_and_times_come_along_and_chmod_changes_modes(shop: Workshop):
    shop.files({"d/f": "x", "d/su": "x"})
    for name, mode in {"d/f": 0o640, "d/su": 0o4755, "d": 0o750}.items():
        (shop.context / name).chmod(mode)
        os.utime(shop.context / name, (1000, 1000))
    image = shop.build("FROM scratch\nCOPY . /x\nCOPY --chmod=701 d/f /y")
    plain, changed = entries(shop, image, 0), entries(shop, image, 1)
    assert {name: (info.mode, info.mtime) for name, info in plain.items() if name != "x"} == {
        "x/d": (0o750, 1000), "x/d/f": (0o640, 1000), "x/d/su": (0o4755, 1000),
    }  # fmt: skip
    assert (plain["x"].mode, changed["y"].mode) == (0o755, 0o701)


def test_directories_of_the_image_keep_what_they_are(shop: Workshop):
    """They are repeated in the layer above, with the same attributes."""
    tree = shop.base("full", {"d/x": "x"}).layers[0]
    (tree / "d").chmod(0o1777)
    shop.files({"s/y": "y"})
    (shop.context / "s").chmod(0o700)
    image = shop.build("FROM full\nCOPY s /d")
    assert stat.S_IMODE(entries(shop, image)["d"].mode) == 0o1777


def test_here_documents_are_files(shop: Workshop):
    image = shop.build(
        "FROM base\nARG x=1\nCOPY <<one.txt <<'two.txt' /d/\na $x \"q\"\none.txt\nb $x\ntwo.txt\n"
        "COPY <<EOF /named\nc\nEOF\n"
    )
    found = files_only(image)
    assert found["d/one.txt"] == 'a 1 "q"\n'
    assert found["d/two.txt"] == "b $x\n"
    assert found["named"] == "c\n"


def test_from_another_stage_and_from_an_image(shop: Workshop):
    shop.base("tool", {"bin/tool": "T", "l": "-> /bin"})
    image = shop.build(
        "FROM base AS One\nRUN write made it\nFROM scratch\nCOPY --from=one /made /a\n"
        "COPY --from=0 etc/../made /b\nCOPY --from=tool /l/tool /c\n"
    )
    assert files_only(image) == {"a": "it", "b": "it", "c": "T"}
    assert Merged(image.layers).find("a") is not None


def test_there_is_a_reader_for_every_instruction():
    assert len(READERS) == 18


def test_directories_inside_a_copied_one_bring_their_attributes(shop: Workshop):
    """As BuildKit has it: a copied `tmp` that is 755 makes the image's own /tmp 755."""
    tree = shop.base("full", {"tmp/x": "x", "app/sub/y": "y"}).layers[0]
    (tree / "tmp").chmod(0o1777)
    shop.files({"s/tmp/new": "n", "s/app/sub/": None})
    (shop.context / "s/app/sub").chmod(0o700)
    found = entries(shop, shop.build("FROM full\nCOPY s /"))
    modes = {name: stat.S_IMODE(info.mode) for name, info in found.items() if info.isdir()}
    assert modes == {"tmp": 0o755, "app": 0o755, "app/sub": 0o700}


def test_names_of_one_file_stay_names_of_one_file_within_a_source(shop: Workshop):
    shop.files({"d/a": "x", "d/sub/": None})
    (shop.context / "d/sub/b").hardlink_to(shop.context / "d/a")
    image = shop.build("FROM scratch\nCOPY d /x\nCOPY d/a d/sub/b /y/")
    together, apart = (tree for tree in image.layers)
    assert (together / "x/a").samefile(together / "x/sub/b")
    assert not (apart / "y/a").samefile(apart / "y/b")
