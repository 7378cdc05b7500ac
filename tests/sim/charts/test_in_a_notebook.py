"""Charts and sliders in a notebook that is run, and in the HTML that is exported from it."""

import html
import tempfile

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from traitlets.config import Config

from sim.charts import explore
from sim.charts.widgets import defaults
from sim.errors import SimError

FIRST = """
from sim.charts import work
from tests.sim.charts.gallery import tables
picture = work(*tables()["work"])
picture
"""
SLIDERS = """
from sim.charts import explore

def some(n=2, kind="page faults"):
    rows = tables()["work"][0]
    return work(rows[rows["kind"] == kind].head(n))

explore(some, n=(1, 2), kind=["page faults", "random read"])
"""
MOVED = """
import ipywidgets
slider = next(one for one in ipywidgets.widgets.widget._instances.values()
              if isinstance(one, ipywidgets.IntSlider))
slider.value = 1
"""


@pytest.fixture(scope="module")
def executed() -> nbformat.NotebookNode:
    """Three cells, run by a kernel; the last one moves a slider of the second."""
    cells = [nbformat.v4.new_code_cell(text.strip()) for text in (FIRST, SLIDERS, MOVED)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with tempfile.TemporaryDirectory(prefix="nb-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", folder)
        patch.setenv("IPYTHONDIR", f"{folder}/ipython")
        config = Config(KernelManager={"transport": "ipc", "ip": f"{folder}/kernel"})
        NotebookClient(notebook, timeout=300, config=config).execute()
    return notebook


def shown(cell: nbformat.NotebookNode) -> list[str]:
    """What a cell has put out as HTML."""
    return [out.data["text/html"] for out in cell.outputs if "text/html" in out.get("data", {})]


@pytest.mark.slow
def test_the_exported_page_has_the_words_of_every_chart(executed):
    page, _ = HTMLExporter().from_notebook_node(executed)
    first, second = shown(executed.cells[0]), shown(executed.cells[1])
    assert len(first) == len(second) == 1
    for picture in (*first, *second):
        assert "<svg " in picture
        words = picture.split('aria-label="')[1].split('"')[0]
        assert "Rates relative to native" in html.unescape(words)
        assert f'aria-label="{words}"' in page


@pytest.mark.slow
def test_a_slider_draws_the_same_output_anew(executed):
    """With the default n = 2 there would be qemu as well."""
    (picture,) = shown(executed.cells[1])
    words = picture.split('aria-label="')[1]
    assert "container from page faults" in words
    assert "qemu" not in words
    assert any("application/vnd.jupyter.widget-view+json" in out.get("data", {})
               for out in executed.cells[1].outputs)  # fmt: skip


def crowd(n: int = 8, isolation: str = "container") -> str:
    return f"{n} {isolation}"


def test_the_defaults_are_those_of_the_function():
    ranges = {"n": (1, 64), "isolation": ["container", "qemu"]}
    assert defaults(crowd, ranges) == {"n": 8, "isolation": "container"}


@pytest.mark.parametrize(
    ("ranges", "complaint"),
    [
        ({"m": (1, 2)}, "'m' must be an argument of the function with a default"),
        ({"n": (9, 64)}, r"the default n = 8 is not in \(9, 64\)"),
        ({"isolation": ["qemu"]}, r"the default isolation = 'container' is not in \['qemu'\]"),
        ({"n": (1,)}, r"expected \(least, most\) or \(least, most, step\)"),
    ],
)
def test_a_range_that_does_not_fit_is_one_line(ranges, complaint):
    with pytest.raises(SimError, match=complaint):
        explore(crowd, **ranges)
