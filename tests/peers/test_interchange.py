"""Images go from any engine to any other: ours, Docker's two builders, skopeo, umoci."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from realrun.image import Image, Store
from realrun.image.load import load
from realrun.image.save import save
from tests.peers.conftest import Peers
from tests.peers.engines import Both
from tests.peers.flat import differences, flat, of_docker, settings

pytestmark = [pytest.mark.docker, pytest.mark.root, pytest.mark.overlay]

# Everything that a layer can hold and an image can say. What it prints is every file, but those
# that an engine puts there, with mode, owner, links and content; and what the program was told.
RICH = r"""
FROM base AS made
RUN mkdir /out && echo made > /out/made && ln /out/made /out/hard && chmod 4755 /out/made
FROM base
ENV A=1 B="two words"
LABEL by=interchange
COPY --from=made /out /in
COPY --chown=sue d /d
ADD t.tar /unpacked/
RUN rm /file && rm -r /dir && mkdir /dir && echo new > /dir/new && mkfifo /fifo && ln -s no /dead
RUN rm -r /in && mkdir /in && touch /in/again '/a b' && chmod 2770 /in && chown 1234:77 /in
WORKDIR /w
USER sue:staff
EXPOSE 80
VOLUME /data
STOPSIGNAL USR1
HEALTHCHECK --interval=9s CMD true
ENTRYPOINT ["sh", "-c"]
CMD ["id; pwd; env | grep -v HOSTNAME | sort; cd /; \
find . -xdev ! -path './proc*' ! -path './sys*' ! -path './dev*' \
! -path './etc/*' ! -name .dockerenv -exec stat -c '%A %u %g %N' {} + | sort; \
find . -xdev -type f -links +1 | sort; \
find . -xdev -type f ! -path './etc/*' ! -name .dockerenv -exec cksum {} + 2>&1 | sort; exit 3"]
"""
NAME = "rich:latest"


@pytest.fixture(scope="session")
def rich(peers: Peers) -> Image:
    """The image, as our builder makes it."""
    return peers.image("rich", RICH)


def by_us(peers: Peers) -> bytes:
    """The archive of the image, saved by us."""
    out = io.BytesIO()
    save(peers.store, [NAME], out)
    return out.getvalue()


def by_docker(buildkit: bool) -> Callable[[Peers], bytes]:
    def made(peers: Peers) -> bytes:
        dockerfile = peers.folder / "Dockerfile.docker"
        dockerfile.write_text(RICH)
        peers.daemon.build(peers.folder / "context", dockerfile, NAME, {}, buildkit=buildkit)
        return peers.daemon.call("save", NAME)

    return made


BUILDERS = {"ours": by_us, "buildkit": by_docker(True), "classic": by_docker(False)}


@pytest.mark.usefixtures("rich")
@pytest.mark.parametrize("builder", BUILDERS)
def test_what_any_builder_made_runs_in_both(peers: Peers, both: Both, builder: str):
    """Every pair of builder and engine shows the same files, settings and exit code."""
    path = peers.folder / f"{builder}.tar"
    path.write_bytes(BUILDERS[builder](peers))
    said = []
    for engine in (both.docker, both.ours):
        engine.shell(f"$CLI load -i {path}", "", peers.folder).check_returncode()
        done = engine.shell(f"$CLI run --rm {NAME}", "", peers.folder)
        said.append([f"exit {done.returncode}", *done.stdout.decode().splitlines()])
    theirs, ours = said
    different = [f"docker: {line}" for line in theirs if line not in ours]
    different += [f"ours: {line}" for line in ours if line not in theirs]
    if different:
        pytest.fail("\n".join(different), pytrace=False)
    assert ours[0] == "exit 3"


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_any_builder_makes_the_same(peers: Peers, rich: Image, builder: str):
    files, told = of_docker(BUILDERS[builder](peers))
    ours = flat(blobs(peers.store, rich)), settings({"config": dict(rich.config)})
    assert differences(ours[1], told) == []
    assert differences(ours[0], files) == []


def blobs(store: Store, image: Image) -> list[bytes]:
    return [store.layout.blob(layer.digest).read_bytes() for layer in image.stored]


def test_an_id_is_the_same_everywhere(peers: Peers, rich: Image, tmp_path: Path):
    peers.daemon.call("load", data=by_us(peers))
    told = peers.daemon.call("inspect", "--format={{.Id}}", NAME).decode().strip()
    assert told == rich.image_id
    (back,) = load(Store(tmp_path / "root"), io.BytesIO(peers.daemon.call("save", NAME)))
    assert back.image_id == rich.image_id


def skopeo(*words: str) -> bytes:
    return subprocess.check_output(["skopeo", *words])


@pytest.mark.skopeo
def test_skopeo_reads_the_store_itself(peers: Peers, rich: Image):
    where = f"oci:{peers.store.root}/image:{NAME}"
    told = json.loads(skopeo("inspect", where))
    assert told["Digest"] == rich.digest
    assert told["Layers"] == [layer.digest for layer in rich.stored]
    assert json.loads(skopeo("inspect", "--config", "--raw", where)) == rich.document


@pytest.mark.skopeo
def test_skopeo_carries_it_from_the_store_to_docker_and_back(
    peers: Peers, rich: Image, tmp_path: Path
):
    there = f"docker-archive:{tmp_path}/there.tar:{NAME}"
    skopeo("copy", "-q", "--insecure-policy", f"oci:{peers.store.root}/image:{NAME}", there)
    peers.daemon.call("load", "-i", f"{tmp_path}/there.tar")
    told = peers.daemon.call("inspect", "--format={{.Id}}", NAME).decode().strip()
    assert told == rich.image_id

    (tmp_path / "back.tar").write_bytes(peers.daemon.call("save", NAME))
    back = f"docker-archive:{tmp_path}/back.tar"
    skopeo("copy", "-q", "--insecure-policy", back, f"oci:{tmp_path}/layout:{NAME}")
    (image,) = load(Store(tmp_path / "root"), io.BytesIO(packed(tmp_path / "layout")))
    assert image.diff_ids == rich.diff_ids
    lost = {"Healthcheck"}  # OCI's configuration has no place for it
    kept = {key: value for key, value in rich.config.items() if key not in lost}
    assert settings({"config": image.config}) == settings({"config": kept})


def packed(folder: Path) -> bytes:
    """A folder as an archive; its own name is not in it."""
    return subprocess.check_output(["tar", "-C", folder, "-c", "."])


@pytest.mark.umoci
def test_umoci_unpacks_the_store_to_what_we_mount(peers: Peers, rich: Image, tmp_path: Path):
    bundle, empty = tmp_path / "bundle", tmp_path / "empty"
    where = f"{peers.store.root}/image:{NAME}"
    subprocess.run(["umoci", "unpack", "--image", where, bundle], check=True)
    theirs = flat([packed(bundle / "rootfs")])

    empty.mkdir()
    layers = [*map(str, reversed(peers.store.resolve(rich.digest).layers)), str(empty)]
    assert differences(flat([mounted(":".join(layers), tmp_path)]), theirs) == []


def mounted(lower: str, folder: Path) -> bytes:
    """What overlay shows of these layers, topmost first, as an archive."""
    (folder / "merged").mkdir()
    script = 'mount -t overlay -o "ro,lowerdir=$1" overlay "$2" && tar -C "$2" -c .'
    return subprocess.check_output(
        ["unshare", "--mount", "sh", "-c", script, "sh", lower, folder / "merged"]
    )


@pytest.mark.umoci
def test_what_umoci_changed_comes_back(peers: Peers, both: Both, rich: Image, tmp_path: Path):
    """It works on a copy of the store's own layout, and its new layer takes a file away."""
    layout = tmp_path / "layout"
    subprocess.run(["cp", "-r", f"{peers.store.root}/image", layout], check=True)
    umoci(tmp_path, "unpack", "--image", f"layout:{NAME}", "bundle")
    (tmp_path / "bundle/rootfs/dir/new").unlink()
    (tmp_path / "bundle/rootfs/dir/newer").write_text("by umoci")
    umoci(tmp_path, "repack", "--image", "layout:changed:latest", "bundle")
    for name in umoci(tmp_path, "ls", "--layout", "layout").split():
        if name != "changed:latest":
            umoci(tmp_path, "rm", "--image", f"layout:{name}")
    (tmp_path / "layout.tar").write_bytes(packed(layout))
    both.ours.shell(f"$CLI load -i {tmp_path}/layout.tar", "", tmp_path).check_returncode()
    done = both.ours.shell("$CLI run --rm changed 'ls /dir; cat /dir/newer'", "", tmp_path)
    assert (done.returncode, done.stdout) == (0, b"newer\nby umoci")


def umoci(folder: Path, *words: str) -> str:
    done = subprocess.run(["umoci", *words], cwd=folder, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()
