"""The command line as a user sees it: one line for an error, JSON for programs, nothing odd."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from realrun import doctor
from realrun.guest import tools
from realrun.measure.startup import LIGHT_PER_BLOCK
from realrun.runtime.spec import ISOLATIONS
from tests.realrun.measure.contract import certificate_keys, columns
from tests.realrun.stage import COMMAND, PROJECT, cli

WRONG = [
    ("run nosuch", r"no image 'nosuch' here"),
    ("run UPPER", r"'UPPER' is no image name"),
    ("run --isolation vm hello", r"must be one of process, container, uml, qemu; got 'vm'"),
    ("run --network bridge hello", r"none or host; got 'bridge'"),
    ("run -e =x hello", r"--env wants NAME=VALUE; got '=x'"),
    ("run -m lots hello", r"--memory wants a size .* got 'lots'"),
    ("run --cpus nan hello", r"--cpus wants .* got 'nan'"),
    ("run -w here hello", r"must be absolute; got 'here'"),
    ("run -u nobody-there hello", r"no user 'nobody-there'; use a number or add it"),
    ("run -u ² hello", r"no user '²'"),
    (f"run -u {'9' * 5000} hello", r"no user '9+'"),
    (f"run --hostname {'n' * 65} hello", r"at most 64 bytes"),
    ("run --isolation uml -m 1m hello", r"at least 64m"),
    ("run --isolation process -m 64m hello", r"need container, uml or qemu"),
    ("rmi nosuch", r"no image 'nosuch' here"),
    ("build /no/such/folder", r"/no/such/folder"),
    ("build -t UPPER examples/hello", r"'UPPER' is no image name"),
    ("bench storm --n 0 hello", r"--n wants whole numbers above 0, .* got '0'"),
    ("bench startup --blocks 0 hello", r"above 0"),
    ("bench all --budget 10 hello", r"--budget wants a time such as 90s, 10m or 1h; got '10'"),
    ("bench startup --isolation vm hello", r"got 'vm'"),
    ("bench startup nosuch", r"no image 'nosuch' here"),
    ("fetch vm", r"'vm' is none of busybox"),
]


@pytest.mark.overlay
@pytest.mark.parametrize(("words", "said"), WRONG, ids=[words[:40] for words, _ in WRONG])
def test_an_error_is_one_line_with_the_way_out(root, words, said):
    """On stderr, with Docker's exit code; never a traceback, never half an output."""
    done = cli(*words.split())
    assert done.returncode == (125 if words.startswith("run ") else 1)
    assert done.stdout == ""
    assert re.fullmatch(rf"realrun: .*{said}.*\n", done.stderr), done.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("", 1),
        ("nosuch", 1),
        ("run", 1),
        ("run --nosuch hello", 125),
        ("run --pids-limit x hello", 125),
        ("tag one", 1),
        ("images --nosuch", 125),
        ("images one two", 1),
        ("bench x", 1),
    ],
)
def test_a_wrong_call_is_one_line_with_the_way_out(words, code):
    """Said by the verb whose help it names."""
    done = cli(*words.split())
    verb = " ".join(["realrun", *words.split()[:1]]) if words not in ("", "nosuch") else "realrun"
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert done.stderr.startswith(f"{verb}: ")
    assert done.stderr.endswith(f"; see `{verb} --help`\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [("biuld .", "no verb 'biuld', perhaps 'build'"), ("image tre x", "no action 'tre', perhaps")],
)
def test_a_slip_of_the_keys_is_guessed_at(words, told):
    assert told in cli(*words.split()).stderr


@pytest.mark.parametrize("words", ["run", "build", "image", "image tree", "bench build", "oci run"])
def test_the_help_of_a_verb_begins_with_what_it_does(words):
    """In the words that the list of all verbs has for it."""
    *outer, verb = words.split()
    does = re.search(rf"^ +{verb} +(.*)$", cli(*outer, "--help").stdout, re.MULTILINE)[1]
    told = cli(*words.split(), "--help").stdout
    assert f"\n\n{does[0].upper()}{does[1:]}.\n\n" in told


def test_an_error_of_the_system_is_told_without_its_number():
    done = cli("load", "-i", "/nosuch")
    assert (done.returncode, done.stderr) == (1, "realrun: /nosuch: No such file or directory\n")


@pytest.mark.overlay
def test_a_failed_start_has_dockers_codes(root):
    codes = [cli("run", "hello", word).returncode for word in ("nosuch", "/etc/passwd", "true")]
    assert codes == [127, 126, 0]


@pytest.mark.overlay
@pytest.mark.parametrize("isolation", ["process", "container"])
def test_the_plan_is_printed_before_and_its_costs_after(root, isolation):
    """To stderr: stdout is the program's. Every step is in both, by the same name."""
    done = cli("run", "--explain", "--isolation", isolation, "hello")
    assert done.stdout == "Hello from one image\n"
    plan, costs = done.stderr.split("\nFrom the request")
    count = int(re.search(r"\((\d+) steps\)", plan)[1])
    names = [line[6:].split("  ")[0] for line in plan.splitlines()[1:] if line]
    assert len(names) == count
    assert [name for name in names if name not in costs] == []


@pytest.mark.overlay
def test_the_explanation_as_json(root):
    """The last line of stdout, behind the program's own; names as in the plan, a phase a step."""
    done = cli("run", "--explain", "--json", "hello", "sh", "-c", "echo said; exit 3")
    said, document = done.stdout.splitlines()
    told = json.loads(document)
    assert (said, done.returncode, done.stderr) == ("said", 3, "")
    assert (told["isolation"], told["accelerator"], told["exit_code"]) == ("container", "none", 3)
    names = [step["name"] for step in told["plan"]]
    assert [phase["name"] for phase in told["phases"]] == [*names, "exit", "remove"]
    assert all(set(step) == {"name", "does", "who"} for step in told["plan"])


