"""Root of this machine, or only of a user namespace, where the kernel keeps the more from us.

There nobody makes device nodes or sets attributes of `trusted.` (user_namespaces(7), xattr(7)).
"""

from __future__ import annotations

import os
from functools import cache

EVERYBODY = ["0", "0", "4294967295"]  # the map of the first user namespace


def is_root() -> bool:
    """Root of this machine."""
    return os.geteuid() == 0 and in_first_namespace()


@cache
def in_first_namespace() -> bool:
    """Are our ids those of the machine; whoever changes the namespace clears the cache."""
    with open("/proc/self/uid_map", encoding="utf-8") as file:
        return file.read().split() == EVERYBODY
