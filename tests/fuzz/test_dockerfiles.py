"""Dockerfiles, built: whatever they say, an image or one line with the place, and nothing left."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from realrun.build import lines, parser
from realrun.errors import DockerfileError
from realrun.files.remove import remove_tree
from tests.fuzz.rules import answered, examples, nothing_half_made
from tests.realrun.build.workshop import Workshop
from tests.realrun.trees import archive, member, names

GOLDEN = [path.read_bytes() for path in sorted(Path("tests/dockerfiles").glob("*/Dockerfile"))]
WORDS = st.sampled_from(
    "a b/ sub sub/ . .. / /x link out arc.tar *.tar s?b ** [a-b] [a $x ${x:-y} ${x ${x#*} \\ \\$x "
    '"q q" \'q\' = a=b a= x=${x} =b ["a","b"] ["a" ["\\ud800"] -- --from=0 --from=base --from=x '
    "--chown=1:2 --chown=root --chown=99999999999 --chmod=0777 --chmod=u+s --chmod=9 --exclude=a* "
    "--parents --link --checksum=x --interval=1s --retries=9 --interval=1e9h CMD NONE <<E E 80/tcp "
    "70000 1-5 SIGTERM 9 root nobody:x 1:1 ../../../../etc/passwd /proc/self/root \xe9 # AS scratch"
    .split(" ")
)  # fmt: skip
KINDS = st.sampled_from(
    "COPY ADD ENV ARG LABEL CMD ENTRYPOINT ONBUILD HEALTHCHECK SHELL EXPOSE USER WORKDIR VOLUME "
    "STOPSIGNAL MAINTAINER FROM RUN".split()
)
STEPS = st.tuples(KINDS, st.lists(st.one_of(WORDS, WORDS, st.text(max_size=4)), max_size=5)).map(
    lambda step: " ".join((step[0], *step[1]))
)
TEXTS = st.lists(STEPS, max_size=6).map(lambda steps: "\n".join(("FROM base", *steps)))
NINES = "9" * 5000


@contextmanager
def workshop() -> Iterator[Workshop]:
    with tempfile.TemporaryDirectory() as name:
        shop = Workshop(Path(name, "in"))
        shop.folder.mkdir()
        shop.base(files={"etc/passwd": "root:x:0:0::/:\nnobody:x:7:7::/:\n", "d": "-> /etc"})
        shop.files({"a": "A", "b": "B", "sub/c": "C", "sub/deep/d": "D", "link": "-> sub",
                    "out": "-> ../../../../../../../etc"})  # fmt: skip
        (shop.context / "arc.tar").write_bytes(archive([member("d/in", data=b"x"), member("a")]))
        yield shop
        remove_tree(shop.folder)


@examples(40)
@given(TEXTS)
@example(f"FROM base\nHEALTHCHECK --retries={NINES} CMD a")
@example(f"FROM base\nHEALTHCHECK --interval={NINES}h CMD a")
@example(f"FROM base\nRUN {NINES}<<E\nE")
@example(f"FROM base\nEXPOSE {NINES}")
@example(f"FROM base\nCOPY --chown={NINES} a /")
@example(f"FROM base\nRUN --mount=type=tmpfs,target=/t,size={NINES} true")
@example('FROM base\nCMD ["\\ud800"]\nCOPY a /')
@example('FROM base\nENV a="\\ud800"\nLABEL a=b')
@example("FROM base\nCOPY out/passwd /")
@example("FROM base\nCOPY a /" + "d/" * 3000)
@example("FROM base\nCOPY a /" + "n" * 300)
@example("FROM base\nWORKDIR " + "d/" * 1500 + "\nCOPY . .")
@example("FROM base\nUSER a\0b")
@example("FROM base\nENV a=$" + "{a:-" * 2000)
@example("FROM base AS x\nFROM x\nCOPY --from=x / /y\nCOPY --from=0 / /")
def test_a_build_ends_in_an_image_or_with_a_line_of_the_dockerfile(text: str):
    with workshop() as shop, answered():
        try:
            shop.build(text)
        finally:
            nothing_half_made(shop.store.root)
            assert names(shop.folder.parent)[0] == "in"
            assert not (Path(shop.folder) / "x").exists()


@examples(300)
@given(st.sampled_from(GOLDEN), st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=3))))
def test_a_dockerfile_with_bytes_changed_parses_or_names_a_line(data: bytes, changes):
    for at, new in changes:
        place = at % (len(data) + 1)
        data = data[:place] + new + data[place + len(new) :]
    with answered() as refused:
        parser.parse(lines.read(data, "Dockerfile"))
    for error in refused:
        assert isinstance(error, DockerfileError)
        assert 1 <= error.line <= data.count(b"\n") + 1
