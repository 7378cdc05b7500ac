"""dockerfile parse, dockerfile expand: the parser's eyes, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realrun.build.lines import Line
from realrun.verbs.dockerfile import row_of
from tests.realrun.stage import cli

FILE = """\
# escape=`
FROM busybox AS one
ENV A=1 "B C"='x y'
copy --from=one --chown=1:2 a `
  # not me
  b /there/
RUN <<EOF
echo $A
EOF
CMD ["sh", "-c", "true"]
"""


def test_every_instruction_with_its_lines_flags_words_and_documents(tmp_path: Path):
    path = tmp_path / "Dockerfile"
    path.write_text(FILE)
    told = json.loads(cli("dockerfile", "parse", str(path), "--json").stdout)

    assert (told["escape"], told["directives"]) == ("`", {"escape": "`"})
    rows = told["instructions"]
    seen = [(row["instruction"], row["first_line"], row["last_line"]) for row in rows]
    assert seen == [("FROM", 2, 2), ("ENV", 3, 3), ("COPY", 4, 6), ("RUN", 7, 9), ("CMD", 10, 10)]
    assert [row["words"] for row in rows] == [
        ["busybox", "AS", "one"], ["A=1", "\"B C\"='x y'"], ["a", "b", "/there/"], ["<<EOF"],
        ["sh", "-c", "true"],
    ]  # fmt: skip
    assert rows[2]["flags"] == {"from": "one", "chown": "1:2"}
    assert (rows[3]["form"], rows[4]["form"]) == ("shell", "exec")
    document = {"name": "EOF", "expand": True, "chomp": False, "descriptor": 0}
    assert rows[3]["heredocs"] == [document | {"content": "echo $A\n"}]


def test_the_text_for_people_and_standard_input():
    done = cli("dockerfile", "parse", "-", input=FILE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "    4-6  COPY\n         flag  --from=one\n" in done.stdout
    assert "         <<EOF  'echo $A\\n', expanded\n" in done.stdout


def test_what_a_build_refuses_is_refused_with_its_place(tmp_path: Path):
    path = tmp_path / "Dockerfile"
    path.write_text("FROM a\nENV x\n")
    done = cli("dockerfile", "parse", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"realrun: {path}:2: ENV needs a value")
    assert "cannot read /no/such: No such file" in cli("dockerfile", "parse", "/no/such").stderr


@pytest.mark.parametrize(
    ("word", "env", "becomes"),
    [
        ("${a:-b}", [], "b"),
        ("$a/${b%.*}", ["a=1", "b=x.tar"], "1/x"),
        ("'$a' \"$a\"", ["a=1"], "$a 1"),
        ("\\$a", ["a=1"], "$a"),
    ],
)
def test_a_word_becomes(word: str, env: list[str], becomes: str):
    options = [part for pair in env for part in ("-e", pair)]
    done = cli("dockerfile", "expand", word, *options)
    assert (done.stdout, done.stderr, done.returncode) == (becomes + "\n", "", 0)


def test_a_word_that_is_none_says_why():
    done = cli("dockerfile", "expand", "${a")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "realrun: cannot expand: '${a': missing '}'\n"


@given(st.lists(st.text("abc/._-", min_size=1), min_size=2, max_size=6))
def test_a_list_and_its_words_are_seen_alike(names: list[str]):
    """The JSON form of COPY gives the words that the plain form gives."""
    plain = row_of(Line(1, 1, "COPY x " + " ".join(names)), "\\")
    listed = row_of(Line(1, 1, "COPY " + json.dumps(["x", *names])), "\\")
    assert plain == listed
