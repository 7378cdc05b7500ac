"""A sweep on disk: a Parquet file for each finished block, and at the end one for all.

Every file is written whole or not at all, so a sweep that is killed at any moment has lost what was
under way and nothing else. `sweep.json` says whose blocks they are.
"""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sim.errors import BadScenario, SimError
from sim.files import write_text
from sim.sweep.blocks import Rows
from sim.sweep.scenario import Scenario

ROWS_A_GROUP = 50_000
UNFINISHED = ".unfinished"


class Store:
    """The folder of one sweep; what it holds of another is refused."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        self.folder = folder
        self.scenario = scenario
        self.quantities = scenario.quantities
        self.parts = folder / "blocks"
        told = {"digest": scenario.digest(), "experiment": scenario.experiment}
        manifest = folder / "sweep.json"
        if manifest.exists():
            self._same(manifest, told["digest"])
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            for left in (*self.parts.glob(f"*{UNFINISHED}"), *folder.glob(f"*{UNFINISHED}")):
                left.unlink()
        except OSError as why:
            raise SimError(f"{self.parts}: cannot be written: {why.strerror}") from why
        write_text(manifest, json.dumps(told, indent=2) + "\n")

    def _same(self, manifest: Path, digest: str) -> None:
        try:
            found = json.loads(manifest.read_text(encoding="utf-8"))["digest"]
        except (OSError, ValueError, KeyError, TypeError) as why:
            raise BadScenario(f"{manifest}: expected what a sweep wrote: {why!r}") from why
        if found != digest:
            raise BadScenario(
                f"{self.folder}: holds the results of another sweep (or this one was changed);"
                " choose another folder with -o"
            )

    def finished(self) -> Iterator[tuple[int, int, Rows]]:
        """Point, first replication and rows of every block that was done before."""
        for path in sorted(self.parts.glob("*.parquet")):
            parquet = _parquet()
            point, first = (int(part) for part in path.stem.split("-"))
            columns = parquet.read_table(path).to_pydict()
            rows = list(zip(*(columns[name] for name in self.quantities), strict=True))
            yield point, first, rows

    def keep(self, point: int, first: int, rows: Rows) -> None:
        """One finished block."""
        columns: dict[str, Sequence[Any]] = {"replication": range(first, first + len(rows))}
        columns |= {name: [row[at] for row in rows] for at, name in enumerate(self.quantities)}
        path = self.parts / f"{point:06d}-{first:06d}.parquet"
        self._write(path, _arrow().table({name: list(cells) for name, cells in columns.items()}))

    def _write(self, path: Path, table: Any) -> None:
        unfinished = path.with_name(path.name + UNFINISHED)
        try:
            _parquet().write_table(table, unfinished)
            os.replace(unfinished, path)
        except OSError as why:
            raise SimError(f"{path}: cannot be written: {why}") from why

    def join(self, done: dict[int, Rows]) -> Path:
        """One file of all points in their order, row group by row group; returns its path."""
        path = self.folder / "results.parquet"
        unfinished = path.with_name(path.name + UNFINISHED)
        writer: Any = None
        for table in self._groups(done):
            writer = writer or _parquet().ParquetWriter(unfinished, table.schema)
            writer.write_table(table)
        writer.close()
        os.replace(unfinished, path)
        return path

    def _groups(self, done: dict[int, Rows]) -> Iterator[Any]:
        """Tables of some points each, with a column for each axis of the grid."""
        columns: dict[str, list[Any]] = {}
        for point in self.scenario.points():
            rows = done[point.number]
            cells: dict[str, list[Any]] = {"point": [point.number] * len(rows)}
            cells |= {name: [value] * len(rows) for name, value in self._axes(point.columns)}
            cells["replication"] = list(range(len(rows)))
            cells |= {name: [row[at] for row in rows] for at, name in enumerate(self.quantities)}
            for name, more in cells.items():
                columns.setdefault(name, []).extend(more)
            if len(columns["point"]) >= ROWS_A_GROUP:
                yield _arrow().table(columns)
                columns = {}
        if columns:
            yield _arrow().table(columns)

    def _axes(self, columns: Any) -> Iterator[tuple[str, Any]]:
        """The values of a point in one type an axis: numbers as float unless all are whole."""
        axes = self.scenario.axes()
        for name, value in columns.items():
            kinds = {type(one) for one in axes[name]}
            if kinds <= {int} or kinds <= {str}:
                yield name, value
            elif kinds <= {int, float}:
                yield name, float(value)
            else:
                yield name, json.dumps(value)


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError as why:
        raise SimError(
            "results are Parquet files and need pyarrow:"
            " pip install 'one-image-every-isolation[sweep]'"
        ) from why
    return pyarrow


def _parquet() -> Any:
    _arrow()
    import pyarrow.parquet

    return pyarrow.parquet
