"""Every notebook is committed clean and runs from its first cell to its last."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(p for p in FOLDER.glob("**/*.ipynb") if ".ipynb_checkpoints" not in p.parts)
LIMIT_S = 300  # a cell; a guest that boots in software emulation needs seconds, not minutes


@pytest.fixture(scope="module")
def fonts_are_known() -> None:
    """Matplotlib's first import on a machine reads all fonts, and says so on standard error."""
    importlib.import_module("matplotlib.font_manager")


@pytest.fixture
def meeting_place(monkeypatch) -> Iterator[Config]:
    """Where kernel and client meet: by sockets in a folder, so that not even loopback is needed.

    Not below `tmp_path`: the name of a Unix socket has at most 107 bytes.
    """
    with tempfile.TemporaryDirectory(prefix="nb-") as folder:
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", folder)
        yield Config(KernelManager={"transport": "ipc", "ip": f"{folder}/kernel"})


each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: str(p.relative_to(FOLDER)))


def complaints(notebook: nbformat.NotebookNode) -> list[str]:
    """What a reader should not have to see: warnings, and anything else on standard error."""
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    streams = [out for out in outputs if out.output_type == "stream"]
    return [out.text for out in streams if out.name == "stderr" or "Warning:" in out.text]


def test_there_is_a_course():
    assert NOTEBOOKS != []


@each_notebook
def test_a_notebook_is_committed_without_its_results(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.source for cell in code if cell.outputs or cell.execution_count is not None] == []


@pytest.mark.slow
@pytest.mark.usefixtures("fonts_are_known")
@each_notebook
def test_a_notebook_runs_without_a_complaint(path, tmp_path, monkeypatch, meeting_place):
    """In a folder of its own: a notebook may write where it stands, never into the project."""
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    work = tmp_path / "work"
    work.mkdir()
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(work)}}
    client = NotebookClient(notebook, timeout=LIMIT_S, resources=resources, config=meeting_place)
    client.execute()

    assert complaints(notebook) == []


def test_a_warning_in_an_output_is_a_complaint():
    cell = nbformat.v4.new_code_cell("1")
    cell.outputs = [nbformat.v4.new_output("stream", name="stderr", text="UserWarning: no")]
    assert complaints(nbformat.v4.new_notebook(cells=[cell])) == ["UserWarning: no"]
