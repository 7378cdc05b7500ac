"""Options of mounts, read as the specification lists them."""

from __future__ import annotations

import pytest

from realrun.errors import BadBundle
from realrun.linux import mounts
from realrun.oci import mountwords


def test_options_of_a_new_file_system():
    words = mountwords.read(["nosuid", "ro", "rw", "mode=755", "size=1k", "sync"], "tmpfs")
    assert not words.bind
    assert words.flags == mounts.NOSUID | mounts.SYNCHRONOUS
    assert words.data == ("mode=755", "size=1k")


def test_options_of_a_bind_are_attributes():
    words = mountwords.read(["rbind", "ro", "nosuid", "rprivate", "slave"], "none")
    assert (words.bind, words.recursive) == (True, True)
    assert words.attributes == (0x3, 0)
    assert words.propagations == (mounts.PRIVATE | mounts.REC, mounts.SLAVE)


def test_an_r_in_front_goes_for_all_below():
    words = mountwords.read(["rbind", "rro", "rnodev", "rrw"], "none")
    assert words.attributes == (0, 0)
    assert words.below == (0x4, 0x1)


@pytest.mark.parametrize(
    ("options", "change"),
    [
        (["noatime"], (0x10, 0x70)),
        (["noatime", "strictatime"], (0x20, 0x70)),
        (["noatime", "relatime"], (0x00, 0x70)),
        (["nodiratime", "diratime"], (0, 0x80)),
        (["ro", "rw"], (0, 1)),
        (["nosymfollow"], (0x200000, 0)),
    ],
)
def test_the_later_one_counts(options, change):
    assert mountwords.read(["bind", *options], "none").attributes == change


def test_what_cannot_be_done_is_refused():
    with pytest.raises(BadBundle, match="remount"):
        mountwords.read(["remount"], "tmpfs")
