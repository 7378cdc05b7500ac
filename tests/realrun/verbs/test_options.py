"""Values of options: what they mean, and which are refused by name, value and rule."""

from __future__ import annotations

import argparse
from argparse import Namespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realrun import engine
from realrun.console import wishes as wishing
from realrun.console.options import counts, settings, size_bytes
from realrun.errors import UsageError
from realrun.runtime import limitwords
from realrun.usage import parser


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
    [
        ("1", 1),
        ("7b", 7),
        ("2k", 2048),
        ("64m", 64 << 20),
        ("3G", 3 << 30),
        (" 1m ", 1 << 20),
        ("1.5g", 3 << 29),
        ("1T", 1 << 40),
        ("64 MiB", 64 << 20),
        ("2kb", 2048),
        ("0.5k", 512),
    ],
)
def test_sizes_have_dockers_units(text, expected):
    assert size_bytes(text, "--memory") == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("1", (1,)), ("4,1,2,2", (1, 2, 4)), ("8, 2", (2, 8))]
)
def test_numbers_of_instances_come_in_rising_order(text, expected):
    assert counts(text, "--n") == expected


@pytest.mark.parametrize(("text", "milli"), [("1", 1000), ("0.5", 500), ("1.5", 1500), ("4", 4000)])
def test_processors_are_counted_in_thousandths(text, milli):
    assert limitwords.cpu_milli(text, 4) == milli


WRONG = {
    size_bytes: [
        "",
        "0",
        "0m",
        "-1",
        "1.5.5g",
        "m",
        "1x",
        "64  m",
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


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "nan", "inf", "-inf", "x", "1,5", "4.1", "9" * 5000, "²"]
)
def test_a_wrong_number_of_processors_is_refused(text):
    """The empty one means that there is no limit, and never gets here."""
    with pytest.raises(UsageError, match="--cpus"):
        limitwords.cpu_milli(text, 4)


anything = st.text(st.sampled_from("0123456789kmgb,.-+eE ²٣\n="), max_size=8)


@given(anything)
def test_any_text_is_a_value_or_a_refusal(text):
    """Never another error."""
    for read in (
        lambda t: size_bytes(t, "-m"),
        lambda t: counts(t, "--n"),
        lambda t: limitwords.cpu_milli(t, 4),
    ):
        try:
            assert read(text)
        except UsageError:
            continue


def parsed(*words: str) -> Namespace:
    return parser.parser().parse_args(words)


def test_everything_behind_the_image_is_the_programs():
    """As in Docker: options of ours come before the image."""
    args = parsed("run", "-e", "A=1", "--rm", "image", "ls", "-e", "--isolation", "x", "--help")
    assert args.words == ["ls", "-e", "--isolation", "x", "--help"]
    assert (args.env, args.isolation) == (["A=1"], "container")


def test_wishes_are_what_the_options_say():
    words = "run -m 64m --cpus 1.5 --pids-limit 9 -u 5:6 -w /w --entrypoint /e --hostname h"
    wishes = wishing.wishes(parsed(*words.split(), "--network", "host", "image", "a"))
    assert wishes.limits == {"memory_bytes": 64 << 20, "cpu_milli": 1500, "pids": 9}
    assert (wishes.user, wishes.cwd, wishes.entrypoint) == ("5:6", "/w", "/e")
    assert (wishes.hostname, wishes.network, wishes.words) == ("h", "host", ("a",))
    assert wishing.wishes(parsed("run", "image")) == engine.Wishes()


def wished(*words: str) -> engine.Wishes:
    return wishing.wishes(parsed("run", *words, "image"))


def test_rights_limits_and_mounts_are_wished_for():
    words = "--cap-add NET_ADMIN --cap-drop all --ulimit nofile=64:128 --ulimit core=0"
    wishes = wished(
        *words.split(), "--shm-size=1m", "--read-only", "--init", "-v", "data:/d", "--tmpfs", "/t"
    )
    assert (wishes.cap_add, wishes.cap_drop) == (("NET_ADMIN",), ("all",))
    assert wishes.ulimits == {"nofile": (64, 128), "core": (0, 0)}
    assert (wishes.shm_bytes, wishes.read_only, wishes.init) == (1 << 20, True, True)
    assert [mount.target for mount in wishes.mounts] == ["/d", "/t"]


def test_what_only_a_container_has_is_wished_for_too():
    words = "-l a=1 -l b --stop-signal INT --stop-timeout 3 -i --rm --name n -t"
    wishes = wished(*words.split())
    assert (wishes.labels, wishes.stop_signal) == ({"a": "1", "b": ""}, "INT")
    assert (wishes.stop_timeout_s, wishes.interactive, wishes.auto_remove) == (3, True, True)


def test_h_is_the_host_name_as_in_docker():
    assert wished("-h", "box").hostname == "box"


