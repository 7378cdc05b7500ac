"""One image, every isolation: the engine and the measuring.

The command line is `realrun.cli`. In Python its verbs are functions of this package, such as
`realrun.build(...)` and `realrun.run(...)`; they are loaded when they are first asked for.
"""

from __future__ import annotations

import sys

__version__ = "0.1.0"
__all__ = ["Container", "Image", "Result", "base", "bench", "build", "container", "containers",
           "create", "images", "isolations", "run", "tag"]  # fmt: skip
VERBS = ("build", "containers")  # packages that can be called, too


class Verb(type(sys)):
    """A package whose name is a verb: calling `realrun.build` calls `realrun.api.build`."""

    def __call__(self, *args: object, **options: object) -> object:
        return from_api(self.__name__.rpartition(".")[2])(*args, **options)


def from_api(name: str) -> object:
    """What `api` has by that name; the spawner, which loads this, never asks."""
    from importlib import import_module

    return getattr(import_module("realrun.api"), name)


def __getattr__(name: str) -> object:
    if name in VERBS:
        __import__(f"realrun.{name}")
        return sys.modules[f"realrun.{name}"]
    if name in __all__:
        return from_api(name)
    raise AttributeError(f"module 'realrun' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
