"""Flags that came to BuildKit later: --exclude, --parents, words for --chmod, --network."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from realrun.build.modes import changed
from realrun.errors import DockerfileError
from tests.realrun.build.workshop import Workshop, files_only

FILES = {"a.txt": "", "b.md": "", "d/c.txt": "", "d/e.md": "", "d/sub/f.txt": "", "d/sub/g": ""}
EXCLUDED = {
    "--exclude=*.txt .": "b.md d/c.txt d/e.md d/sub/f.txt d/sub/g",
    "--exclude=**/*.txt .": "b.md d/e.md d/sub/g",
    "--exclude=**/*.txt --exclude=**/*.md .": "d/sub/g",
    "--exclude=d .": "a.txt b.md",
    "--exclude=sub d": "c.txt e.md",
    "--exclude=d/sub d": "c.txt e.md sub/f.txt sub/g",
    "--exclude=*.txt a.txt b.md": "b.md",
    "--exclude=*.md [ab].*": "a.txt",
    "--exclude=sub --exclude=!sub/g d": "c.txt e.md sub/g",
    "--exclude=$what .": "a.txt b.md d/c.txt d/e.md d/sub/f.txt d/sub/g",
}


@pytest.mark.parametrize("words", EXCLUDED)
@pytest.mark.parametrize("instruction", ["COPY", "ADD"])
def test_what_exclude_leaves_out(shop: Workshop, words, instruction):
    shop.files(FILES)
    image = shop.build(f"FROM scratch\nARG what=d\n{instruction} {words} /x/")
    assert " ".join(sorted(files_only(image))).replace("x/", "") == EXCLUDED[words]


def test_exclude_from_another_stage_and_its_empty_pattern(shop: Workshop):
    image = shop.build("FROM base\nFROM scratch\nCOPY --from=0 --exclude=base /etc /x")
    assert files_only(image) == {}
    with pytest.raises(DockerfileError, match="--from takes no variable"):
        shop.build("FROM scratch\nARG s=base\nCOPY --from=$s a /x")
    with pytest.raises(DockerfileError, match="--exclude needs a pattern"):
        shop.build("FROM scratch\nCOPY --exclude= a /x")


MODES = ["u=rwX,go=rX", "go-rwx", "a+x", "ug+s", "+t", "o=", "a=", "u=rwxs,o=t", "u-x+w", "644"]


@pytest.mark.parametrize("text", MODES)
@pytest.mark.parametrize("mode", [0o600, 0o755, 0o711])
def test_words_mean_what_chmod_means(tmp_path: Path, text, mode):
    """The program of that name is the judge."""
    for path in (tmp_path / "file", tmp_path / "folder"):
        path.touch() if path.name == "file" else path.mkdir()
        path.chmod(mode)
        subprocess.run(["chmod", "--", text, path], check=True)
        found = os.stat(path).st_mode
        assert oct(changed(text, stat.S_IFMT(found) | mode)) == oct(stat.S_IMODE(found))


def test_chmod_by_words_starts_from_each_file(shop: Workshop):
    shop.files({"d/run": "", "d/text": "", "d/sub/": None})
    for name, mode in {"d/run": 0o700, "d/text": 0o600, "d/sub": 0o700}.items():
        (shop.context / name).chmod(mode)
    tree = shop.build("FROM scratch\nCOPY --chmod=u=rwX,go=rX d /x").layers[0] / "x"
    modes = {path.name: oct(stat.S_IMODE(os.lstat(path).st_mode)) for path in tree.iterdir()}
    assert modes == {"run": "0o755", "text": "0o644", "sub": "0o755"}


def test_the_network_of_a_step(shop: Workshop):
    shop.build("FROM base\nRUN a\nRUN --network=none b\nRUN --network=host c")
    assert [run.get("network") for run in shop.runs] == [None, "none", "host"]
    shop.build("FROM base\nRUN a\nRUN --network=host b")
    assert shop.cached() == [True, False]
    with pytest.raises(DockerfileError, match="can be default, none or host"):
        shop.build("FROM base\nRUN --network=bridge x")


TREE = {"d/one": "1", "d/two": "2", "d/sub/three": "3", "d/inner": "-> one", "e/one": "other"}
PARENTS = {
    "d/one /x": {"x/d/one": "1"},
    "d/one e/one /x/": {"x/d/one": "1", "x/e/one": "other"},
    "./d/./sub/three /x/": {"x/sub/three": "3"},
    "d/./sub d/./one /x/": {"x/sub/three": "3", "x/one": "1"},
    "**/three /x": {"x/d/sub/three": "3"},
    "./d/./**/t* /x": {"x/two": "2", "x/sub/three": "3"},
    "*/one /x": {"x/d/one": "1", "x/e/one": "other"},
    "/nothing* /x": {},
    "d/inner /x": {"x/d/inner": "-> one"},
    "--exclude=d/sub d /x": {"x/d/one": "1", "x/d/two": "2", "x/d/inner": "-> one"},
}


@pytest.mark.parametrize("words", PARENTS)
def test_with_parents_files_keep_their_directories(shop: Workshop, words: str):
    shop.files(TREE)
    (shop.context / "d").chmod(0o711)
    image = shop.build(f"FROM scratch\nCOPY --parents {words}")
    assert files_only(image) == PARENTS[words]
    if "x/d/one" in PARENTS[words]:
        assert stat.S_IMODE((image.layers[0] / "x/d").stat().st_mode) == 0o711


def test_parents_from_another_stage_and_of_nothing(shop: Workshop):
    image = shop.build("FROM base\nFROM scratch\nCOPY --parents --from=0 etc/base /x/")
    assert files_only(image) == {"x/etc/base": "base"}
    for words, says in {"none": "'/none' is not there", "no/./x": "'/no' is no directory"}.items():
        with pytest.raises(DockerfileError, match=says):
            shop.build(f"FROM base\nCOPY --parents {words} /x/")
    with pytest.raises(DockerfileError, match="ADD does not know the flag --parents"):
        shop.build("FROM base\nADD --parents x /x/")
