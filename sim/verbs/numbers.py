"""Lists of numbers on the command line."""

import argparse


def numbers(text: str) -> tuple[int, ...]:
    """`1,2,4` as numbers of instances; `4..64` is doubled from 4 on.

    >>> numbers("1,2,4..32")
    (1, 2, 4, 8, 16, 32)
    """
    found: set[int] = set()
    try:
        for piece in text.split(","):
            low, _, high = piece.partition("..")
            n = int(low)
            found.add(n)
            while high and (n := n * 2) <= int(high):
                found.add(n)
    except ValueError:
        found = set()
    if not found or min(found) < 1:
        raise argparse.ArgumentTypeError(f"expected numbers such as 1,2,4 or 1..64, got {text!r}")
    return tuple(sorted(found))
