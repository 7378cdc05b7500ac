"""Print packages as uv.lock pins them, the way pip reads them: `NAME==VERSION --hash=...`.

Standard library only: it runs before anything has been installed.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "uv.lock"


def requirement(name: str, lock: dict) -> str:
    """The pinned requirement for `name`; KeyError if the lock file does not hold it."""
    for package in lock["package"]:
        if package["name"] == name:
            files = [package["sdist"]] if "sdist" in package else []
            files += package.get("wheels", [])
            hashes = " ".join(f"--hash={file['hash']}" for file in files)
            return f"{name}=={package['version']} {hashes}"
    raise KeyError(f"uv.lock holds no package {name}")


if __name__ == "__main__":
    lock = tomllib.loads(LOCK.read_text(encoding="utf-8"))
    for name in sys.argv[1:]:
        print(requirement(name, lock))