CLOSED = [
    ("<&-", "0\n", "said\n"),
    (">&-", "", "said\n"),
    ("2>&-", "0\n", ""),
    ("<&- >&- 2>&-", "", ""),
]


@pytest.mark.overlay
@pytest.mark.parametrize(("closed", "out", "err"), CLOSED)
def test_what_the_caller_has_closed_is_empty_or_unheard(root, closed, out, err):
    """And is not taken by the next file that the engine opens."""
    words = [*COMMAND, "run", "--rm", "-i", "hello", "sh", "-c", "wc -c; echo said >&2; exit 3"]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *words],
        stdin=subprocess.DEVNULL, cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (3, out, err)


@pytest.mark.overlay
def test_a_bench_as_json_is_a_table_with_its_certificate(root):
    done = cli("bench", "startup", "--json", "--isolation", "process", "--blocks", "1", "hello")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert ["table", *told["meta"]] == certificate_keys()
    assert told["meta"]["failed"] == []
    rows = told["tables"]["startup"]
    assert {tuple(row) for row in rows} == {tuple(columns("startup"))}
    assert {row["run"] for row in rows if row["cache"] == "hot"} == {0, 1, 2, 3, 4}
    assert {row["isolation"] for row in rows} == {"process"}
    assert len(told["tables"]["trials"]) == 5 + 2


@pytest.mark.overlay
def test_a_bench_writes_what_it_prints(root, tmp_path):
    options = ["--isolation", "container", "--n", "2", "--blocks", "3", "-o", str(tmp_path)]
    done = cli("bench", "storm", *options, "hello")
    assert done.returncode == 0, done.stderr
    header, *rows = (tmp_path / "storm.csv").read_text().splitlines()
    assert header.split(",") == columns("storm")
    assert len(rows) == 2 * 3 * LIGHT_PER_BLOCK
    meta = json.loads((tmp_path / "storm.meta.json").read_text())
    assert list(meta) == certificate_keys()
    assert meta["command"].startswith("realrun bench storm")


@pytest.mark.overlay
def test_images_are_listed_for_people_and_for_programs(root):
    names = {row["reference"] for row in json.loads(cli("images", "--json").stdout)}
    assert {"hello:latest", "busybox:latest"} <= names
    assert "hello" in cli("images").stdout


def test_pruning_nothing_says_so(tmp_path):
    done = cli("prune", env={"REALRUN_ROOT": str(tmp_path / "new")})
    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing was left behind\n", "")


ROWS = [
    "user", "machine", "namespaces", "user namespaces", "subordinate ids", "cgroup", "overlay",
    "seccomp", "container", "fast starts", "busybox", "mke2fs", "uml", "qemu", "guest kernel",
    "kvm", "machine types", "guest system",
]  # fmt: skip


@pytest.mark.overlay
def test_the_doctor_as_json(root):
    """A row a thing, a word of three for each; an answer is a success, whatever it is."""
    done = cli("doctor", "--json")
    assert done.returncode == 0, done.stderr
    findings = json.loads(done.stdout)
    assert [row["what"] for row in findings] == ROWS
    assert {row["works"] for row in findings} <= {"yes", "no", "partly"}
    assert all(row["detail"] for row in findings)
    assert all(not row["remedy"] for row in findings if row["works"] == "yes")


@pytest.mark.overlay
def test_the_doctors_table_names_everything(root):
    done = cli("doctor", env={"COLUMNS": "250"})
    assert [row for row in ROWS if row not in done.stdout] == []


def test_without_tools_every_remedy_is_one_command(monkeypatch, tmp_path):
    """Nothing fetched, nothing installed: each row says what would add it."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path))
    for place in (tools, doctor.tools):
        monkeypatch.setattr(place, "find", lambda name: None)
    found = {row.what: row for row in map(doctor.guarded, doctor.CHECKS)}
    for what in ("container", "busybox", "mke2fs", "uml", "qemu", "guest kernel", "kvm"):
        row = found[what]
        assert row.works == "no"
        assert "realrun fetch" in row.remedy or "install" in row.remedy, row
        assert row.remedy in row.why_not()


@pytest.mark.parametrize(
    ("switch", "value", "remedy"),
    [
        ("APPARMOR", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("DEBIAN", "0", "kernel.unprivileged_userns_clone=1"),
        ("LIMIT", "0", "user.max_user_namespaces=10000"),
        (None, "", "outside this sandbox"),
    ],
)
def test_who_forbids_user_namespaces_is_known_by_name(monkeypatch, tmp_path, switch, value, remedy):
    for name in ("APPARMOR", "DEBIAN", "LIMIT"):
        path = tmp_path / name
        if name == switch:
            path.write_text(value + "\n")
        monkeypatch.setattr(doctor, name, path)
    assert remedy in doctor.userns_remedy()


def test_a_check_that_breaks_is_a_finding():
    def some_thing():
        raise OSError(5, "Input/output error")

    found = doctor.guarded(some_thing)
    assert (found.what, found.works) == ("some thing", "no")
    assert "Input/output error" in found.detail


def test_every_isolation_is_offered():
    """The help names them all, and no verb is without a line of help."""
    assert all(name in cli("run", "--help").stdout for name in ISOLATIONS)
    listed = re.findall(r"^    (\w+) +\S", cli("--help").stdout, re.M)
    assert {"build", "base", "run", "images", "rmi", "prune", "bench", "demo"} <= set(listed)
    assert {"doctor", "fetch"} <= set(listed)
