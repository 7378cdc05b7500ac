"""A lesson played without a browser: each cell in its turn, in a kernel of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LIMIT_S = 300  # a cell; a guest that boots in software emulation needs seconds, not minutes
Output = dict[str, Any]
Play = Callable[[str], list[Output]]


@contextmanager
def kernel(work: Path) -> Iterator[Play]:
    """Gives a function that runs source and returns its outputs; `work` is where the kernel stands.

    Kernel and client meet by sockets in a folder, so that not even loopback is needed. It is not
    below `work`: the name of a Unix socket has at most 107 bytes.
    """
    import nbformat
    from nbclient import NotebookClient
    from traitlets.config import Config

    with tempfile.TemporaryDirectory(prefix="nb-") as folder:
        for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
            os.environ[name] = folder
        notebook = nbformat.v4.new_notebook()
        client = NotebookClient(
            notebook,
            timeout=LIMIT_S,
            allow_errors=True,
            kernel_name="python3",
            resources={"metadata": {"path": str(work)}},
            config=Config(KernelManager={"transport": "ipc", "ip": f"{folder}/kernel"}),
        )

        def play(source: str) -> list[Output]:
            cell = nbformat.v4.new_code_cell(source)
            notebook.cells.append(cell)
            client.execute_cell(cell, len(notebook.cells) - 1)
            return list(cell.outputs)

        with client.setup_kernel():
            yield play


def complaints(outputs: list[Output]) -> list[str]:
    """What a reader should not have to see: warnings, errors, anything else on standard error."""
    streams = [out for out in outputs if out["output_type"] == "stream"]
    said = [out["text"] for out in streams if out["name"] == "stderr" or "Warning:" in out["text"]]
    errors = [out for out in outputs if out["output_type"] == "error"]
    return said + [f"{out['ename']}: {out['evalue']}" for out in errors]
