"""Every chart looks as it did. Draw the references anew with REDRAW=1, and look at them.

Small pictures, on the fonts that come with matplotlib and with the font package, and with a
tolerance: another version of matplotlib may set letters a little apart.
"""

import os
from pathlib import Path

import pytest
from matplotlib.testing.compare import compare_images

from sim.charts import CHARTS, save, work
from tests.sim.charts.gallery import tables

FOLDER = Path(__file__).parent / "reference"
PIXELS, TOLERANCE = 400, 8.0  # root mean square over the pixels, of 255
KOREAN = ("stacks", "waterfall", "accounts")  # in Hangul as well
CASES = [(chart.name, "en") for chart in CHARTS] + [(name, "ko") for name in KOREAN]


@pytest.mark.parametrize(("name", "language"), CASES)
def test_a_chart_looks_as_it_did(name, language, tmp_path):
    reference = FOLDER / f"{name}-{language}.png"
    new = tmp_path / reference.name
    chart = next(one for one in CHARTS if one.name == name)
    save(chart(*tables()[name], language=language), new, PIXELS)
    if os.environ.get("REDRAW"):
        reference.write_bytes(new.read_bytes())
    assert compare_images(str(reference), str(new), TOLERANCE) is None


def test_there_is_no_reference_without_a_chart_and_they_are_small():
    files = sorted(FOLDER.glob("*.png"))
    assert [path.stem for path in files] == sorted(f"{name}-{language}" for name, language in CASES)
    assert sum(path.stat().st_size for path in files) < 1_000_000


def test_another_picture_is_seen_as_another(tmp_path):
    """The tolerance is no wider than the eye's."""
    ratios = tables()["work"][0]
    save(work(ratios), tmp_path / "one.png", PIXELS)
    turned = ratios.assign(ratio=ratios["ratio"].iloc[::-1].to_numpy())
    save(work(turned), tmp_path / "other.png", PIXELS)
    names = str(tmp_path / "one.png"), str(tmp_path / "other.png")
    assert compare_images(*names, TOLERANCE) is not None
