"""What overlayfs keeps for itself: a layer that brings it could show the files of others."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from realrun.image import Store
from realrun.image import config as configs
from realrun.image.importing import packed
from tests.realrun.stage import cli
from tests.realrun.trees import archive, member, names

pytestmark = [pytest.mark.root, pytest.mark.overlay]
ATTRIBUTES = ("trusted.overlay.redirect", "user.overlay.redirect")
LOOK = "ls -R /shown; cat /shown/*"
# In a mount table of its own: arguments are the place, the layers and the options.
MOUNT = 'mount -t overlay overlay -o "lowerdir=$2,$3" "$1" && cat "$1/shown/secret"'


def archived(name: str, attributes: dict[str, str]) -> bytes:
    headers = {f"SCHILY.xattr.{key}": value for key, value in attributes.items()}
    return archive(
        [
            member("hidden", tarfile.DIRTYPE, mode=0o700),
            member("hidden/secret", data=b"seen"),
            member(name, tarfile.DIRTYPE, pax_headers=headers),
        ][2 * (name == "shown") :]
    )


def image(store: Store, name: str) -> None:
    """busybox, a layer with a secret, and one whose directory wants to be the secret's."""
    base = store.resolve("busybox")
    with store.workspace("test") as scratch:
        layers = list(base.stored)
        for number, top in enumerate(("plain", "shown")):
            (scratch / str(number)).mkdir()
            data = archived(top, dict.fromkeys(ATTRIBUTES, "/hidden"))
            layers.append(packed(io.BytesIO(data), scratch / str(number)))
        document = configs.make(
            config=dict(base.config),
            diff_ids=[layer.diff_id for layer in layers],
            history=[{} for _ in layers],
            created=configs.timestamp(0),
        )
        store.add(document, layers, name)


def test_a_redirect_in_a_layer_leads_nowhere(root: Path):
    store = Store()
    image(store, "evil")
    for tree in store.resolve("evil").layers:
        for path in [tree, *(tree / name for name in names(tree))]:
            found = os.listxattr(path, follow_symlinks=False)
            assert not [key for key in found if "overlay" in key], path
    done = cli("run", "--rm", "evil", "sh", "-c", LOOK)
    assert "seen" not in done.stdout
    assert "secret" not in done.stdout


def test_nor_does_one_that_is_in_the_store_and_overlay_would_have_followed_it(
    root: Path, tmp_path: Path
):
    """The positive control: with the attribute in place overlay itself shows the secret."""
    store = Store()
    image(store, "redirected")
    *_, below, top = store.resolve("redirected").layers
    os.setxattr(top / "shown", ATTRIBUTES[0], b"/hidden")
    try:
        words = ["unshare", "--mount", "sh", "-c", MOUNT, "sh", str(tmp_path), f"{top}:{below}"]
        followed = subprocess.run(
            [*words, "redirect_dir=follow"], capture_output=True, text=True, check=False
        )
        assert followed.stdout == "seen", followed.stderr
        done = cli("run", "--rm", "redirected", "sh", "-c", LOOK)
        assert "seen" not in done.stdout
    finally:
        os.removexattr(top / "shown", ATTRIBUTES[0])
