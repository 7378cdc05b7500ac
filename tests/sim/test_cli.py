"""The command: exit codes, one clear line, the same bytes, nothing half-written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import sim.cli
from sim.cli import main
from tests.sim import made_up

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    return made_up.tables(tmp_path_factory.mktemp("measured"), ("process", "qemu"))


@pytest.fixture(scope="module")
def profile(tmp_path_factory, measured):
    path = tmp_path_factory.mktemp("profile") / "profile.toml"
    assert main(["calibrate", str(measured), "-o", str(path)]) == 0
    return path


def test_calibrate_prints_errors_and_last_the_path(tmp_path, measured, capsys):
    path = tmp_path / "new" / "profile.toml"
    assert main(["calibrate", str(measured), "-o", str(path)]) == 0
    out = capsys.readouterr().out
    assert "held-out" in out
    assert "note: uml: no starts measured, left out" in out
    assert out.splitlines()[-1] == str(path)


def test_the_same_seed_writes_the_same_bytes(tmp_path, profile):
    for folder in ("one", "two"):
        assert (
            main(["run", str(profile), "--n", "1,4", "--seed", "3", "-o", str(tmp_path / folder)])
            == 0
        )
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == [
        f"{name}.{end}" for name in ("memory", "startup", "storm") for end in ("csv", "meta.json")
    ]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_run_as_json(tmp_path, profile, capsys):
    capsys.readouterr()
    command = ["run", str(profile), "--isolation", "qemu", "--n", "1,128", "--json"]
    assert main([*command, "-o", str(tmp_path / "out")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tables"]["storm"]["rows"] == 15
    assert told["left_out"] == ["qemu: n = 128 left out, more than the host's memory holds"]


def test_report_ends_with_its_path(tmp_path, measured, profile, capsys):
    path = tmp_path / "report.html"
    flags = ["--measured", str(measured), "--profile", str(profile), "-o", str(path)]
    assert main(["report", *flags]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == str(path)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (["calibrate", "none", "-o", "p.toml"], "none: no such folder; expected one with startup"),
        (["run", "none.toml", "-o", "out"], "none.toml: no such file; `sim calibrate` makes"),
        (
            ["run", "PROFILE", "--isolation", "qmu", "-o", "out"],
            "isolation 'qmu' is not in the profile; did you mean 'qemu'?",
        ),
        (["report", "--measured", "m", "--profile", "none", "-o", "r"], "none: no such file"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(
    tmp_path, profile, capsys, monkeypatch, command, complaint
):
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert main([str(profile) if word == "PROFILE" else word for word in command]) == 2
    error = capsys.readouterr().err
    assert error.startswith("sim: ")
    assert complaint in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["0", "a", "", "2,,3", "-1"])
def test_wrong_numbers_of_instances_are_refused(tmp_path, profile, capsys, text):
    with pytest.raises(SystemExit) as left:
        main(["run", str(profile), f"--n={text}", "-o", str(tmp_path / "out")])
    assert left.value.code == 2
    assert "expected numbers such as 1,2,4 or 1..64" in capsys.readouterr().err


def test_ctrl_c_leaves_nothing_behind(tmp_path, profile, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    assert (
        main(["run", str(profile), "--n", "1", "-o", str(tmp_path / "out")]) == sim.cli.INTERRUPTED
    )
    assert list((tmp_path / "out").iterdir()) == []
    assert capsys.readouterr().err == "sim: interrupted\n"


def test_python_m_sim_is_the_command(tmp_path):
    command = [sys.executable, "-m", "sim", "calibrate", str(tmp_path / "none"), "-o", "x"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such folder" in done.stderr
    assert "Traceback" not in done.stderr
