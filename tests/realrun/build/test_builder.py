"""The build as a whole: stages, failures that leave nothing, results that repeat."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from realrun.build import Job, build
from realrun.build.progress import Event
from realrun.errors import DockerfileError, RealRunError, UsageError
from realrun.image import Store
from tests.realrun.build.workshop import AtOnce, Workshop, content, files_only
from tests.realrun.trees import names


def test_only_the_stages_that_the_target_needs_are_built(shop: Workshop):
    text = (
        "FROM base AS a\nRUN in a\nFROM base AS unused\nRUN in unused\n"
        "FROM a AS c\nRUN in c\nFROM base AS Last\nCOPY --from=a etc/base /x\nRUN in last\n"
    )
    shop.build(text)
    assert [run["argv"][-1] for run in shop.runs] == ["in a", "in last"]
    for target in ("C", "2"):
        shop.build(text, target=target, no_cache=True)
        assert [run["argv"][-1] for run in shop.runs] == ["in a", "in c"]
    with pytest.raises(UsageError, match="there are: a, unused, c, last"):
        shop.build(text, target="nope")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("FROM base AS a\nCOPY --from=b x y\nFROM base AS b", "Dockerfile:2: .*comes only later"),
        ("FROM base AS a\nCOPY --from=a x y", "Dockerfile:2: .*is this one"),
        ("FROM base\nCOPY --from=1 x y\nFROM base", "Dockerfile:2: .*before this one"),
        ("FROM a\nFROM base AS a", "Dockerfile:1: no image 'a'"),
        ("FROM base AS scratch", "scratch"),
    ],
)
def test_stages_look_back_only(shop: Workshop, text: str, says: str):
    with pytest.raises(DockerfileError, match=says):
        shop.build(text, target="0")


def test_a_stage_inherits_from_its_base_and_nothing_from_copy(shop: Workshop):
    text = (
        "FROM base AS one\nENV a=1\nUSER 5\nWORKDIR /w\nFROM base AS two\n"
        "COPY --from=one etc/base /x\nFROM one\n"
    )
    assert shop.build(text, target="two").config.get("User") is None
    assert shop.build(text).config["User"] == "5"


def test_from_scratch_with_nothing_in_it(shop: Workshop):
    image = shop.build('FROM scratch\nCMD ["x"]', tags=["empty"])
    assert (image.layers, image.diff_ids) == ((), ())
    assert files_only(shop.build("FROM empty\nRUN write a b")) == {"a": "b"}
    assert files_only(shop.build("FROM scratch\nRUN write a b")) == {"a": "b"}


def test_all_tags_are_given(shop: Workshop):
    image = shop.build("FROM base\nRUN x", tags=["one", "two:2", "one"])
    for name in ("one", "two:2"):
        assert shop.store.resolve(name).digest == image.digest
    untagged = shop.build("FROM base\nRUN y")
    assert untagged.reference == "<none>"
    assert shop.store.resolve(untagged.image_id).digest == untagged.digest


def test_events_tell_the_story(shop: Workshop):
    shop.build("FROM base\nENV a=1\nRUN \\\n\n one\nWORKDIR /w")
    blank = "a blank line inside an instruction is skipped"
    told = [(event.state, event.step, event.steps, event.text) for event in shop.events]
    assert told == [
        ("note", 0, 0, f"{shop.folder}/Dockerfile:4: {blank}"),
        ("begin", 1, 3, "FROM base"), ("done", 1, 3, "FROM base"),
        ("begin", 2, 3, "RUN  one"), ("done", 2, 3, "RUN  one"),
        ("begin", 3, 3, "WORKDIR /w"), ("done", 3, 3, "WORKDIR /w"),
    ]  # fmt: skip


def ledger(store: Store) -> list[str]:
    """Everything on the disk below the root."""
    return names(store.root)


def test_a_failing_run_says_how_and_leaves_the_store_as_it_was(shop: Workshop):
    shop.files({"f": "x"})
    before = ledger(shop.store)
    with pytest.raises(DockerfileError) as caught:
        shop.build("FROM base\nCOPY f /\nRUN one\nRUN fail 3 line one\nRUN never", tags=["no"])
    text = str(caught.value)
    assert "Dockerfile:4: 'RUN fail 3 line one' failed: exit code 3" in text
    assert "\n    > line one" in text
    assert text.endswith("    4 | RUN fail 3 line one")
    assert ledger(shop.store) == before
    assert files_only(shop.build("FROM base\nCOPY f /")) == {"etc/base": "base", "f": "x"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, RealRunError("no"), OSError(28, "full")])
def test_an_interrupted_build_leaves_the_store_as_it_was(shop: Workshop, error):
    before = ledger(shop.store)

    def run_step(job: Job) -> int:
        (job.upper / "half").mkdir(0o000)
        (job.upper.parent / "work").mkdir(0o000)
        raise error

    with pytest.raises(error if isinstance(error, type) else type(error)):
        shop.build("FROM base\nWORKDIR /w\nRUN x", runner=AtOnce(run_step))
    assert ledger(shop.store) == before


KILLED = """
import os, sys
from pathlib import Path
from tests.realrun.build.workshop import AtOnce, Workshop
shop = Workshop(Path(sys.argv[1]))
shop.build("FROM base\\nRUN write a b\\nRUN die", runner=AtOnce(lambda _: os.kill(os.getpid(), 9)))
"""


def test_a_killed_build_leaves_only_what_prune_takes(shop: Workshop):
    before = ledger(shop.store)
    done = subprocess.run([sys.executable, "-c", KILLED, str(shop.folder)], check=False)
    assert done.returncode == -9
    new = set(ledger(shop.store)) - set(before)
    assert new
    assert all(name.startswith("tmp/build-") for name in new)
    shop.store.prune()
    assert ledger(shop.store) == before


def test_the_same_context_gives_the_same_digests_anywhere(tmp_path: Path, monkeypatch):
    """Two stores, two clocks, two umasks, another order of files: one digest."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    digests = []
    for number, order in enumerate((1, -1)):
        old = os.umask((0o022, 0o077)[number])
        try:
            shop = Workshop(tmp_path / str(number))
            shop.folder.mkdir()
            shop.base()
            shop.files(dict([("a", "A"), ("d/b", "B"), ("d/c", "C")][::order]))
            for path in shop.context.rglob("*"):
                path.chmod(0o755)
            image = shop.build(
                "FROM base\nWORKDIR /w/x\nCOPY . .\nCOPY <<E /here\nx\nE\n"
                "RUN write made it\nENV a=1"
            )
        finally:
            os.umask(old)
        digests.append(image.digest)
        assert image.created == "2001-09-09T01:46:40Z"
    assert digests[0] == digests[1]


