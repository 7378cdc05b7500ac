"""What `data/README.md` promises, read from its tables: the contract is the text itself."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[3] / "data/README.md"


def section(title: str) -> str:
    """The text below the heading that begins with `title`."""
    parts = re.split(r"^## ", README.read_text(encoding="utf-8"), flags=re.M)
    (found,) = [part for part in parts if part.startswith(title)]
    return found


def first_column(text: str, header: str) -> list[str]:
    """The names in the first column of the table with this header."""
    return [row[0] for row in lines(text, header)]


def lines(text: str, header: str) -> list[list[str]]:
    """The cells of the table with this header, a list for each of its lines."""
    _, _, below = text.partition(f"| {header} ")
    table = below.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in row.split("|")[1:]] for row in table]


def column_types(table: str) -> dict[str, str]:
    """The columns of a table with their types, the common ones first."""
    parts = (section("Columns that every"), section(f"`{table}.csv`"))
    return {row[0]: row[1] for part in parts for row in lines(part, "column")}


def columns_of(table: str) -> list[str]:
    """The columns of a table that does not begin with the common ones."""
    return first_column(section(f"`{table}.csv`"), "column")


def columns(table: str) -> list[str]:
    """The columns of a table, the common ones first."""
    common = first_column(section("Columns that every"), "column")
    return common + first_column(section(f"`{table}.csv`"), "column")


def certificate_keys() -> list[str]:
    """The keys of a certificate; what stands in brackets explains them."""
    return re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", section("`NAME.meta.json`"))[16:])
