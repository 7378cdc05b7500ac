"""What -v, --mount and --tmpfs say: Docker's words, and one clear line for all others."""

from __future__ import annotations

import os

import pytest

from realrun.errors import UsageError
from realrun.runtime import mountwords
from realrun.runtime.spec import Mount

TMPFS = ("noexec", "nosuid", "nodev")


def bind(source: str, target: str, read_only: bool = False, options=("create",)) -> Mount:
    return Mount("bind", source, target, read_only, options)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("/h:/c", bind("/h", "/c")),
        ("/h:/c:ro", bind("/h", "/c", True)),
        ("/h:/c:rw,z,rprivate,cached", bind("/h", "/c")),
        ("/h/../i//j/:/c/./d/", bind("/i/j", "/c/d")),
        ("//h://c", bind("//h", "/c")),
        ("data:/c", Mount("volume", "data", "/c")),
        ("d4:/c:nocopy,ro", Mount("volume", "d4", "/c", True, ("nocopy",))),
        ("/c", Mount("volume", "", "/c")),
        (".:/c", bind(os.getcwd(), "/c")),
        ("./x:/c", bind(os.getcwd() + "/x", "/c")),
    ],
)
def test_v(word, expected):
    assert mountwords.volume(word) == expected


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ("", "SOURCE"),
        (":/c", "SOURCE"),
        ("/h:", "SOURCE"),
        ("/h:/c:", "SOURCE"),
        ("/h:/c:ro:x", "SOURCE"),
        ("/c:ro", "SOURCE"),
        ("/h:c", "absolute path; got 'c'"),
        ("c", "absolute path; got 'c'"),
        ("/h:/", "root directory"),
        ("/h:/x/..", "root directory"),
        ("/h:/c:wr", "modes ro, rw"),
        ("/h:/c:ro,rw", "one of a kind"),
        ("/h:/c:ro,ro", "one of a kind"),
        ("/h:/c:rshared", "private"),
        ("/h:/c:nocopy", "for volumes"),
        ("a:/c", "no volume's name"),
        ("a/b:/c", "no volume's name"),
        ("../a\\:/c", "absolute path|no volume's name|SOURCE"),
        ("-a:/c", "no volume's name"),
        ("ä" * 3 + ":/c", "no volume's name"),
        ("a\nb:/c", "no volume's name"),
        ("x" * 256 + ":/c", "no volume's name"),
    ],
)
def test_a_wrong_v_is_refused_with_the_rule(word, rule):
    if word.startswith(".."):  # relative to where we are, as Docker has it since version 23
        assert mountwords.volume(word).source == os.path.abspath("../a\\")
        return
    with pytest.raises(UsageError, match=rule):
        mountwords.volume(word)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("type=bind,source=/h,target=/c", bind("/h", "/c", options=())),
        ("type=bind,src=/h,dst=/c,ro", bind("/h", "/c", True, ())),
        ("type=bind,src=/h,destination=/c,readonly=false", bind("/h", "/c", options=())),
        ("TYPE=bind,SRC=/h,DST=/c,READONLY=1", bind("/h", "/c", True, ())),
        ("type=bind,src=/h,dst=/c,bind-propagation=rprivate", bind("/h", "/c", options=())),
        ('type=bind,"src=/h,i",dst=/c', bind("/h,i", "/c", options=())),
        ("target=/c", Mount("volume", "", "/c")),
        ("source=data,target=/c,volume-nocopy", Mount("volume", "data", "/c", False, ("nocopy",))),
        ("source=data,target=/c,volume-nocopy=false", Mount("volume", "data", "/c")),
        ("source=data,target=/c,volume-driver=local", Mount("volume", "data", "/c")),
        (
            "source=data,target=/c,volume-label=a=b,volume-label=c",
            Mount("volume", "data", "/c", False, ("label=a=b", "label=c")),
        ),
        ("type=tmpfs,target=/c", Mount("tmpfs", "", "/c", False, TMPFS)),
        (
            "type=tmpfs,target=/c,tmpfs-size=1m,tmpfs-mode=700,ro",
            Mount("tmpfs", "", "/c", True, (*TMPFS, "size=1048576", "mode=700", "ro")),
        ),
    ],
)
def test_mount(word, expected):
    assert mountwords.mount(word) == expected


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ("", "target=PLACE"),
        ("type=bind,src=/h", "target=PLACE"),
        ("type=npipe,target=/c", "bind, volume or tmpfs; got 'npipe'"),
        ("type=bind,src=h,target=/c", "absolute path; got 'h'"),
        ("type=bind,target=/c", "absolute path; got ''"),
        ("type=volume,src=/h,target=/c", "no volume's name"),
        ("type=tmpfs,src=x,target=/c", "no source"),
        ("target=/c,readonly", "would stay empty"),
        ("source=data,target=/c,volume-driver=nfs", "can be local; got 'nfs'"),
        ("target=c", "absolute path"),
        ("target=/", "root directory"),
        ("target=/c,nosuch=1", "knows type, .*got 'nosuch=1'"),
        ("target", "KEY=VALUE; got 'target'"),
        ("target=/c,readonly=perhaps", "true or false"),
        ("type=bind,src=/h,target=/c,bind-propagation=shared", "rprivate or private"),
        ("type=bind,src=/h,target=/c,bind-nonrecursive", "below it"),
        ("type=bind,src=/h,target=/c,tmpfs-size=1", "does not go with type=bind"),
        ("type=volume,target=/c,bind-propagation=rprivate", "does not go with type=volume"),
        ("type=tmpfs,target=/c,volume-nocopy", "does not go with type=tmpfs"),
        ("type=tmpfs,target=/c,tmpfs-mode=9", "octal"),
        ("type=tmpfs,target=/c,tmpfs-size=-1", "number"),
    ],
)
def test_a_wrong_mount_is_refused_with_the_rule(word, rule):
    with pytest.raises(UsageError, match=rule):
        mountwords.mount(word)


@pytest.mark.parametrize(
    ("word", "options", "read_only"),
    [
        ("/c", TMPFS, False),
        ("/c:", TMPFS, False),
        ("/c:rw,exec,suid,dev", (), False),
        ("/c:ro", (*TMPFS, "ro"), True),
        ("/c:ro,rw", TMPFS, False),
        ("/c:defaults,rprivate,relatime,strictatime", (*TMPFS, "relatime", "strictatime"), False),
        ("/c:size=64k,mode=1770,uid=5,gid=6", (*TMPFS, "size=65536", "mode=1770", "uid=5", "gid=6"),
         False),
        ("/c:size=1,size=2", (*TMPFS, "size=2"), False),
        ("/c:size=50%", (*TMPFS, "size=50%"), False),
        ("/c:nr_inodes=1k,noatime", (*TMPFS, "nr_inodes=1024", "noatime"), False),
    ],
)  # fmt: skip
def test_tmpfs(word, options, read_only):
    assert mountwords.tmpfs(word) == Mount("tmpfs", "", "/c", read_only, options)


@pytest.mark.parametrize(
    "word",
    "c / /c:nosuch /c:size /c:size= /c:size=x /c:size=-1 /c:size=1x /c:mode=8 /c:mode=77777 "
    "/c:uid=1k /c:uid=root /c:size=² /c:nosuch=1".split(),
)
def test_a_wrong_tmpfs_is_refused(word):
    with pytest.raises(UsageError, match="--tmpfs"):
        mountwords.tmpfs(word)