def test_the_context_and_the_dockerfile_have_to_be_there(shop: Workshop, tmp_path: Path):
    options = {"store": shop.store, "runner": AtOnce(shop.run_step)}
    with pytest.raises(UsageError, match="not a folder"):
        build(tmp_path / "nowhere", **options)
    shop.context.mkdir()
    with pytest.raises(UsageError, match=r"Dockerfile \(No such file"):
        build(shop.context, **options)
    (shop.context / "Dockerfile").write_text("FROM base\nFROM\n")
    with pytest.raises(DockerfileError) as caught:
        build(shop.context, **options)
    assert str(caught.value).startswith("Dockerfile:2: FROM needs")
    (shop.context / ".dockerignore").write_text("Dockerfile\n!\n")
    (shop.context / "Dockerfile").write_text("FROM base\n")
    with pytest.raises(UsageError, match=r"\.dockerignore: line 2: a lone !"):
        build(shop.context, **options)
    (shop.context / ".dockerignore").write_text("Dockerfile\n.dockerignore")
    (shop.context / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    assert content(build(shop.context, **options)) == {}


def test_an_event_is_a_value():
    with pytest.raises(AttributeError):
        Event(state="note", step=0, steps=0, text="").text = "x"  # type: ignore[misc]


def test_bytes_that_are_no_text_neither_break_the_build_nor_its_messages(shop: Workshop):
    shop.context.mkdir()
    for label, wrong in ((b"LABEL l=\xff", False), (b"RUN fail 1 \xff", True), (b"\xff\xfe", True)):
        (shop.context / "Dockerfile").write_bytes(b"FROM base\n" + label)
        options = {"store": shop.store, "runner": AtOnce(shop.run_step)}
        if wrong:
            with pytest.raises(DockerfileError) as caught:
                build(shop.context, **options)
            assert str(caught.value).encode()
        else:
            assert build(shop.context, **options).config["Labels"] == {"l": "\ufffd"}


def test_a_pattern_that_nothing_matches_is_told(shop: Workshop):
    shop.build("FROM base\nCOPY nothing* /")
    assert [event.text for event in shop.events if event.state == "note"] == ["COPY nothing* /"]


def test_a_wrong_tag_is_told_before_anything_is_done(shop: Workshop):
    with pytest.raises(UsageError, match="no image name"):
        shop.build("FROM base\nRUN x", tags=["fine", "Not Fine"])
    assert shop.events == []


def test_a_base_without_a_history_is_fine(shop: Workshop):
    """Other tools leave it out; OCI image-spec, config.md: it is optional."""
    base = shop.store.resolve("base")
    document = {"rootfs": {"type": "layers", "diff_ids": list(base.diff_ids)}}
    shop.store.add(document, base.stored, "silent")
    image = shop.build("FROM silent\nRUN write a b")
    assert [step["created_by"] for step in image.history] == ["unknown", "RUN write a b"]
