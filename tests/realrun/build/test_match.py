"""Patterns for names, as Go matches them, and .dockerignore."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realrun.build.match import BadPattern, compiled, ignored, read_rules

# From the rules of Go's filepath.Match: pattern, name, matches?
MATCHES = [
    ("abc", "abc", True), ("*", "abc", True), ("*c", "abc", True), ("a*", "a", True),
    ("a*", "abc", True), ("a*", "ab/c", False), ("a*/b", "abc/b", True), ("a*/b", "a/c/b", False),
    ("ab[c]", "abc", True), ("ab[b-d]", "abc", True), ("ab[e-g]", "abc", False),
    ("ab[^c]", "abc", False), ("ab[^b-d]", "abc", False), ("ab[^e-g]", "abc", True),
    ("a\\*b", "a*b", True), ("a\\*b", "ab", False), ("a?b", "aéb", True), ("a???b", "a☺b", False),
    ("a[^a][^a][^a]b", "a☺b", False), ("[a-ζ]*", "α", True), ("*[a-ζ]", "A", False),
    ("a?b", "a/b", False), ("a*b", "a/b", False), ("[\\]a]", "]", True), ("[\\-]", "-", True),
    ("[x\\-]", "x", True), ("[x\\-]", "z", False), ("[\\-x]", "a", False), ("*x", "xxx", True),
    ("a[^x]b", "a/b", True), ("[a", None, False), ("[]a]", None, False), ("[-]", None, False),
    ("[x-]", None, False), ("[-x]", None, False), ("[a-b-c]", None, False), ("[", None, False),
    ("[^", None, False), ("[^bc", None, False), ("a[", None, False), ("a\\", None, False),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "name", "wanted"), MATCHES)
def test_names_match_as_in_go(pattern: str, name: str | None, wanted: bool):
    if name is None:
        with pytest.raises(BadPattern):
            compiled(pattern)
    else:
        assert bool(compiled(pattern).fullmatch(name)) == wanted


# Rules, a path, left out?
IGNORES = [
    ("*.md", "README.md", True), ("*.md", "docs/a.md", False), ("**/*.md", "docs/a.md", True),
    ("**/*.md", "a.md", True), ("docs", "docs/a.md", True), ("docs/", "docs/a.md", True),
    ("/docs", "docs", True), ("docs/**", "docs/a/b", True), ("docs/**", "docs", False),
    ("**", "any/thing", True), ("*", "any/thing", True), ("a/**/z", "a/z", True),
    ("a/**/z", "a/b/c/z", True), ("temp?", "tempa", True), ("temp?", "temp", False),
    ("*\n!keep", "keep", False), ("*\n!keep", "drop", True), ("!keep\n*", "keep", True),
    ("docs\n!docs/a.md", "docs/a.md", False), ("docs\n!docs/a.md", "docs/b.md", True),
    ("*.md\n!R*.md\nREADME-secret.md", "README-secret.md", True),
    ("*.md\n!R*.md\nREADME-secret.md", "README.md", False),
    ("# no\n\n  spaces  ", "spaces", True), (" #yes", "#yes", True), ("./a/../b", "b", True),
    # What Docker 20.10 says, with both of its builders.
    ("a[^x]b", "a/b", True), ("a[.-0]b", "a/b", True), ("a[/]b", "a/b", True),
    ("a**b", "a/b", True),
    ("a**b", "a/x/b", True), ("**[^a]", "a/b", True), ("**b", "a/b", True), ("*/**", "a/b", True),
    ("*/**", "ab", False), ("../c", ".c", False), ("a//b", "a/b", True), ("\\#ab", "ab", False),
    ("a/b/c", "a/b", False), ("[ab].txt", "a.txt", True), ("\ufeffa", "a", True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "wanted"), IGNORES)
def test_dockerignore(text: str, path: str, wanted: bool):
    assert ignored(path, read_rules(text)) == wanted


@pytest.mark.parametrize("text", ["!", "a\n! ", "a\n[", "b\\", "[b-a]"])
def test_a_rule_that_makes_no_sense_names_its_line(text: str):
    with pytest.raises(BadPattern, match=f"line {text.count(chr(10)) + 1}"):
        read_rules(text)


@given(st.text(st.sampled_from("ab*?[]^-\\/!"), max_size=12), st.text("ab/", max_size=8))
def test_any_pattern_answers_or_is_refused(pattern: str, path: str):
    try:
        found = ignored(path, read_rules(pattern))
    except BadPattern as error:
        found = str(error)
    assert found in (True, False) or str(found).startswith("line 1: ")
