"""The report as a reader opens it: in a browser, by double click, on a projector or a phone."""

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
    path, profile, simulated = (folder / name for name in ("report.html", "profile", "simulated"))
    assert main(["calibrate", str(measured), "-o", str(profile)]) == 0
    assert main(["run", str(profile), "-o", str(simulated)]) == 0
    flags = ["--measured", measured, "--profile", profile, "--simulated", simulated, "-o", path]
    assert main(["report", *map(str, flags)]) == 0
    return path


def hosts_asked(page: Path, folder: Path) -> set[str]:
    """The hosts that the browser's own network log names while it opens `page`."""
    log = folder / f"{page.stem}.json"
    flags = (f"--log-net-log={log}", "--dump-dom", page.as_uri())
    chromium(*flags, profile=folder / page.stem)
    return set(re.findall(r'"url":"https?://([^/"]+)', log.read_text(encoding="utf-8")))


def test_the_page_asks_no_host(report, tmp_path):
    """Beyond those that the browser asks by itself, with an empty page. Control: one that asks."""
    empty, asking = tmp_path / "empty.html", tmp_path / "asking.html"
    empty.write_text("<p>nothing", encoding="utf-8")
    asking.write_text('<img src="http://localhost:9/x.png" alt="">', encoding="utf-8")
    by_itself = hosts_asked(empty, tmp_path)
    assert hosts_asked(asking, tmp_path) - by_itself == {"localhost:9"}
    assert hosts_asked(report, tmp_path) - by_itself == set()


def test_no_console_message(report, tmp_path):
    flags = ("--enable-logging=stderr", "--dump-dom", report.as_uri())
    done = chromium(*flags, profile=tmp_path / "profile")
    assert done.stdout.count('role="img"') == 10
    assert "CONSOLE" not in done.stderr


def asked(report: Path, width: int, folder: Path, what: str) -> int:
    """A number that the page's document, as `it`, tells when its window is `width` wide."""
    frame = folder / "frame.html"
    frame.write_text(
        f'<iframe src="{report.as_uri()}" style="width:{width}px;height:900px;border:0"></iframe>'
        "<script>onload = () => { const it = document.querySelector('iframe').contentDocument;"
        f" document.body.dataset.told = {what} }}</script>",
        encoding="utf-8",
    )
    flags = ("--allow-file-access-from-files", "--dump-dom", frame.as_uri())
    done = chromium(*flags, profile=folder / "profile")
    found = re.search(r'data-told="(\d+)"', done.stdout)
    assert found, done.stdout
    return int(found[1])


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_never_scrolls_sideways(report, tmp_path, width):
    assert asked(report, width, tmp_path, "it.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("section", ["results", "predictions"])
def test_the_tables_that_all_read_need_no_scroll_bar(report, tmp_path, section):
    """Neither sideways nor up and down, on a projector. Both are there: control."""
    table = f"it.querySelector('#{section} > .wide')"
    for way in ("Width", "Height"):
        over = asked(report, 1280, tmp_path, f"{table}.scroll{way} - {table}.client{way}")
        assert over == 0
        assert asked(report, 1280, tmp_path, f"{table}.client{way}") > 100
