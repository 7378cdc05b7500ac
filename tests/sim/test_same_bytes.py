"""The same profile and seed give the same bytes on every Python that the project runs on."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import simpy

ROOT = Path(__file__).parents[2]
VERSIONS = ("3.11", "3.12", "3.13")
RUN = """
from pathlib import Path
from sim.bench import lifecycles
from sim.experiments.all import everything
from sim.profile_files import read_profile
for name in ("recorded", "published"):
    profile = read_profile(Path("data/profiles") / f"{name}.toml")
    rows, _ = everything(profile, None, [1, 3, 8], seed=7)
    for table in rows.values():
        for row in table:
            print(*map(repr, row))
found = lifecycles(profile, "microvm", 300, hosts=5, seed=7)
print(found._replace(took_s=0, peak_mib=0))
"""


def pythons():
    """Programs by version: this one, those on PATH, and those of pyenv."""
    found = {f"{sys.version_info.major}.{sys.version_info.minor}": sys.executable}
    for version in VERSIONS:
        root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
        own = sorted((root / "versions").glob(f"{version}.*/bin/python"))
        other = shutil.which(f"python{version}")
        if program := [str(path) for path in own] or ([other] if other else []):
            found.setdefault(version, program[-1])
    return found


def bytes_of(python, folder):
    """What a run prints, with SimPy and nothing else from outside of the standard library."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    command = [python, "-c", RUN]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return hashlib.sha256(done.stdout).hexdigest()


@pytest.fixture(scope="module")
def only_simpy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simpy")
    (folder / "simpy").symlink_to(Path(simpy.__file__).parent)
    return folder


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_bytes_on(version, only_simpy):
    found = pythons()
    if version not in found or not Path(found[version]).exists():
        pytest.skip(f"Python {version} is not on this machine")
    assert bytes_of(found[version], only_simpy) == bytes_of(sys.executable, only_simpy)
