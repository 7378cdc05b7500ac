"""Values of options: what they mean, and which are refused by name, value and rule."""

from __future__ import annotations

from argparse import Namespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realrun import cli
from realrun.errors import UsageError
from realrun.verbs import bench, run
from realrun.verbs.options import counts, settings, size_bytes


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], {}),
        (["A=1", "B="], {"A": "1", "B": ""}),
        (["A=x=y z"], {"A": "x=y z"}),
        (["A=1", "A=2"], {"A": "2"}),
        (["FROM_OUTSIDE"], {"FROM_OUTSIDE": "ours"}),
        (["NOT_THERE"], {}),
    ],
)
def test_settings_are_pairs_and_a_bare_name_is_taken_from_outside(monkeypatch, entries, expected):
    monkeypatch.setenv("FROM_OUTSIDE", "ours")
    monkeypatch.delenv("NOT_THERE", raising=False)
    assert settings(entries, "--env") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", 1), ("7b", 7), ("2k", 2048), ("64m", 64 << 20), ("3G", 3 << 30), (" 1m ", 1 << 20)],
)
def test_sizes_have_dockers_units(text, expected):
    assert size_bytes(text, "--memory") == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("1", (1,)), ("4,1,2,2", (1, 2, 4)), ("8, 2", (2, 8))]
)
def test_numbers_of_instances_come_in_rising_order(text, expected):
    assert counts(text, "--n") == expected


@pytest.mark.parametrize(
    ("text", "milli"), [("1", 1000), ("0.5", 500), ("1.5", 1500), ("4096", 4096000)]
)
def test_processors_are_counted_in_thousandths(text, milli):
    assert run.cpu_milli(text) == milli


WRONG = {
    size_bytes: [
        "",
        "0",
        "0m",
        "-1",
        "1.5g",
        "m",
        "1t",
        "64 m",
        "²",
        "٣m",
        "9" * 5000,
        "1e3",
        "nan",
    ],
    counts: ["", "0", "1,,2", "1,", "-1", "a", "1;2", "²", "٣", "1.5", "9" * 5000, "0,1"],
    settings: ["=", "=x", ""],
}


@pytest.mark.parametrize(
    ("read", "text"), [(read, text) for read, texts in WRONG.items() for text in texts]
)
def test_nonsense_is_refused_with_option_and_value(read, text):
    value = [text] if read is settings else text
    with pytest.raises(UsageError, match="--option") as refused:
        read(value, "--option")
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "-inf", "x", "1,5", "9" * 5000, "²"])
def test_a_wrong_number_of_processors_is_refused(text):
    """The empty one means that there is no limit, and never gets here."""
    with pytest.raises(UsageError, match="--cpus"):
        run.cpu_milli(text)


anything = st.text(st.sampled_from("0123456789kmgb,.-+eE ²٣\n="), max_size=8)


@given(anything)
def test_any_text_is_a_value_or_a_refusal(text):
    """Never another error."""
    for read in (lambda t: size_bytes(t, "-m"), lambda t: counts(t, "--n"), run.cpu_milli):
        try:
            assert read(text)
        except UsageError:
            continue


def parsed(*words: str) -> Namespace:
    return cli.parser().parse_args(words)


def test_everything_behind_the_image_is_the_programs():
    """As in Docker: options of ours come before the image."""
    args = parsed("run", "-e", "A=1", "--rm", "image", "ls", "-e", "--isolation", "x", "--help")
    assert args.words == ["ls", "-e", "--isolation", "x", "--help"]
    assert (args.env, args.isolation) == (["A=1"], "container")


def test_wishes_are_what_the_options_say():
    words = "run -m 64m --cpus 1.5 --pids-limit 9 -u 5:6 -w /w --entrypoint /e --hostname h"
    wishes = run.wishes(parsed(*words.split(), "--network", "host", "image", "a"))
    assert wishes.limits == {"memory_bytes": 64 << 20, "cpu_milli": 1500, "pids": 9}
    assert (wishes.user, wishes.cwd, wishes.entrypoint) == ("5:6", "/w", "/e")
    assert (wishes.hostname, wishes.network, wishes.words) == ("h", "host", ("a",))
    assert run.wishes(parsed("run", "image")).limits == {}


@pytest.mark.parametrize(
    "words", [["img", "--seed", "7"], ["--seed", "7", "img"], ["--seed", "7", "--json", "img"]]
)
@pytest.mark.parametrize("experiment", ["startup", "storm", "memory"])
def test_the_image_may_stand_before_or_behind_the_options(experiment, words):
    args = parsed("bench", experiment, *words)
    assert (args.experiment, args.image, args.seed) == (experiment, "img", 7)
    assert parsed("bench", experiment).image == "hello"


@pytest.mark.parametrize("option", ["--runs", "--guest-runs"])
@pytest.mark.parametrize("number", ["0", "-3"])
def test_no_runs_are_no_measurement(option, number):
    with pytest.raises(UsageError, match="above 0"):
        bench.experiment(parsed("bench", "startup", option, number))
