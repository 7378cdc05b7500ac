"""Work among the files of a guest: they are on a disk that only its own kernel reads.

A guest that runs does the work itself, beside its program. For one that does not, its kernel is
booted once more, on its disk and for this work alone; meanwhile nobody can start or remove it. What
goes in or comes out waits in a file of ours until it is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from realrun import engine
from realrun.containers import pausing
from realrun.containers.presence import presence
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.errors import RealRunError, UsageError
from realrun.files.workspace import workspace
from realrun.guest import levels
from realrun.image import tarread as tar
from realrun.image.budget import Budget
from realrun.image.tarread import TarReader
from realrun.image.tarwrite import END, headers, padding
from realrun.runtime.run import Run, Sink, to_end
from realrun.runtime.spec import Spec, new_id
from realrun.runtime.start import Starter
from realrun.runtime.watch import Watch

PATIENCE_S = 60.0  # with a guest that was booted for the work and neither reads nor writes
Begin = Callable[[str, Sink, Sink, int | None, Starter], Run]


@contextmanager
def visit(
    registry: Registry, container: Container, verb: str, args: Mapping[str, Any], mode: str,
    mounts: bool = True, still: bool = False,
) -> Iterator[BinaryIO]:  # fmt: skip
    """The archive that the guest sends (`mode` "rb"), or one to be filled for it ("wb").

    Without `mounts`, nothing is mounted from outside in a guest that does not run. `still`: it must
    not run. Raises what the guest says is wrong.
    """
    from realrun.guest import copying

    text = copying.script(verb, args)
    with ExitStack() as stack:
        begin = way_in(registry, container, mounts, still, stack)
        scratch = stack.enter_context(workspace(registry.root, "guest"))
        archive = cast(BinaryIO, stack.enter_context(open(scratch / "archive", "w+b")))
        if mode == "rb":
            run(begin, text, archive, None)
            archive.seek(0)
        yield archive
        if mode == "wb":
            archive.flush()
            archive.seek(0)
            run(begin, text, None, archive.fileno())


def way_in(
    registry: Registry, container: Container, mounts: bool, still: bool, stack: ExitStack
) -> Begin:  # fmt: skip
    """How to have the guest's init carry out a script, as long as `stack` is open."""
    from realrun.guest import visits

    spec = replace(container.spec, terminal=None)
    if presence(registry, container, stack) is None:
        kept = tuple(one for one in spec.mounts if mounts and one.kind != "tmpfs")
        upper = str(registry.path(container.id) / container.writable)
        spec = replace(spec, id=new_id(), upper=upper, level=levels.MINIMAL, mounts=kept)
        return partial(boot, registry.root, spec)
    pausing.check(registry, container)
    if still:
        raise UsageError(
            f"container {container.name} is a guest that runs, and nothing holds its files still;"
            f" `realrun stop {container.name}` first, or say --pause=false"
        )
    return lambda text, out, err, stdin, starter: visits.begin(
        registry.path(container.id), spec, text, out, err, stdin
    )


def boot(
    root: Path, spec: Spec, text: str, out: Sink, err: Sink, stdin: int | None, starter: Starter
) -> Run:  # fmt: skip
    """A guest for this script alone."""
    from realrun.guest.begin import begin

    accelerator = engine.accelerator(spec.isolation)
    guest = begin(spec, root, starter, accelerator, out, err, stdin, text)
    guest.patience_s = PATIENCE_S
    return guest


def run(begin: Begin, text: str, out: BinaryIO | None, stdin: int | None) -> None:
    """Have the guest do it; raises what it says is wrong, and OverBudget if it sends too much."""
    said, budget = bytearray(), Budget()

    def keep(data: bytes) -> None:
        budget.bytes(len(data))
        if out is not None:
            out.write(data)

    with Watch() as starter:
        one = begin(text, keep, said.extend, stdin, starter)
        to_end(one, starter)
    if engine.exit_code(one):
        *_, last = ["", *said.decode(errors="replace").strip().splitlines()]
        raise RealRunError(last or f"the copying process in the guest ended with {one.record.code}")


def export(registry: Registry, container: Container, out: BinaryIO) -> None:
    """All files of a guest as an archive, their names as a container's archive has them."""
    with visit(registry, container, "send_all", {}, "rb", mounts=False) as archive:
        reader = TarReader(archive.read)
        for entry in reader:
            entry.name = entry.name.removeprefix(b"./")
            if entry.kind == tar.HARD_LINK:
                entry.link = entry.link.removeprefix(b"./")
            if entry.name:
                out.write(headers(entry))
                if entry.kind == tar.REGULAR:
                    out.writelines(piece for _, piece in reader.chunks(entry))
                    out.write(padding(entry.size))
        out.write(END)
        out.flush()
