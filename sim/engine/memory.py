"""Memory: private pages, pages shared by content, and a capacity.

Pages of one image are in memory once, however many instances map them: that is what the page
cache does for containers that run from the same layers. Neither swapping nor reclaim nor
ballooning is modelled: what does not fit is refused.
"""

from collections import Counter

from sim.errors import DoesNotFit, ModelBroken


class Memory:
    """`capacity_mib` of memory, who holds how much of it, and what they share.

    >>> memory = Memory(capacity_mib=100)
    >>> for name in ("a", "b"):
    ...     memory.take(name, private_mib=10, image="hello", image_mib=30)
    >>> memory.used_mib
    50.0
    >>> memory.give_back("a")
    >>> memory.used_mib                 # the image stays as long as somebody maps it
    40.0
    """

    def __init__(self, capacity_mib: float) -> None:
        if capacity_mib <= 0:
            raise ValueError(f"capacity_mib must be > 0, got {capacity_mib}")
        self.capacity_mib = capacity_mib
        self.used_mib = 0.0
        self._private: dict[str, tuple[float, str | None]] = {}
        self._image_mib: dict[str, float] = {}
        self._mapped: Counter[str] = Counter()

    def take(
        self, holder: str, private_mib: float, image: str | None = None, image_mib: float = 0.0
    ) -> None:
        """Give `holder` private memory and map `image`, loading it if nobody has it yet.

        Raises DoesNotFit, and changes nothing, if the host is too small.
        """
        if holder in self._private:
            raise ValueError(f"holder {holder!r} has memory already")
        if private_mib < 0 or image_mib < 0:
            raise ValueError(f"memory must be >= 0 MiB, got {private_mib} and {image_mib}")
        load_mib = 0.0 if image is None or self._mapped[image] else image_mib
        if self.used_mib + private_mib + load_mib > self.capacity_mib:
            raise DoesNotFit(
                f"{holder} needs {private_mib + load_mib:.4g} MiB more, but"
                f" {self.used_mib:.4g} of {self.capacity_mib:.4g} MiB are in use"
            )
        if image is not None and not self._mapped[image]:
            self._image_mib[image] = image_mib
        self._private[holder] = (private_mib, image)
        self._mapped.update([image] if image is not None else [])
        self.used_mib += private_mib + load_mib

    def give_back(self, holder: str) -> None:
        """Free what `holder` has alone, and the image if it was the last to map it."""
        private_mib, image = self._private.pop(holder)
        self.used_mib -= private_mib
        if image is None:
            return
        self._mapped[image] -= 1
        if not self._mapped[image]:
            self.used_mib -= self._image_mib.pop(image)

    def check(self) -> None:
        """Law: every MiB in use is private to a holder or belongs to one mapped image."""
        held_mib = sum(mib for mib, _ in self._private.values())
        lost_mib = self.used_mib - held_mib - sum(self._image_mib.values())
        if abs(lost_mib) > 1e-6:
            raise ModelBroken(f"{lost_mib:+} MiB unaccounted for")
