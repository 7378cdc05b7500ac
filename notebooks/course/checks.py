"""Checks: "right", or a hint."""

from __future__ import annotations

from course.language import say, translated


class NotYet(Exception):
    """An answer that is not right yet; a notebook shows the hint and no traceback.

    Args:
        hint: what leads on. It is said in the lesson's language, if its catalogue has it.
    """

    def __init__(self, hint: str) -> None:
        super().__init__(say("Not yet. Hint: {hint}", hint=translated(hint)))

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in place of the traceback (`InteractiveShell.showtraceback`)."""
        return [str(self)]


def check(right: object, hint: str) -> None:
    """Say "right" if `right` is true; if not, stop the cell with a hint.

    A NumPy or pandas truth value counts as what it stands for; None, the answer that nobody has
    given yet, is not right.

    Raises:
        NotYet: with the hint.
    """
    if right is None or not bool(right):
        raise NotYet(hint)
    print(say("right"))
