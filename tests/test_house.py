"""The house is in order: generated files in step, figures with sources, nothing of one machine."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from packaging.requirements import Requirement
from rattler import MatchSpec

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
ENVIRONMENT = (ROOT / "environment.yml").read_text(encoding="utf-8")
PUBLISHED = ROOT / "data" / "published"
FOLDERS = ("realrun", "sim", "tests", "tools", "docs", "notebooks", "examples", "data", ".ci")
TEXTS = {
    ".py",
    ".md",
    ".ipynb",
    ".toml",
    ".yml",
    ".cff",
    ".sh",
    ".csv",
    ".json",
    ".svg",
    ".txt",
    "",
}


def written_files() -> list[Path]:
    """Every text file of the project, without what commands have made."""
    files = [path for folder in FOLDERS for path in ROOT.joinpath(folder).rglob("*")]
    files += ROOT.glob("*")
    texts = (path for path in files if path.is_file() and path.suffix in TEXTS)
    return sorted(path for path in texts if "__pycache__" not in path.parts)


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def locked(name: str) -> dict:
    """What the lock file says of one package."""
    return next(package for package in LOCK["package"] if package["name"] == name)


def test_environment_yml_is_in_step():
    """Changed pyproject.toml? `make environment.yml` follows."""
    command = [sys.executable, str(ROOT / "tools" / "environment_yml.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ENVIRONMENT


def conda_specs() -> list[str]:
    """The conda lines of environment.yml, without those meant for pip."""
    dependencies = ENVIRONMENT.partition("dependencies:\n")[2]
    return re.findall(r"^  - ([^:\n]+)$", dependencies, flags=re.MULTILINE)


@pytest.mark.parametrize("spec", conda_specs())
def test_conda_understands_every_line(spec):
    MatchSpec(spec, strict=True)


def test_conda_gets_every_dependency():
    wanted = {Requirement(line).name for line in PYPROJECT["project"]["dependencies"]}
    got = {re.split(r"[ =]", spec)[0] for spec in conda_specs()}
    by_pip = set(re.findall(r"^ {6}- (\w[\w-]*)", ENVIRONMENT, flags=re.MULTILINE))
    assert got | by_pip == wanted | {"python", "pip"}


def test_the_lock_file_is_in_step():
    """Changed pyproject.toml? `make lock` follows."""
    metadata = locked(PYPROJECT["project"]["name"])["metadata"]
    extras = [one for xs in PYPROJECT["project"]["optional-dependencies"].values() for one in xs]
    for asked, held in (
        ([*PYPROJECT["project"]["dependencies"], *extras], metadata["requires-dist"]),
        (PYPROJECT["dependency-groups"]["dev"], metadata["requires-dev"]["dev"]),
    ):
        wanted = {(r.name, r.specifier) for r in map(Requirement, asked)}
        assert {(r["name"], Requirement(f"x{r['specifier']}").specifier) for r in held} == wanted


def test_the_lock_file_works_elsewhere():
    """One public index, one host of files, nothing from a disk."""
    packages = [p for p in LOCK["package"] if p["name"] != PYPROJECT["project"]["name"]]
    files = [
        f for p in packages for f in [*p.get("wheels", []), *([p["sdist"]] if "sdist" in p else [])]
    ]
    assert {tuple(p["source"]) for p in packages} == {("registry",)}
    assert len({p["source"]["registry"] for p in packages}) == 1
    assert len({urlsplit(f["url"])[:2] for f in files}) == 1
    assert all(f["url"].startswith("https://") and f["hash"].startswith("sha256:") for f in files)


# Where people's own folders lie, on the systems that people write on. Paths inside images
# (`/root`, `/home`) are the subject of this project and are let through.
OWN_FOLDER = re.compile(r"/(?:home|Users)/(?!you\b|student\b)\w+/|file:///\w|[A-Z]:\\Users\\")


def test_no_file_knows_the_machine_it_was_written_on():
    here = [str(ROOT)] if len(ROOT.parts) > 2 else []
    guilty = []
    for path in written_files():
        if path in (ROOT / "uv.lock", Path(__file__)):
            continue
        text = path.read_text(encoding="utf-8")
        if OWN_FOLDER.search(text) or any(f"{place}/" in text for place in here):
            guilty.append(str(path.relative_to(ROOT)))
    assert guilty == []


DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda p: p.stem)
def test_a_decision_tells_context_decision_consequence(path):
    headings = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequence"]


def test_decisions_are_numbered_without_gaps():
    numbers = [int(path.name[:4]) for path in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_published_figure_says_where_it_is_from():
    table = rows(PUBLISHED / "figures.csv")
    needed = ("source_key", "citation", "metric", "system", "value", "where_seen", "status")
    assert [row for row in table if not all(row[column] for column in needed)] == []


def test_no_published_number_stands_without_its_unit():
    """A value that is text (`80 ms; 1.2%`, a range) may carry its unit inside; a number may not."""
    number = re.compile(r"[-+0-9.e]+")
    table = rows(PUBLISHED / "figures.csv")
    assert [r for r in table if number.fullmatch(r["value"]) and not r["unit"]] == []


def test_every_published_curve_leads_to_a_citation():
    cited = {row["source_key"] for row in rows(PUBLISHED / "figures.csv")}
    table = rows(PUBLISHED / "curves.csv")
    assert [r for r in table if r["source_key"] not in cited or not r["status"]] == []


def test_every_measured_table_has_its_birth_certificate():
    needed = {"table", "recorded_utc", "command", "machine", "kernel", "versions"}
    for path in (ROOT / "data" / "measured").glob("*.csv"):
        certificate = json.loads(path.with_suffix(".meta.json").read_text(encoding="utf-8"))
        assert needed <= certificate.keys(), path.name
