"""Put the page together: Python's runtime, SimPy, the model and the profiles, inside one file.

What is large lies in the page as gzip in base64, each part in a script element that no browser
runs; `page.js` hands them to a worker, which unpacks and starts them. Same parts, same bytes.
"""

import base64
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from sim.colours import variables
from sim.contract import MODELLED
from sim.errors import SimError
from sim.page.answer import PROFILES, profile_of
from sim.page.words import WORDS
from sim.profiles import Profile
from sim.timeline.document import text as of_timeline
from sim.wording import label

RUNTIME = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
LOCK = "pyodide-lock.json"  # what it says of packages is left out: none is loaded
SHOWN = ("recorded", "published")  # profiles, in this order
LEFT_OUT = ("calibrate", "charts", "curves", "report", "sweep", "tables", "verbs")
EPOCH = (1980, 1, 1, 0, 0, 0)
INDENT = 1


def page(runtime: Path) -> str:
    """The whole page; `runtime` is the archive of Pyodide's npm package.

    Raises SimError if the archive cannot be read or lacks a file that is needed.
    """
    parts = {**_runtime(runtime), "project.zip": _project()}
    scripts = "\n".join(
        f'<script type="text/plain" id="{name}">{_packed(data)}</script>'
        for name, data in parts.items()
    )
    style = variables() + "\n" + _text("page.css") + of_timeline("timeline.css")
    code = of_timeline("timeline.js") + _text("page.js")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(WORDS['en']['title'])}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{_text('page.html')}\n"
        f'<script type="application/json" id="known">{_known()}</script>\n'
        f'<script type="text/plain" id="worker">{_text("worker.js")}</script>\n'
        f"{scripts}\n<script>\n{code}</script>\n</body>\n</html>\n"
    )


def _text(name: str) -> str:
    return (files("sim.page") / name).read_text(encoding="utf-8")


def _packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()


def _runtime(archive: Path) -> dict[str, bytes]:
    """The files of the runtime that are needed, by name."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive) as package:
            for name in (*RUNTIME, LOCK):
                file = package.extractfile(f"package/{name}")
                assert file is not None
                found[name] = file.read()
    except (OSError, tarfile.TarError, KeyError, AssertionError) as why:
        told = (str(why) or type(why).__name__).splitlines()[0]
        raise SimError(f"{archive}: not Pyodide's npm package: {told}; run `make page`") from why
    lock = json.loads(found.pop(LOCK))
    found[LOCK] = json.dumps({"info": lock["info"], "packages": {}}).encode()
    return found


def _project() -> bytes:
    """The model, SimPy and the profiles as a zip archive with the folders of a checkout."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in sorted(_sources()):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data)
    return packed.getvalue()


def _sources() -> Iterator[tuple[str, bytes]]:
    for package in ("sim", "simpy"):
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise SimError(f"{package} is not installed; run `make setup`")
        folder = Path(spec.origin).parent
        for path in folder.rglob("*.py"):
            inside = path.relative_to(folder)
            if inside.parts[0] not in LEFT_OUT:
                yield f"{package}/{inside.as_posix()}", path.read_bytes()
    for name in SHOWN:
        yield f"data/profiles/{name}.toml", (PROFILES / f"{name}.toml").read_bytes()


def _known() -> str:
    """What the form is made of, before Python has started: words and profiles."""
    told = {"words": WORDS, "profiles": {name: _choices(profile_of(name)) for name in SHOWN}}
    return json.dumps(told, ensure_ascii=False, indent=INDENT).replace("</", "<\\/")


def _choices(profile: Profile) -> dict[str, object]:
    kinds = [name for name in MODELLED if name in profile.isolation]
    return {
        "cores": profile.host.cores,
        "memory_mib": profile.host.memory_mib,
        "machine": f"{profile.provenance.cpu_model}, {profile.provenance.machine}",
        "isolations": {
            language: {
                name: label(name, profile[name].accelerator, words["emulation"]) for name in kinds
            }
            for language, words in WORDS.items()
        },
    }
