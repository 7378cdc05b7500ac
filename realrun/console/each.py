"""One verb for several containers: what fails is told, and the others are done all the same."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from realrun.errors import RealRunError


def each(references: Sequence[str], act: Callable[[str], object]) -> int:
    """Print what `act` gives, or the reference; 1 if one of them failed, as Docker's."""
    failed = False
    for reference in references:
        try:
            told = act(reference)
        except RealRunError as error:
            print(f"realrun: {error}", file=sys.stderr)
            failed = True
        else:
            print(reference if told is None else told, flush=True)
    return int(failed)
