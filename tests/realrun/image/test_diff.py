"""A tree becomes an archive and the archive the same tree again, byte for byte."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realrun.errors import BadImage
from realrun.files.remove import remove_tree
from realrun.image.diff import Writer
from realrun.image.layers import pack, unpack_blob
from realrun.image.merged import Merged, Node
from realrun.image.rooted import Rooted, make_opaque
from tests.realrun.trees import snapshot, unpacked, write

SECOND = 10**9


def archive_of(upper: Path, **options) -> bytes:
    out = io.BytesIO()
    Writer(out, **options).tree(upper)
    return out.getvalue()


def hide(path: Path) -> None:
    """A whiteout as overlay makes it; since Linux 5.8 anybody may."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mknod(path, 0o20000, os.makedev(0, 0))


def hide_below(path: Path) -> None:
    with Rooted(path) as folder:
        make_opaque(folder.fd)


NAMES = st.sampled_from(["a", "b", "c", "Z", "é", os.fsdecode(b"\xff"), "n" * 120])
PATHS = st.lists(NAMES, min_size=1, max_size=4)
KINDS = st.one_of(
    st.tuples(st.just("file"), st.binary(max_size=3000)),
    st.tuples(st.just("link"), st.text("ab/.", min_size=1, max_size=150)),
    st.tuples(st.sampled_from(["dir", "opaque", "pipe", "hide", "hard"]), st.just(b"")),
)
MODES = st.sampled_from([0o644, 0o755, 0o4711, 0o2755, 0o1777, 0o400, 0o000])
TREES = st.lists(st.tuples(PATHS, KINDS, MODES, st.integers(0, 2**33)), max_size=14)


def grow(top: Path, plan) -> None:
    """Make what the plan says, as far as it fits together; then the attributes, deepest first."""
    made: list[tuple[Path, int, int]] = []
    files: list[Path] = []
    for parts, (kind, content), mode, mtime in plan:
        path = top.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            place(path, kind, content, files)
        except OSError:
            continue
        if os.path.lexists(path):
            made.append((path, mode, mtime))
    for path in top.rglob("*"):
        os.utime(path, ns=(SECOND, SECOND), follow_symlinks=False)
    for path, mode, mtime in sorted(made, key=lambda one: -len(one[0].parts)):
        if not path.is_symlink() and not path.is_char_device():
            path.chmod(mode)
        if not path.is_char_device():
            os.utime(path, (mtime, mtime), follow_symlinks=False)


def place(path: Path, kind: str, content, files: list[Path]) -> None:
    match kind:
        case "file":
            with open(path, "xb") as out:
                out.write(content)
            files.append(path)
        case "link":
            path.symlink_to(content)
        case "hard" if files:
            os.link(files[-1], path)
        case "pipe":
            os.mkfifo(path)
        case "hide":
            hide(path)
        case "dir" | "opaque":
            path.mkdir()
            if kind == "opaque":
                hide_below(path)


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_there_and_back_again(plan):
    """diff, then unpack: the identity; and the archive of the result is the same archive."""
    with tempfile.TemporaryDirectory() as folder:
        upper, layer = Path(folder, "upper"), Path(folder, "layer")
        upper.mkdir()
        grow(upper, plan)
        data = archive_of(upper)
        unpacked(data, layer)
        try:
            assert archive_of(layer) == data
            if os.geteuid() == 0:
                assert snapshot(layer) == snapshot(upper)
        finally:
            remove_tree(upper)
            remove_tree(layer)


def test_the_order_is_by_bytes_and_markers_come_first(tmp_path: Path):
    """A reader that applies members one by one never removes what it has just made."""
    upper = write(tmp_path / "upper", {"b/new": "", "a": "", "Z": "", "é": ""})
    hide(upper / "x")
    hide(upper / "b/gone")
    hide_below(upper / "b")
    with tarfile.open(fileobj=io.BytesIO(archive_of(upper))) as tar:
        assert tar.getnames() == [
            ".wh.x", "Z", "a", "b", "b/.wh..wh..opq", "b/.wh.gone", "b/new", "é",
        ]  # fmt: skip


def test_two_makings_of_one_tree_are_one_archive(tmp_path: Path):
    """The order of creation, the clock and the umask leave no trace once times are clamped."""
    names, archives = ["one", "two/three", "two/four"], []
    for round_, umask in enumerate((0o022, 0o002)):
        old = os.umask(umask)
        upper = tmp_path / str(round_)
        write(upper, dict.fromkeys(reversed(names) if round_ else names, "text"))
        os.umask(old)
        for path in upper.rglob("*"):
            path.chmod(0o755)
        os.utime(upper / "one", (2**31, 2**31))
        archives.append(archive_of(upper, latest=1_000_000))
    assert archives[0] == archives[1]


def test_packing_settles_the_tree_to_be_the_layer(tmp_path: Path, monkeypatch):
    """What was packed and what the blob unpacks to are the same; so nobody has to unpack it."""
    upper = write(tmp_path / "upper", {"d/f": "text", "l": "-> d/f"})
    hide(upper / "gone")
    space = "trusted" if os.geteuid() == 0 else "user"
    os.setxattr(upper / "d", f"{space}.overlay.impure", b"y")
    layer = pack(upper, tmp_path / "blob", latest=77)
    other = tmp_path / "other"
    other.mkdir()
    unpack_blob(tmp_path / "blob", other, layer.diff_id)

    assert snapshot(other) == snapshot(upper)
    assert (upper / "d").stat().st_mtime == 77
    assert os.listxattr(upper / "d") == []


