"""RUN --mount: what is understood, what counts for the cache, what the container would get."""

from __future__ import annotations

import fcntl
import os
import re
import stat
from pathlib import Path

import pytest

from realrun.build import Job, cache, cachedirs
from realrun.build.mountwords import fields_of, understood
from realrun.build.words import WordError
from realrun.errors import DockerfileError
from tests.realrun.build.workshop import AtOnce, Workshop
from tests.realrun.trees import names

WRONG = {
    "type=ssh": "no type=ssh here",
    "type=volume,target=/x": "can be bind, cache, tmpfs, secret",
    "type=cache": "type=cache needs target",
    "target=/x,sharing=locked": "'sharing' does not go with type=bind",
    "type=cache,target=/x,required": "'required' does not go",
    "type=cache,target=/x,sharing=no": "shared, private, locked",
    "type=cache,target=/x,mode=9": "not octal",
    "type=cache,target=/x,uid=-1": "not a number of a user",
    "type=cache,target=/x,ro,rw": "exclude each other",
    "type=tmpfs,target=/x,size=big": "wants a size",
    "type=secret": "needs id=NAME",
    "target": "wants KEY=VALUE; got 'target'",
    "from=$x,target=/y": "takes no variable",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_mount_that_makes_no_sense_is_refused_when_it_is_read(shop: Workshop, text: str):
    with pytest.raises(DockerfileError, match=f"Dockerfile:2: --mount.*{re.escape(WRONG[text])}"):
        shop.build(f"FROM base\nRUN --mount={text} x")
    assert shop.events == []


def test_a_variable_is_looked_at_when_it_has_its_value(shop: Workshop):
    text = "FROM base\nARG a\nRUN --mount=type=cache,target=/x,mode=$a x"
    shop.build(text, build_args={"a": "711"})
    with pytest.raises(DockerfileError, match="Dockerfile:3: --mount: mode is 'no'"):
        shop.build(text, build_args={"a": "no"})


def test_defaults_and_other_names_for_the_keys():
    same = (
        "type=bind,source=a,target=/t,readonly=true",
        "src=a,dst=/t",
        "source=a,destination=/t,ro",
    )
    assert len({understood(fields_of(text)) for text in same}) == 1
    assert not understood(fields_of("target=/t,rw")).read_only
    assert understood(fields_of('type=cache,"target=/a,b"')).target == "/a,b"
    secret = understood(fields_of("type=secret,target=/x/tok"))
    assert (secret.id, secret.mode, secret.required) == ("tok", 0o400, False)
    assert understood(fields_of("type=tmpfs,target=/t,size=2m")).size_bytes == 2 << 20
    with pytest.raises(WordError):
        understood({"type": "ssh"})


class Looking:
    """Carries out every job at once and shows what it would have mounted."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.seen: list[dict[str, object]] = []

    def __call__(self, job: Job) -> int:
        self.jobs.append(job)
        for mount in job.mounts:
            path = Path(mount.source)
            files = names(path) if path.is_dir() else path.read_bytes() if mount.source else b""
            mode = stat.S_IMODE(path.stat().st_mode) if mount.source else 0
            self.seen.append({"at": mount.target, "files": files, "mode": oct(mode),
                              "read_only": mount.read_only, "options": mount.options})  # fmt: skip
        return 0


@pytest.fixture
def looking() -> Looking:
    return Looking()


def look(shop: Workshop, looking: Looking, mount: str, before: str = "", **options) -> dict:
    looking.seen.clear()
    runner = AtOnce(looking)
    shop.build(
        f"FROM base\n{before}\nRUN --mount={mount} x", runner=runner, no_cache=True, **options
    )
    (seen,) = looking.seen
    return seen


def test_a_bind_shows_what_copy_would_bring(shop: Workshop, looking: Looking):
    shop.files({"f": "x", "d/in": "y", "left/out": "z", "Dockerfile.dockerignore": "left"})
    (shop.context / "d").chmod(0o711)
    (shop.folder / "Dockerfile.dockerignore").write_text("left")
    found = look(shop, looking, "target=/src")
    assert found["files"] == ["Dockerfile.dockerignore", "d", "d/in", "f"]
    assert (found["at"], found["read_only"]) == ("/src", True)
    found = look(shop, looking, "source=d,target=src,rw", before="WORKDIR /w")
    assert (found["at"], found["files"], found["mode"]) == ("/w/src", ["in"], "0o711")
    assert not found["read_only"]
    assert look(shop, looking, "src=f,dst=/f")["files"] == b"x"
    with pytest.raises(DockerfileError, match="'/none' is not there"):
        look(shop, looking, "src=none,dst=/x")
    with pytest.raises(DockerfileError, match="on the root directory"):
        look(shop, looking, "dst=/x/..")


def test_a_bind_from_a_stage_or_an_image(shop: Workshop, looking: Looking):
    shop.base("tool", {"bin/tool": "T"})
    assert look(shop, looking, "from=tool,source=/bin,target=/t")["files"] == ["tool"]
    text = "FROM base AS One\nRUN write made it\nFROM base\nRUN --mount=from=one,target=/o x"
    runner = AtOnce(lambda job: looking(job) if job.mounts else shop.run_step(job))
    looking.seen.clear()
    shop.build(text, runner=runner)
    assert looking.seen[0]["files"] == ["etc", "etc/base", "made"]
    with pytest.raises(DockerfileError, match="from=none: no such stage"):
        look(shop, looking, "from=none,target=/t")


def test_the_content_of_a_bind_counts_for_the_cache(shop: Workshop):
    shop.files({"d/f": "1", "other": "1"})
    text = "FROM base\nRUN --mount=source=d,target=/d x"
    shop.build(text)
    shop.files({"other": "2"})
    shop.build(text)
    assert shop.cached() == [True]
    shop.files({"d/f": "2"})
    shop.build(text)
    assert shop.cached() == [False]
    assert any("changed: the mounts" in event.text for event in shop.events)


def test_of_a_cache_the_name_counts_and_not_what_is_in_it(shop: Workshop):
    text = "FROM base\nRUN --mount=type=cache,target=/c,id=a x"
    shop.build(text)
    (path,) = (shop.store.root / "cache/mounts").glob("*/0")
    (path / "new").touch()
    shop.build(text)
    assert shop.cached() == [True]
    shop.build(text.replace("id=a", "id=b"))
    assert shop.cached() == [False]


def test_a_cache_is_found_again_until_it_is_pruned(shop: Workshop, looking: Looking):
    mount = "type=cache,target=/c,mode=711"
    for expected in ([], ["new"], ["new"]):
        found = look(shop, looking, mount)
        assert (found["files"], found["mode"]) == (expected, "0o711")
        (Path(looking.jobs[-1].mounts[0].source) / "new").touch()
    assert look(shop, looking, "type=cache,target=/x,id=/c")["files"] == ["new"]
    assert look(shop, looking, "type=cache,target=/x")["files"] == []
    gone = cache.prune(shop.store)
    assert len([name for name in gone if name.startswith("cache/mounts/")]) == 2
    assert look(shop, looking, mount)["files"] == []


def test_a_cache_may_start_from_an_image(shop: Workshop, looking: Looking):
    mount = "type=cache,target=/c,from=base,source=etc"
    assert look(shop, looking, mount)["files"] == ["base"]
    (Path(looking.jobs[-1].mounts[0].source) / "new").touch()
    assert look(shop, looking, mount)["files"] == ["base", "new"]
    with pytest.raises(DockerfileError, match="needs from="):
        look(shop, looking, "type=cache,target=/c,source=etc")


def taken(shop: Workshop, sharing: str) -> cachedirs.CacheDirectory:
    def make() -> Path:
        path = shop.folder / f"made-{os.urandom(4).hex()}"
        path.mkdir()
        return path

    folder = cachedirs.place(shop.store.root, "id", "")
    return cachedirs.CacheDirectory(shop.store.root, folder, sharing, make)


def test_who_waits_for_whom(shop: Workshop):
    first, second = taken(shop, "shared"), taken(shop, "shared")
    assert first.try_to_take()
    assert second.try_to_take()
    assert first.path == second.path
    locked, private, other = (taken(shop, how) for how in ("locked", "private", "private"))
    assert not locked.try_to_take()
    assert private.try_to_take()
    assert other.try_to_take()
    assert len({first.path, private.path, other.path}) == 3
    assert list(cachedirs.prune(shop.store.root)) == []
    for one in (first, second):
        one.let_go()
    assert locked.try_to_take()
    for one in (locked, private, other):
        one.let_go()
    assert len(list(cachedirs.prune(shop.store.root))) == 3


def test_a_build_waits_for_a_locked_cache(shop: Workshop, looking: Looking):
    """Somebody holds it when the build comes to it, and lets go when it is asked again."""
    shop.build("FROM base\nRUN --mount=type=cache,target=/c,sharing=locked x")
    (path,) = (shop.store.root / "cache/mounts").glob("*/0")
    fd = os.open(path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    asked = []

    def try_to_take(self: cachedirs.CacheDirectory) -> bool:
        asked.append(answer := original(self))
        if not answer:
            fcntl.flock(fd, fcntl.LOCK_UN)
        return answer

    original = cachedirs.CacheDirectory.try_to_take
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cachedirs.CacheDirectory, "try_to_take", try_to_take)
        look(shop, looking, "type=cache,target=/c,sharing=locked")
    os.close(fd)
    assert asked == [False, True]


def test_one_cache_at_two_places(shop: Workshop, looking: Looking):
    mount = "type=cache,id=a,sharing=locked,target="
    shop.build(f"FROM base\nRUN --mount={mount}/x --mount={mount}/y x", runner=AtOnce(looking))
    first, second = looking.jobs[0].mounts
    assert first.source == second.source


def test_a_secret_is_seen_by_the_command_and_by_nobody_else(shop: Workshop, looking: Looking):
    secrets = {"tok": b"hush-hush"}
    found = look(shop, looking, "type=secret,id=tok", secrets=secrets)
    assert found == {"at": "/run/secrets/tok", "files": b"hush-hush", "mode": "0o400",
                     "read_only": True, "options": ()}  # fmt: skip
    found = look(shop, looking, "type=secret,id=tok,dst=x,mode=444", "WORKDIR /w", secrets=secrets)
    assert (found["at"], found["mode"]) == ("/w/x", "0o444")
    runner = AtOnce(looking)
    image = shop.build(
        "FROM base\nRUN --mount=type=secret,id=tok,env=T x", runner=runner, secrets=secrets
    )
    assert (looking.jobs[-1].env["T"], list(looking.jobs[-1].mounts)) == ("hush-hush", [])
    kept = [path.read_bytes() for path in shop.store.root.rglob("*") if path.is_file()]
    assert not any(b"hush" in data for data in kept)
    assert "hush" not in str(image.document)


def test_another_secret_changes_nothing_for_the_cache(shop: Workshop):
    text = "FROM base\nRUN --mount=type=secret,id=tok x"
    shop.build(text, secrets={"tok": b"1"})
    for secrets in ({"tok": b"2"}, {}):
        shop.build(text, secrets=secrets)
        assert shop.cached() == [True]


def test_a_secret_may_be_required(shop: Workshop, looking: Looking):
    shop.build("FROM base\nRUN --mount=type=secret,id=tok,target=/t x", runner=AtOnce(looking))
    assert list(looking.jobs[-1].mounts) == []
    with pytest.raises(DockerfileError, match="Dockerfile:2: the secret 'tok' is required"):
        shop.build("FROM base\nRUN --mount=type=secret,id=tok,required x")


def test_memory_has_its_size(shop: Workshop, looking: Looking):
    assert look(shop, looking, "type=tmpfs,target=/t,size=1k")["options"] == ("nosuid", "size=1024")
    assert look(shop, looking, "type=tmpfs,target=/t")["options"] == ("nosuid",)


def test_what_was_made_for_mounts_goes_again_if_it_is_empty(shop: Workshop):
    shop.base("full", {"etc/base": "b", "opt/": None})

    def run(job: Job) -> int:
        for name in ("new/deep/a", "opt/b", "etc/c", "kept/d"):
            (job.upper / name).mkdir(parents=True)
        (job.upper / "kept/other").touch()
        (job.upper / "etc/real").write_text("r")
        (job.upper / "file").touch()
        return 0

    mounts = " ".join(f"--mount=type=tmpfs,target=/{name}"
                      for name in ("new/deep/a", "opt/b", "etc/c", "kept/d", "file"))  # fmt: skip
    image = shop.build(f"FROM full\nRUN {mounts} x", runner=AtOnce(run))
    assert names(image.layers[-1]) == ["etc", "etc/real", "kept", "kept/other"]


def test_the_sandbox_stays_closed(shop: Workshop):
    shop.build("FROM base\nRUN --security=sandbox x")
    with pytest.raises(DockerfileError, match="--security=insecure is not allowed here"):
        shop.build("FROM base\nRUN --security=insecure x")
