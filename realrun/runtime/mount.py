"""What is mounted into an instance, as it is asked for."""

from __future__ import annotations

from typing import NamedTuple


class Mount(NamedTuple):
    """Something of outside at a place inside; `target` is absolute and clean.

    `bind`: `source` is a path of this machine; with the option `create` it is made if missing.
    `volume`: `source` is a volume's name, empty for one that goes with the instance; with the
    option `nocopy` it does not take over what the image has there, `label=NAME=VALUE` is for a new
    one. `tmpfs`: memory, no source;
    the options are mount(8)'s.
    """

    kind: str
    source: str
    target: str
    read_only: bool = False
    options: tuple[str, ...] = ()