@pytest.mark.parametrize("compress", [True, False])
def test_a_layer_with_another_content_is_refused(tmp_path: Path, compress: bool):
    upper = write(tmp_path / "upper", {"f": "text"})
    layer = pack(upper, tmp_path / "blob", compress=compress)
    (tmp_path / "other").mkdir()
    with pytest.raises(BadImage, match="the image says"):
        unpack_blob(tmp_path / "blob", tmp_path / "other", layer.diff_id.replace("a", "b"))
    assert (layer.digest == layer.diff_id) == (not compress)


def test_a_damaged_compression_is_refused(tmp_path: Path):
    upper = write(tmp_path / "upper", {"f": "text" * 1000})
    layer = pack(upper, tmp_path / "blob")
    data = bytearray((tmp_path / "blob").read_bytes())
    for at, damage in ((len(data) // 2, 0xFF), (len(data) - 1, 0x01)):
        broken = bytearray(data)
        broken[at] ^= damage
        (tmp_path / "blob").write_bytes(broken)
        target = tmp_path / str(at)
        target.mkdir()
        with pytest.raises(BadImage):
            unpack_blob(tmp_path / "blob", target, layer.diff_id)


def test_owners_that_copy_gave_away_are_in_the_archive(tmp_path: Path):
    upper = write(tmp_path / "upper", {"d/f": "text"})
    data = archive_of(upper, owners={b"d/f": (1000, 2000)})
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert [(m.uid, m.gid) for m in tar] == [(0, 0), (1000, 2000)]


def test_a_redirect_is_not_packed_as_if_it_were_an_empty_directory(tmp_path: Path):
    """With redirect_dir a renamed directory is only a hint in the upper layer: its files lack."""
    upper = write(tmp_path / "upper", {"d/": None})
    space = "trusted" if os.geteuid() == 0 else "user"
    os.setxattr(upper / "d", f"{space}.overlay.redirect", b"/old")
    with pytest.raises(BadImage, match="redirect_dir=off"):
        archive_of(upper)


SCRIPT = """
set -e
cd "$1"
rm gone
rm -r dir-gone
rm -r again && mkdir again && echo new > again/new
echo changed > changed
mkdir -p fresh/deep && echo x > fresh/deep/file
ln fresh/deep/file fresh/hard
rm was-dir/x && rmdir was-dir && echo file > was-dir
rm was-file && mkdir was-file
chmod 700 moded
mkfifo pipe
mv moved moved-away
ln -s /absolute link
"""


def merged_view(layers: list[Path]) -> dict[str, tuple[object, ...]]:
    """What the stack holds, by our own reading of it."""
    view, found = Merged(layers), {}

    def add(node: Node) -> None:
        for child in view.children(node):
            mode = child.status.st_mode
            text = (
                b"" if child.is_directory or not child.path.is_file() else child.path.read_bytes()
            )
            found["/".join(child.parts)] = (mode, text)
            if child.is_directory:
                add(child)

    add(view.root)
    return found


def mounted(lower: list[Path], upper: Path, script: str, argument: str = "") -> str:
    """Run a script in a mount namespace with the overlay mounted at the folder `merged`."""
    work, merged = upper.parent / "work", upper.parent / "merged"
    work.mkdir(exist_ok=True)
    merged.mkdir(exist_ok=True)
    as_root = os.geteuid() == 0
    options = f"lowerdir={':'.join(map(str, reversed(lower)))},upperdir={upper},workdir={work}"
    options += "" if as_root else ",userxattr"
    mount = f'mount -t overlay overlay -o "{options}" {merged}\n'
    command = ["unshare", "-m"] if as_root else ["unshare", "-r", "-m"]
    done = subprocess.run(
        [*command, "sh", "-ec", mount + script, "sh", str(merged)],
        capture_output=True, text=True, check=False, cwd=upper.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.overlay
def test_what_overlay_did_survives_the_archive(tmp_path: Path):
    """The kernel stacks the unpacked layer and shows the same as it showed before."""
    base = write(
        tmp_path / "base",
        {
            "gone": "x", "dir-gone/a/b": "x", "again/old": "x", "changed": "before",
            "was-dir/x": "x", "was-file": "x", "moded/": None, "moved": "x", "kept/k": "k",
        },
    )  # fmt: skip
    upper = tmp_path / "upper"
    upper.mkdir()
    listing = 'cd "$1"; find . -printf "%P %y %m %l %n\\n" | sort; cat again/* changed was-dir'
    before = mounted([base], upper, SCRIPT + listing)
    layer = pack(upper, tmp_path / "blob")
    tree, empty = tmp_path / "tree", tmp_path / "empty"
    tree.mkdir()
    empty.mkdir()
    unpack_blob(tmp_path / "blob", tree, layer.diff_id)

    assert snapshot(tree) == snapshot(upper)
    assert mounted([base, tree], empty, listing) == before
    shown = {line.split()[0] for line in before.splitlines() if len(line.split()) > 3}
    assert set(merged_view([base, tree])) >= shown - {""}
    assert "again/old" not in merged_view([base, tree])
    assert merged_view([base, tree]) == merged_view([base, upper])
