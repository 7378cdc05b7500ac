"""Checks: "right", or a hint."""

from __future__ import annotations


class NotYet(Exception):
    """An answer that is not right yet. Its text is a hint; a notebook shows that line and no traceback."""

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in place of the traceback: `InteractiveShell.showtraceback` asks for it."""
        return [str(self)]


def check(right: object, hint: str) -> None:
    """Say "right" if `right` is true; if not, stop the cell with a hint.

    A NumPy or pandas truth value counts as what it stands for; None, the answer nobody has given yet, is not
    right.

    Raises:
        NotYet: with the hint.
    """
    if right is None or not bool(right):
        raise NotYet(f"Not yet. Hint: {hint}")
    print("right")
