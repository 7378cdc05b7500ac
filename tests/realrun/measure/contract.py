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
    _, _, below = text.partition(f"| {header} ")
    table = below.split("\n\n")[0].splitlines()[2:]
    return [row.split("|")[1].strip(" `") for row in table]


def columns(table: str) -> list[str]:
    """The columns of a table, the common ones first."""
    common = first_column(section("Columns that every"), "column")
    return common + first_column(section(f"`{table}.csv`"), "column")


def certificate_keys() -> list[str]:
    """The keys of a certificate; what stands in brackets explains them."""
    return re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", section("`NAME.meta.json`"))[16:])
