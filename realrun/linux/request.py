"""What is to be asked of the kernel later: a function and what it is called with.

A child is a copy of us, and whatever it touches is copied first. So what a step comes down to is
made ready before the clone, and the child carries it out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Request = tuple[Any, ...]


def carry_out(requests: Iterable[Request]) -> None:
    """Do them in their order."""
    for function, *args in requests:
        function(*args)
