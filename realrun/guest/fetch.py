"""Get what guests need from the distribution's packages: downloaded and unpacked, never installed.

apt does the work with folders of our own for its lists and downloads, so this needs no root and
changes nothing on the system; signatures are checked as always (apt-secure(8)). The result is
complete or absent: packages are unpacked beside their final place and renamed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from realrun import paths
from realrun.errors import Missing
from realrun.files.workspace import workspace
from realrun.guest import processor, tools

# A kernel's package wants tools that only an installed kernel needs; a program wants its libraries.
KEEP = {
    "kernel": re.compile(r"linux-(image|modules)-\d"),
    "uml": re.compile("(user-mode-linux|libc6)$"),
}
# The first of Debian's releases with a User-Mode Linux that has room for wide registers.
ROOMY_RELEASE = "forky"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
TIMEOUT_S = 300
Tell = Callable[[str], None]


def missing() -> list[str]:
    """What guests need and is neither fetched nor installed."""
    return [name for name in tools.PACKAGES if tools.find(name) is None]


def fetch(names: list[str], tell: Tell = lambda _: None) -> dict[str, str]:
    """Fetch and unpack; returns name -> why not, for those that could not be had."""
    if not names:
        return {}
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return dict.fromkeys(names, "no apt-get and dpkg-deb here")
    with workspace(paths.root(), "fetch") as work:
        try:
            options = prepare(work)
            tell("package lists")
            run(["apt-get", *options, "update"], work)
        except Missing as error:
            return dict.fromkeys(names, str(error))
        return {name: why for name in names if (why := fetch_one(name, options, work, tell))}


def prepare(work: Path) -> list[str]:
    """apt's options for folders of our own, readable by us alone."""
    for name in ("lists/partial", "archives/partial", "cache"):
        (work / name).mkdir(parents=True)
    return [
        "-o", f"Dir::State::Lists={work}/lists",
        "-o", f"Dir::Cache={work}/cache",
        "-o", f"Dir::Cache::Archives={work}/archives",
        "-o", "Debug::NoLocking=1",
        "-o", "APT::Sandbox::User=",
        "-o", "Acquire::Retries=2",
        "-qq",
    ]  # fmt: skip


def roomy_release(options: list[str], work: Path) -> list[str]:
    """apt's options for a newer release of Debian's alone, signed by Debian's keys as always.

    It comes from the mirror that this system uses anyway. For apt nothing is installed here, so
    that the C library which the program wants is fetched with it.
    """
    wanted = ["Origin: Debian", "Label: Debian", "Created-By: Packages"]
    mirrors = run(["apt-get", *options, "indextargets", "--format", "$(REPO_URI)", *wanted], work)
    if not mirrors:
        raise Missing(f"Debian's {ROOMY_RELEASE} has it, but no package source here is Debian's")
    if not KEYRING.exists():
        raise Missing(f"{KEYRING} is not here; install the package debian-archive-keyring")
    folder = work / ROOMY_RELEASE
    newer = [*prepare(folder), "-o", f"Dir::Etc::SourceList={folder}/list"]
    newer += ["-o", "Dir::Etc::SourceParts=/dev/null", "-o", "Dir::State::Status=/dev/null"]
    newer += ["-o", "Dir::Etc::Preferences=/dev/null", "-o", "Dir::Etc::PreferencesParts=/dev/null"]
    newer += ["-o", "APT::Default-Release="]
    source = f"deb [signed-by={KEYRING}] {mirrors.split()[0]} {ROOMY_RELEASE} main\n"
    (folder / "list").write_text(source, encoding="utf-8")
    run(["apt-get", *newer, "update"], work)
    return newer


def run(command: list[str], cwd: Path) -> str:
    """Run a package tool; its last line of complaint becomes the reason."""
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"{command[0]} did not answer within {TIMEOUT_S} s") from None
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.strip()]
        raise Missing(lines[-1] if lines else f"{command[0]} failed") from None
    return done.stdout


def fetch_one(name: str, options: list[str], work: Path, tell: Tell) -> str:
    """Fetch and unpack one tool; returns why not, or nothing."""
    why = "no package of that name"
    try:
        if name == "uml" and processor.is_wide():
            tell(f"package lists of {ROOMY_RELEASE}")
            options = roomy_release(options, work)
    except Missing as error:
        return str(error)
    for package in tools.PACKAGES[name]:
        try:
            wanted = closure(name, package, options, work)
            tell(f"{package} ({len(wanted)} packages)")
            unpack(name, wanted, options, work)
            return ""
        except Missing as error:
            why = str(error)
    return why


def closure(name: str, package: str, options: list[str], work: Path) -> list[str]:
    """`package` and what it needs and this system lacks, as NAME=VERSION."""
    simulated = run(
        ["apt-get", *options, "install", "--simulate", "--no-install-recommends", package], work
    )
    found = re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+)", simulated, re.M)
    keep = KEEP.get(name, re.compile(""))
    return [f"{package}={version}" for package, version in found if keep.match(package)]


def unpack(name: str, wanted: list[str], options: list[str], work: Path) -> None:
    """Download the packages and unpack them to `ROOT/tools/NAME`, whole or not at all."""
    if not wanted:
        raise Missing("installed, says apt, but not where it is looked for")
    downloads = work / name
    downloads.mkdir()
    run(["apt-get", *options, "download", *wanted], downloads)
    prefix = work / f"{name}.unpacked"
    for package in sorted(downloads.glob("*.deb")):
        run(["dpkg-deb", "--extract", str(package), str(prefix)], work)
    (prefix / "packages.txt").write_text("\n".join(wanted) + "\n", encoding="utf-8")
    prefix.chmod(0o755)
    target = paths.root() / "tools" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    prefix.rename(target)
