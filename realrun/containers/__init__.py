"""Containers as Docker's users know them: created, started, stopped, kept until they are removed.

A container is an image plus a writable layer plus what was settled when it was created. It is a
folder, `ROOT/containers/ID`; while it runs, an instance of the runtime (`ROOT/instances/ID`) runs
on top of its writable layer. There is no daemon: whoever starts it watches over it, the command in
the foreground or one small process of its own (`keeper`), and all others find it by its folder.

    record      what is settled at `create`, and what happened since
    registry    the folders, the names, who is running
    names       which names there may be, and one for those who give none
    logs        what the program said, line by line
    watching    start, watch over, note the end: for both kinds of watcher
    keeper      the watcher in the background; `nap` is what it is while nothing happens
    signals     stop, kill, wait
    joining     exec: one more program in a running container
    copying     cp: files in and out; `places` has Docker's rules for the two paths
    visits      work inside the container's own root, running or not: `sending`, `receiving`
    changed     diff;  committing: commit
    counting    top, stats: who runs in it, and what they use
"""

from __future__ import annotations

import sys

import realrun

sys.modules[__name__].__class__ = realrun.Verb  # `realrun.containers(...)` is a verb
