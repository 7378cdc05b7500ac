"""ps: which containers it lists, and in which words. Nothing runs here but what a test says."""

from __future__ import annotations

import json
import re

import pytest

from realrun.containers.creating import create
from realrun.containers.logs import now
from realrun.containers.record import EXITED, RUNNING, State
from realrun.containers.registry import Registry
from realrun.engine import Wishes
from realrun.image import Store
from realrun.runtime.spec import Mount
from tests.realrun.image.stores import add
from tests.realrun.stage import cli

NAMES = "{{.Names}}"


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Three containers in the order of their making: `ran` (exit code 3), `runs`, `new`."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "root"))
    add(Store(), "base", {"a": "12345"})
    add(Store(), "child", {"a": "12345"}, {"b": "1"}, Labels={"from": "image"})
    one = Registry(Store().root)
    volume = Mount("volume", "data", "/data")
    bind = Mount("bind", str(tmp_path), "/doc", True)
    ran = create(one, "base", Wishes(words=("sh", "-c", "echo 'a b'; exit 3")), "ran")
    one.write_state(ran, State(EXITED, 0, now(), now(), 3))
    runs = create(one, "child", Wishes(words=("sleep", "5"), mounts=(volume, bind)), "runs")
    one.write_state(runs, State(RUNNING, 1, now()))
    create(one, "child", Wishes(words=("x",), labels={"k": "v", "a.b-c": "2"}), "new")
    (one.root / "instances" / runs.id).mkdir(parents=True)
    with one.watching(runs):
        yield one


def ps(*args):
    """The lines of `ps`, which must succeed."""
    done = cli("ps", *args)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def words(line):
    """The columns, whatever the time has come to be meanwhile."""
    span = "Less than a second|About a minute|[0-9]+ (?:second|minute)s?"
    return re.split("   +", re.sub(span, "MOMENT", line))


def test_the_table_is_dockers(registry):
    new, runs, ran = (one.id[:12] for one in registry.all())
    lines = ps("-a")
    assert lines[0].split() == "CONTAINER ID IMAGE COMMAND CREATED STATUS PORTS NAMES".split()
    command = "\"sh -c 'echo 'a b'; …\""
    assert [words(line) for line in lines[1:]] == [
        [new, "child", '"x"', "MOMENT ago", "Created", "new"],
        [runs, "child", '"sleep 5"', "MOMENT ago", "Up MOMENT", "runs"],
        [ran, "base", command, "MOMENT ago", "Exited (3) MOMENT ago", "ran"],
    ]
    assert [words(line) for line in ps()[1:]] == [words(lines[2])]
    names = zip(lines[1:], ("new", "runs", "ran"), strict=True)
    assert [line.rindex(name) for line, name in names] == [lines[0].index("NAMES")] * 3
    assert ps("-aq") == [new, runs, ran]


@pytest.mark.parametrize(
    ("args", "names"),
    [
        ("", "runs"),
        ("-a", "new runs ran"),
        ("-n 2", "new runs"),
        ("-n 0", "runs"),
        ("-l", "new"),
        ("-a -f name=r", "runs ran"),
        ("-a -f name=^/ran$", "ran"),
        ("-a -f name=ran -f name=new", "new ran"),
        ("-f name=ran", ""),
        ("-f status=exited", "ran"),
        ("-f status=created -f status=running", "new runs"),
        ("-a -f exited=3", "ran"),
        ("-a -f exited=0", ""),
        ("-a -f label=k", "new"),
        ("-a -f label=k=v -f label=from=image", "new"),
        ("-a -f label=k=other", ""),
        ("-a -f ancestor=child", "new runs"),
        ("-a -f ancestor=base", "new runs ran"),
        ("-a -f ancestor=nosuch", ""),
        ("-a -f volume=data", "runs"),
        ("-a -f volume=/doc", "runs"),
        ("-a -f since=runs", "new"),
        ("-a -f before=new -f name=ran", "ran"),
        ("-a -f network=host", ""),
        ("-a -f isolation=container -n 1", "new"),
        ("-a -f name=(", ""),
    ],
)
def test_what_is_listed(registry, args, names):
    assert ps(*args.split(), "--format", NAMES) == names.split()


def test_an_id_will_do_to_find_it(registry):
    ran = registry.find("ran")
    assert ps("-a", "-f", f"id={ran.id[:20]}", "--no-trunc", "-q") == [ran.id]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ("-f name", 125, "--filter wants KEY=VALUE; got 'name'"),
        ("-f nosuch=1", 1, "--filter knows ancestor, before"),
        ("-f status=up", 1, "--filter status is one of created,"),
        ("-f exited=x", 1, "--filter exited wants an exit code"),
        ("-f since=nosuch", 1, "no such container: 'nosuch'"),
        ("--format {{.Nope}}", 1, "there is no such field; there are Command, CreatedAt"),
        ("--format {{.ID", 1, "}} is missing"),
    ],
)
def test_what_makes_no_sense_is_told(registry, args, code, said):
    done = cli("ps", *args.split())
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert said in done.stderr


def test_formats(registry, tmp_path):
    told = json.loads(ps("--format", "json")[0])
    assert list(told) == sorted(told)
    assert told["Mounts"] == f"data,{str(tmp_path)[:14]}…"
    assert (told["LocalVolumes"], told["Networks"], told["Size"]) == ("1", "none", "0B")
    assert (told["Labels"], told["State"], told["Isolation"]) == (
        "from=image",
        "running",
        "container",
    )
    rows = ps("-a", "--format", r'table {{.Label "a.b-c"}}\t{{upper .Names}}\t{{.Isolation}}')
    assert rows[:2] == ["b c       NAMES     ISOLATION", "2         NEW       container"]
    assert ps("--format", r"{{.Names}}\t{{.State}}\n-") == ["runs\trunning", "-"]
    assert ps("-l", "--format", "raw")[2:4] == ['command: "x"', ps("-l", "--format",
              "created_at: {{.CreatedAt}}")[0]]  # fmt: skip
    assert ps("-q", "--format", NAMES) == ["runs"]


def test_sizes_are_those_of_files_written_and_of_the_image(registry):
    runs = registry.find("runs")
    (registry.path(runs.id) / "upper" / "made").write_text("x" * 2000)
    assert ps("-s")[1].endswith("   runs      2kB (virtual 2.01kB)")
    assert ps("--format", "{{.Size}}") == ["2kB (virtual 2.01kB)"]


def test_an_image_that_lost_its_name_is_shown_by_its_id(registry):
    """Docker does so as soon as the name means another image."""
    Store().tag("base", "child")
    image_id = registry.find("runs").image_id
    assert ps("--format", "{{.Image}}") == [image_id[7:19]]
    assert ps("--format", "{{.Image}}", "--no-trunc") == [image_id]
