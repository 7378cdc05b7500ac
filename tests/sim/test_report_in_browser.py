"""The report as a reader opens it: in a browser, by double click, on a projector or a phone."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sim.cli import main
from tests.sim import made_up

pytestmark = pytest.mark.chromium
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


def chromium(*flags: str, profile: Path) -> subprocess.CompletedProcess[str]:
    """One headless run with a user folder of its own."""
    program = next(filter(None, map(shutil.which, NAMES)))
    command = [program, *QUIET, f"--user-data-dir={profile}", *flags]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    measured = made_up.tables(folder / "measured")
    path = folder / "report.html"
    assert main(["report", "--measured", str(measured), "-o", str(path)]) == 0
    return path


def test_no_console_message_and_no_request(report, tmp_path):
    """The browser's own network log holds requests for the file itself and for nothing else."""
    log = tmp_path / "net.json"
    done = chromium(
        "--enable-logging=stderr",
        f"--log-net-log={log}",
        "--dump-dom",
        report.as_uri(),
        profile=tmp_path / "profile",
    )
    assert done.stdout.count('role="img"') == 5
    assert "CONSOLE" not in done.stderr
    page_url = report.as_uri()
    asked = set(re.findall(r'"url":"([^"]+)"', log.read_text(encoding="utf-8")))
    ours = {url for url in asked if url.startswith("file:") or "report" in url}
    assert ours <= {page_url}


def width_inside(report: Path, width: int, folder: Path) -> int:
    """How wide the page's content is when its window is `width` wide."""
    frame = folder / "frame.html"
    frame.write_text(
        f'<iframe src="{report.as_uri()}" style="width:{width}px;height:900px;border:0"></iframe>'
        "<script>onload = () => document.body.dataset.wide ="
        " document.querySelector('iframe').contentDocument.documentElement.scrollWidth</script>",
        encoding="utf-8",
    )
    flags = ("--allow-file-access-from-files", "--dump-dom", frame.as_uri())
    done = chromium(*flags, profile=folder / "profile")
    found = re.search(r'data-wide="(\d+)"', done.stdout)
    assert found, done.stdout
    return int(json.loads(found[1]))


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_never_scrolls_sideways(report, tmp_path, width):
    assert width_inside(report, width, tmp_path) <= width
