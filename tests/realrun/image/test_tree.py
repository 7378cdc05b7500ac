"""What a layer does to those below, and what it all takes: laws, and du as the judge."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from realrun.errors import BadImage
from realrun.image import Store
from realrun.image import config as configs
from realrun.image.bill import bills, writables
from realrun.image.layers import pack
from realrun.image.merged import Merged, mountable
from realrun.image.tree import Effect, below_of, effect_of, tree
from tests.realrun.image.stores import add
from tests.realrun.trees import archive, member, unpacked, write


def layer(folder: Path, *names: str) -> Path:
    """`d/` a directory, `d/.wh.x` a whiteout, `l@` a link, anything else a file."""
    members = []
    for name in names:
        kind = {"/": b"5", "@": b"2"}.get(name[-1], b"0")
        link = {"linkname": "target"} if kind == b"2" else {}
        data = name.encode() if kind == b"0" and ".wh." not in name else b""
        members.append(member(name.rstrip("@"), kind, data, mtime=1, **link))
    return unpacked(archive(members), folder)


def test_added_changed_and_hidden_are_told_apart(tmp_path: Path):
    base = layer(
        tmp_path / "0", "same/", "same/old", "etc/", "etc/a", "etc/b", "opt/", "opt/x/y", "f"
    )
    first = effect_of(base, [])
    assert first.adds == [
        "etc",
        "etc/a",
        "etc/b",
        "f",
        "opt",
        "opt/x",
        "opt/x/y",
        "same",
        "same/old",
    ]
    assert (first.changes, first.hides) == ([], [])

    upper = layer(
        tmp_path / "1", "same/", "same/new", "etc/.wh.a", "etc/b", "etc/.wh.not-there",
        "opt/.wh..wh..opq", "opt/z", "f@",
    )  # fmt: skip
    assert effect_of(upper, [base]) == Effect(
        adds=["opt/z", "same/new"], changes=["etc/b", "f"], hides=["etc/a", "opt/x", "opt/x/y"]
    )


def test_a_file_in_a_directorys_place_hides_what_was_in_it(tmp_path: Path):
    base = layer(tmp_path / "0", "d/e/f", "g")
    upper = layer(tmp_path / "1", "d", "g/", "g/h")
    assert effect_of(upper, [base]) == Effect(["g/h"], ["d", "g"], ["d/e", "d/e/f"])


NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3)
MEMBERS = st.lists(
    st.one_of(
        NAMES.map("/".join),
        NAMES.map(lambda parts: "/".join(parts) + "/"),
        NAMES.map(lambda parts: "/".join([*parts[:-1], ".wh." + parts[-1]])),
        NAMES.map(lambda parts: "/".join([*parts, ".wh..wh..opq"])),
        st.just(".wh..wh..opq"),
    ),
    max_size=8,
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(MEMBERS, min_size=1, max_size=3), MEMBERS)
def test_what_shows_is_what_showed_without_the_hidden_with_the_added(
    tmp_path_factory: pytest.TempPathFactory, below: list[list[str]], last: list[str]
):
    folder = tmp_path_factory.mktemp("law")
    try:
        trees = [layer(folder / str(n), *names) for n, names in enumerate(below)]
        upper = layer(folder / "last", *last)
    except BadImage:
        reject()  # a file with something below it
    effect, before, after = effect_of(upper, trees), shows(trees), shows([*trees, upper])

    assert after == before - set(effect.hides) | set(effect.adds)
    assert set(effect.adds).isdisjoint(before)
    assert before.issuperset([*effect.hides, *effect.changes])
    assert after.issuperset(effect.changes)


def shows(trees: list[Path]) -> set[str]:
    stack = Merged(mountable(trees))
    return set(below_of(stack, stack.root))


def test_the_tree_of_an_image_names_those_who_share_its_layers(store: Store):
    add(store, "one", {"a": "1"}, {"b": "22"})
    add(store, "two", {"a": "1"})
    add(store, None, {"a": "1"}, {"c": "3"})
    unnamed = next(image for image in store.images() if image.reference == "<none>")
    first, second = tree(store, "one")

    assert first.shared_with == tuple(sorted([unnamed.image_id[7:19], "two:latest"]))
    assert (second.shared_with, second.effect) == ((), Effect(["b"], [], []))
    assert second.size is not None
    assert (second.size.content_bytes, first.chapter.created_by) == (2, "test")


def test_the_bill_adds_up_to_what_du_says(store: Store):
    """Every byte of the blobs and of the unpacked layers has its place, once."""
    large = {"a": "1" * 300_000, "d/b": "2" * 5000}
    add(store, "one", large, {"b": "3" * 70_000})
    add(store, "two", large, {"c": "4" * 9000})
    add(store, None, {"d": "5" * 9000})
    store.tag("one", "uno")
    with store.workspace("test") as scratch:
        store.keep([pack(write(scratch / "t", {"cached": "6" * 9000}), scratch / "blob")])
    written = {"log": "7" * 6000, "upper/etc/x": "8" * 50_000, "config.json": "{}"}
    write(store.root / "containers" / ("0" * 64), written)
    write(store.root / "containers" / ("1" * 64), {"upper/": None, "state.json": "{}"})
    write(store.root / "volumes/data", {"x": "9" * 70_000})
    write(store.root / "cache", {"key.json": "{}", "mounts/key/0/kept": "a" * 30_000})
    os.sync()
    found, total = bills(store)

    parts = ("image", "layers", "cache", "containers", "volumes")
    folders = [str(store.root / name) for name in parts]
    said = subprocess.check_output(["du", "-s", "--block-size=1", *folders], text=True)
    assert total.total_bytes == sum(int(line.split()[0]) for line in said.splitlines())
    assert total.total_bytes == sum(total[:-1])
    first, second = writables(store)
    assert (first.container_id, second.container_id) == ("0" * 64, "1" * 64)
    assert first.writable_bytes >= 50_000 > second.writable_bytes
    assert total.writable_bytes == first.writable_bytes + second.writable_bytes
    assert total.records_bytes >= 6000
    assert total.volumes_bytes >= 70_000
    assert total.cache_bytes >= 30_000
    assert [bill.names for bill in found] == [("one:latest", "uno:latest"), ("two:latest",), ()]
    assert all(bill.virtual_bytes == bill.shared_bytes + bill.unique_bytes for bill in found)
    one, two, third = found
    assert one.shared_bytes == two.shared_bytes > 305_000
    assert (third.shared_bytes, total.unnamed_bytes > 9000) == (0, True)
    unique = sum(bill.unique_bytes for bill in found)
    assert total.layers_bytes == unique + one.shared_bytes
    assert all(bill.plain_bytes == bill.compressed_bytes > 0 for bill in found)


def test_a_layer_that_came_compressed_stays_so_on_the_bill(store: Store, tmp_path: Path):
    tree = write(tmp_path / "t", {"a": "1" * 300_000})
    layer = pack(tree, tmp_path / "blob", compress=True)
    document = configs.make(config={}, diff_ids=[layer.diff_id], history=[{}], created="")
    store.add(document, [layer], "small")
    (bill,), _ = bills(store)
    assert bill.virtual_bytes > 300_000 > 30_000 > bill.compressed_bytes
    assert bill.plain_bytes == 0
