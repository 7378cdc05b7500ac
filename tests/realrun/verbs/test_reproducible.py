"""SOURCE_DATE_EPOCH: the same context gives the same digests, whoever builds it, where and when."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.realrun.conftest import share_tools
from tests.realrun.stage import COMMAND, HANG_S
from tests.realrun.trees import archive, member

pytestmark = pytest.mark.overlay

EPOCH = 1_500_000_000
DOCKERFILE = """
FROM busybox AS tools
RUN mkdir -p /t/b /t/a && echo tool > /t/b/tool && touch /t/a/empty
FROM busybox
ARG SOURCE_DATE_EPOCH
ENV made=$SOURCE_DATE_EPOCH
WORKDIR /w/deep
COPY . .
COPY --from=tools /t /t
ADD packed.tar /packed/
COPY <<end /text
here at $made
end
RUN --mount=target=/c for n in one two three; do cp /c/d/f $n; done && ln one four && rm d/f
RUN mkdir new && id > new/id && umask > new/umask && env > new/env && ls / > new/list
USER 7
LABEL b=2 a=1
"""
FILES = ["d/f", "d/empty", "umlaut-\u00e4", "Z", "a", "b.txt"]


def make_context(folder: Path, names: list[str], stamp: int) -> None:
    """The same files, made in this order, all of this time."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"text of {name}")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "packed.tar").write_bytes(archive([member("in", data=b"x", mtime=EPOCH + 5)]))
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (stamp, stamp))


def realrun(*words: str, cwd: Path, umask: int, env: dict[str, str]) -> str:
    done = subprocess.run(
        [*COMMAND, *words], cwd=cwd, umask=umask, env=os.environ | env, capture_output=True,
        text=True, timeout=HANG_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def built(folder: Path, cwd: Path, umask: int, env: dict[str, str], *more: str) -> dict[str, Any]:
    """What can be said of the image in a ROOT of its own: ids, digests, the whole archive."""
    share_tools(folder / "root")
    env = {"REALRUN_ROOT": str(folder / "root"), **env}
    how: dict[str, Any] = {"cwd": cwd, "umask": umask, "env": env}
    realrun("base", "busybox", **how)
    context = os.path.relpath(folder / "context", cwd)
    image_id = realrun("build", "-q", "-t", "same", *more, context, **how).strip()
    realrun("save", "-o", str(folder / "saved"), "--format", "oci", "same", **how)
    (document,) = json.loads(realrun("inspect", "same", **how))
    saved = hashlib.sha256((folder / "saved").read_bytes()).hexdigest()
    return {"id": image_id, "document": document, "saved": saved}


def next_second() -> int:
    """Wait until the clock shows another second, so that nothing is equal by chance."""
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(0.01)
    return now + 1


@pytest.mark.parametrize("by", ["environment", "argument"])
def test_the_same_context_gives_the_same_digests(tmp_path: Path, by: str):
    first, second = tmp_path / "one", tmp_path / "another/deeper/place"
    env, more = {"SOURCE_DATE_EPOCH": str(EPOCH)}, []
    if by == "argument":
        env, more = {}, ["--build-arg", f"SOURCE_DATE_EPOCH={EPOCH}"]
    make_context(first / "context", FILES, EPOCH + 100)
    one = built(
        first, tmp_path, 0o022, {**env, "LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "1"}, *more
    )
    stamp = next_second()
    make_context(second / "context", FILES[::-1], stamp)
    other_env = {"LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "2", "LANG": "de_DE"}
    assert built(second, second, 0o077, env | other_env, *more) == one
    assert one["document"]["Created"] == "2017-07-14T02:40:00Z"


def test_files_older_than_the_epoch_keep_their_times(tmp_path: Path):
    """The time of an old file is a part of the context; what is younger gets the epoch's."""
    found = []
    for stamp in (EPOCH - 100, EPOCH - 200):
        folder = tmp_path / str(stamp)
        make_context(folder / "context", FILES, stamp)
        found.append(built(folder, tmp_path, 0o022, {"SOURCE_DATE_EPOCH": str(EPOCH)})["id"])
    assert found[0] != found[1]
