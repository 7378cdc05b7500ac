"""Tables on the terminal, in the house's style."""

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

# Columns that hold words stand left, numbers right.
TEXTS = ("isolation", "data", "subject", "curve", "law", "parameter", "source")


def console() -> Console:
    """Wide enough for the table where the output is a file and has no width of its own."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=150)


def new_table(title: str, heads: Iterable[str]) -> Table:
    """An empty table in the house's style: one rule, no boxes. Numbers are never cut short."""
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, padding=0
    )
    for head in heads:
        if head in TEXTS:
            table.add_column(head)
            continue
        broken = head if len(head) > 13 else head.replace(" ", "\n", 1)
        table.add_column(escape(broken), justify="right", no_wrap=True)
    return table
