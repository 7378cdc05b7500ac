"""What the cache knows again, and what makes it forget."""

from __future__ import annotations

import os

import pytest

from realrun.build import cache
from tests.realrun.build.workshop import Workshop

TEXT = "FROM base\nWORKDIR /w\nCOPY a d/ .\nRUN write x $v\n"


@pytest.fixture
def built(shop: Workshop) -> Workshop:
    shop.files({"a": "A", "d/b": "B", "unused": "U"})
    shop.build(TEXT, tags=["first"])
    assert shop.cached() == [False, False, False]
    return shop


def test_the_same_again_is_all_known_and_the_same_image(built: Workshop):
    before = built.store.resolve("first")
    assert built.build(TEXT).digest == before.digest
    assert built.cached() == [True, True, True]
    assert built.runs == []


KEEP, FROM_COPY, FROM_RUN = [True, True, True], [True, False, False], [True, True, False]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda context: os.utime(context / "a", (1, 1)), KEEP),
        (lambda context: (context / "unused").write_text("other"), KEEP),
        (lambda context: (context / "new").write_text("new"), KEEP),
        (lambda context: (context / "a").write_text("a"), FROM_COPY),
        (lambda context: (context / "a").chmod(0o600), FROM_COPY),
        (lambda context: (context / "d/new").write_text("new"), FROM_COPY),
        (lambda context: (context / "d/b").rename(context / "d/c"), FROM_COPY),
        (lambda context: ((context / "a").unlink(), (context / "a").symlink_to("d/b")), FROM_COPY),
        (lambda context: os.setxattr(context / "a", "user.k", b"v"), FROM_COPY),
    ],
)
def test_changes_of_the_context(built: Workshop, change, wanted):
    """Content, names, kinds and modes count; times and what is not copied do not."""
    change(built.context)
    built.build(TEXT)
    assert built.cached() == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (TEXT.replace("RUN", "LABEL l=1\nCMD x\nRUN"), KEEP),
        (TEXT.replace("RUN", "ENV e=1\nRUN"), FROM_RUN),
        (TEXT.replace("RUN", "USER 1\nRUN"), FROM_RUN),
        (TEXT.replace("RUN", "ARG a=1\nRUN"), FROM_RUN),
        (TEXT.replace("RUN", "ARG a\nRUN"), KEEP),
        (TEXT.replace("RUN", 'SHELL ["sh"]\nRUN'), FROM_RUN),
        (TEXT.replace("write x", "write y"), FROM_RUN),
        (TEXT.replace("a d/ .", "a d/ ./"), KEEP),
        (TEXT.replace("a d/ .", "--chmod=700 a d/ ."), FROM_COPY),
        (TEXT.replace("a d/ .", "--chown=1 a d/ ."), FROM_COPY),
        (TEXT.replace("a d/ .", "d/ a ."), [True, False, True]),  # the same layer comes out
        (TEXT.replace("/w", "/v"), [False, False, False]),
    ],
)
def test_changes_of_the_dockerfile(built: Workshop, text: str, wanted):
    built.build(text)
    assert built.cached() == wanted


def test_arguments_count_from_the_first_run_after_them(shop: Workshop):
    text = "FROM base\nRUN one\nARG a\nRUN two\nARG HTTP_PROXY\nRUN three"
    shop.build(text, build_args={"a": "1"})
    shop.build(text, build_args={"a": "1", "http_proxy": "p", "other": "x"})
    assert shop.cached() == [True, True, True]
    shop.build(text, build_args={"a": "1", "HTTP_PROXY": "p"})
    assert shop.cached() == [True, True, False]
    shop.build(text, build_args={"a": "2"})
    assert shop.cached() == [True, False, False]


def test_no_cache_asks_nothing_but_remembers(built: Workshop):
    built.build(TEXT, no_cache=True)
    assert built.cached() == [False, False, False]
    built.build(TEXT)
    assert built.cached() == [True, True, True]


def test_another_base_is_another_start(built: Workshop):
    built.base("base", {"etc/base": "changed"})
    built.build(TEXT)
    assert built.cached() == [False, False, False]


def test_a_record_without_its_layer_is_a_miss_and_prune_takes_it(built: Workshop):
    assert cache.prune(built.store) == []
    built.store.remove("first")
    built.build(TEXT)
    assert built.cached() == [False, False, False]
    for record in (built.store.root / "cache").iterdir():
        record.write_text("{")
    built.build(TEXT)
    assert built.cached() == [False, False, False]
    (built.store.root / "cache/0.json").write_text("[]")
    assert "cache/0.json" in cache.prune(built.store)
    assert cache.prune(built.store) == []


def test_layers_of_other_stages_are_remembered_too(shop: Workshop):
    text = "FROM base AS one\nRUN write a 1\nFROM scratch\nCOPY --from=one a b"
    shop.build(text)
    shop.build(text)
    assert shop.cached() == [True, True]
    assert len(shop.store.prune()) > 0
    shop.build(text)
    assert shop.cached() == [False, False]


def notes(shop: Workshop) -> list[str]:
    return [event.text for event in shop.events if event.state == "note"]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("RUN one", "RUN two", "RUN two: not in the cache; changed: the command"),
        ("ENV a=1\nRUN x", "ENV a=2\nRUN x",
         "RUN x: not in the cache; changed: the environment (a)"),
        ("USER 1\nRUN x", "USER 2\nRUN x", "RUN x: not in the cache; changed: the user"),
        ("COPY f /a", "COPY f /b", "COPY f /b: not in the cache; changed: the target"),
        ("COPY f /", "COPY --chmod=700 f /",
         "COPY --chmod=700 f /: not in the cache; changed: the owner or the mode"),
        ("WORKDIR /a", "WORKDIR /b", "WORKDIR /b: not in the cache; changed: the path"),
        ("RUN x", "COPY f /\nRUN x", "RUN x: not in the cache; changed: the layers below"),
    ],
)  # fmt: skip
def test_a_miss_says_what_is_new(shop: Workshop, before, after, says):
    shop.files({"f": "1"})
    shop.build(f"FROM base\n{before}")
    assert notes(shop) == []
    shop.build(f"FROM base\n{after}")
    assert notes(shop) == [says]
    shop.build(f"FROM base\n{after}")
    assert notes(shop) == []
    shop.build(f"FROM base\n{after}", no_cache=True)
    assert notes(shop) == []


def test_a_changed_file_is_named_as_the_reason(shop: Workshop):
    shop.files({"f": "1"})
    shop.build("FROM base\nCOPY f /")
    shop.files({"f": "2"})
    shop.build("FROM base\nCOPY f /")
    assert notes(shop) == ["COPY f /: not in the cache; changed: the files"]
