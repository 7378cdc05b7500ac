"""Fetch Pyodide's npm package into a folder, once, and print where it lies.

    python tools/pyodide.py FOLDER

Version and checksum are those of tools/pyodide.toml; npm knows the way to its registry. Nothing is
left behind that has another checksum.
"""

import base64
import hashlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

WANTED = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

FLAGS = (
    "--loglevel=error",
    "--ignore-scripts",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
)


def integrity(path: Path) -> str:
    """The checksum as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


def fetch(folder: Path) -> Path:
    """The archive in `folder`; ends the program with one line if it cannot be had."""
    name = f"{WANTED['package']}@{WANTED['version']}"
    archive = folder / f"{WANTED['package']}-{WANTED['version']}.tgz"
    if archive.exists() and integrity(archive) == WANTED["integrity"]:
        return archive
    if not (npm := shutil.which("npm")):
        sys.exit(f"pyodide: npm fetches {name}, and is not here; on Debian: apt install npm")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        command = [npm, "pack", name, *FLAGS, "--pack-destination", place]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = list(Path(place).glob("*.tgz"))
        if done.returncode or not found:
            why = (done.stderr.strip() or done.stdout.strip() or "no file").splitlines()[0]
            sys.exit(
                f"pyodide: npm could not fetch {name} ({why}); is there a network, and does npm"
                " know its registry (npm config get registry)?"
            )
        if integrity(found[0]) != WANTED["integrity"]:
            sys.exit(f"pyodide: {name} has not the checksum of tools/pyodide.toml; not used")
        found[0].replace(archive)
    return archive


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/pyodide.py FOLDER")
    print(fetch(Path(sys.argv[1])))