@pytest.mark.parametrize(
    ("options", "no_new_privileges", "seccomp"),
    [
        ([], False, True),
        (["no-new-privileges"], True, True),
        (["no-new-privileges:true"], True, True),
        (["no-new-privileges=true", "no-new-privileges=false"], False, True),
        (["seccomp=unconfined"], False, False),
        (["seccomp=unconfined", "seccomp=builtin"], False, True),
        (["seccomp:unconfined", "apparmor=unconfined", "label=disable"], False, False),
        (["label:disable"], False, True),
    ],
)
def test_security_options(options, no_new_privileges, seccomp):
    wishes = wished(*(f"--security-opt={option}" for option in options))
    assert (wishes.no_new_privileges, wishes.seccomp) == (no_new_privileges, seccomp)


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("--security-opt seccomp=/no/profile.json", "seccomp=/no/profile.json: No such file"),
        ("--security-opt apparmor=mine", "apparmor profiles are not loaded"),
        ("--security-opt label=type:x", "label profiles are not loaded"),
        ("--security-opt nosuch", "knows no-new-privileges"),
        ("--security-opt no-new-privileges=perhaps", "true or false"),
        ("--ulimit nofile", "NAME=SOFT"),
        ("--ulimit nofile=", "NAME=SOFT"),
        ("--ulimit nosuch=1", "knows core, cpu, data"),
        ("--ulimit nofile=2:1", "above the hard one"),
        ("--ulimit nofile=-1:1", "above the hard one"),
        ("--ulimit nofile=-2", "-1 .none. or a number"),
        ("--ulimit nofile=99999999999999999999", "-1 .none. or a number"),
        ("--stop-signal NOSUCH", "no signal"),
        ("--stop-signal 65", "no signal"),
        ("--stop-signal RTMIN-1", "no signal"),
        ("--env-file /no/such", "--env-file /no/such: No such file"),
        ("--label =x", "--label wants"),
        ("-e =x", "--env wants"),
    ],
)
def test_a_wrong_option_is_refused_with_the_rule(words, rule):
    with pytest.raises(UsageError, match=rule):
        wished(*words.split())


ENV_FILE = (
    b"\xef\xbb\xbf# a comment\n\nA=1\r\n  B = spaces stay \n".replace(b"B =", b"B=")
    + b"C='quoted'\n#D=4\nE=x=y # z\nOUTSIDE\nNOT_THERE\nF=\n\tA=2"
)


def test_a_file_of_variables_by_dockers_rules(monkeypatch, tmp_path):
    """Comments, blanks in front, no quotes, bare names; what -e says comes later and wins."""
    monkeypatch.setenv("OUTSIDE", "ours")
    monkeypatch.delenv("NOT_THERE", raising=False)
    (tmp_path / "env").write_bytes(ENV_FILE)
    env = wished("-e", "F=given", "--env-file", str(tmp_path / "env"), "-e", "NOT_THERE").env
    assert env == {
        "A": "2", "B": " spaces stay ", "C": "'quoted'", "E": "x=y # z", "OUTSIDE": "ours",
        "F": "given", "NOT_THERE": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "rule"),
    [(b"A=1\nB C=1", ":2: expected NAME=VALUE"), (b"=x", ":1: expected"), (b"\xff=1", "not UTF-8")],
)
@pytest.mark.parametrize("option", ["--env-file", "--label-file"])
def test_a_wrong_line_is_named(tmp_path, option, content, rule):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(UsageError, match=rule):
        wished(option, str(tmp_path / "file"))


@pytest.mark.parametrize(
    "words", [["img", "--seed", "7"], ["--seed", "7", "img"], ["--seed", "7", "--json", "img"]]
)
@pytest.mark.parametrize("experiment", ["startup", "storm", "memory"])
def test_the_image_may_stand_before_or_behind_the_options(experiment, words):
    args = parsed("bench", experiment, *words)
    assert (args.experiment, args.image, args.seed) == (experiment, "img", 7)
    assert parsed("bench", experiment).image == "hello"


@pytest.mark.parametrize("number", ["0", "-1", "-5"])
def test_no_limit_of_processes_as_docker_writes_it(number):
    assert wished("--pids-limit", number).limits == {}


def test_a_size_of_nothing_is_the_usual_size():
    assert wished("--shm-size", "0").shm_bytes == engine.Wishes().shm_bytes


def test_a_file_of_labels_by_dockers_rules(tmp_path):
    (tmp_path / "labels").write_text("a=1\nb\n# c\nc=x y\n")
    words = ["-l", "d", "--label-file", str(tmp_path / "labels"), "-l", "a=2"]
    assert wished(*words).labels == {"a": "2", "c": "x y", "d": ""}


def test_a_verb_that_is_declared_alone_has_all_its_options():
    """What is left out for the sake of speed is the others' only."""

    def choices(parser):
        (verbs,) = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
        return verbs.choices

    everybody = choices(parser.parser())
    for name, verb in everybody.items():
        alone = choices(parser.parser(name))
        assert (list(alone), alone[name].format_help()) == ([name], verb.format_help())
    assert list(choices(parser.parser("nosuch"))) == list(everybody)
