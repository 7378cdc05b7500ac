"""Results that are summed up while they come: a million times in a few hundred numbers.

Values are counted in classes whose bounds grow by the same factor, so that every quantile is off by
at most `ACCURACY` of itself; count, mean, smallest and largest are exact. The same values in the
same order give the same tally, byte for byte; tallies of parts add up to the tally of the whole.

Source: C. Masson, J. E. Rim, H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with
relative-error guarantees", PVLDB 12(12), 2019.
"""

from math import ceil, inf, log

ACCURACY = 0.005
GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
_PER_LOG = 1 / log(GROWTH)


class Tally:
    """Times, or other values >= 0.

    >>> tally = Tally()
    >>> for value in range(1, 101):
    ...     tally.add(float(value))
    >>> tally.count, tally.mean, tally.largest
    (100, 50.5, 100.0)
    >>> abs(tally.quantile(0.5) / 50 - 1) <= ACCURACY
    True
    """

    __slots__ = ("classes", "count", "largest", "smallest", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.smallest, self.largest = inf, -inf
        self.classes: dict[int | None, int] = {}  # None: the zeros

    def add(self, value: float) -> None:
        """Count one value."""
        self.count += 1
        self.total += value
        if value < self.smallest:
            self.smallest = value
        if value > self.largest:
            self.largest = value
        at = ceil(log(value) * _PER_LOG) if value else None
        self.classes[at] = self.classes.get(at, 0) + 1

    def merge(self, other: "Tally") -> None:
        """Count all values of another tally."""
        self.count += other.count
        self.total += other.total
        self.smallest = min(self.smallest, other.smallest)
        self.largest = max(self.largest, other.largest)
        for at, count in other.classes.items():
            self.classes[at] = self.classes.get(at, 0) + count

    @property
    def mean(self) -> float:
        """The mean of all values; NaN if there are none."""
        return self.total / self.count if self.count else float("nan")

    def quantile(self, share: float) -> float:
        """The value that `share` of all are not above, within ACCURACY; NaN if there are none."""
        if not 0 <= share <= 1:
            raise ValueError(f"share must be in [0, 1], got {share}")
        below = ceil(share * self.count) or 1
        seen = 0
        for at in sorted(self.classes, key=lambda at: -inf if at is None else at):
            seen += self.classes[at]
            if seen >= below:
                value = 0.0 if at is None else 2 * GROWTH**at / (GROWTH + 1)
                return min(max(value, self.smallest), self.largest)
        return float("nan")
