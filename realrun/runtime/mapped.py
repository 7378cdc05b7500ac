"""A child in a user namespace whose ids somebody else has to map: the two sides of it.

The child waits until its ids are mapped: for root from here, for an ordinary user by newuidmap(1).
Root's container lives on ids that may not open root's files, so whatever comes from outside is
opened for it: the layers, their owners shown by the mount as ids of the container, stacked by a
helper, for only a mount of root's may have them; and what else is to be mounted.

Source: user_namespaces(7); overlayfs.rst, "Permission model"; open_tree(2), move_mount(2).
"""

from __future__ import annotations

import array
import fcntl
import os
import signal
import socket
import stat
from collections.abc import Sequence
from typing import Any

from realrun.errors import RealRunError
from realrun.linux import idmaps, mounts, namespaces, processes, stacking, trees
from realrun.linux.calls import carry_out
from realrun.linux.idmaps import Range
from realrun.linux.inroot import held
from realrun.runtime import subids

ABOVE = 32  # out of the way of the descriptors that the program gets
MOST = 250  # descriptors in one message (SCM_MAX_FD is 253)


def clone(wanted: list[str], ids: dict[str, Any]) -> int:
    """Like `namespaces.clone`; returns in both processes when the child's ids are mapped.

    `ids`: `uids` and `gids` are the maps. With `root` (the arguments of `stacked`) the child gets
    a root file system, and with `sources` the trees at these paths, see `trees.GIVEN`. What of
    `own` is no directory with something in it is handed over to its root.
    """
    ours, theirs = socket.socketpair()
    pid = namespaces.clone(wanted)
    if pid == 0:
        ours.close()
        receive(theirs, ids)
        return 0
    theirs.close()
    with ours:
        try:
            write_maps(pid, ids)
            send(ours, pid, ids)
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
    return pid


def names(ids: dict[str, Any]) -> list[str]:
    """What the child is given, by name; the root file system by that of its place."""
    return [*([ids["root"]["target"]] if ids.get("root") else []), *ids.get("sources", ())]


def receive(theirs: socket.socket, ids: dict[str, Any]) -> None:
    """The child waits; it ends with those who would map its ids."""
    said, fds, _, _ = socket.recv_fds(theirs, 1, MOST, socket.MSG_CMSG_CLOEXEC)
    theirs.close()
    if not said:
        os._exit(1)
    for name, fd in zip(names(ids), fds, strict=True):
        trees.GIVEN.setdefault(name, []).append(out_of_the_way(fd))


def out_of_the_way(fd: int) -> int:
    """The same descriptor with a number that the child has no other use for."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, ABOVE)
    os.close(fd)
    return moved


# --- the side of those who have the rights --------------------------------------------------------


def write_maps(pid: int, ids: dict[str, Any]) -> None:
    """Directly with rights over all these ids, else by the programs that have them."""
    if os.geteuid() == 0:
        idmaps.write(pid, ids["uids"], ids["gids"])
        return
    for name, ranges in zip(subids.HELPERS, (ids["uids"], ids["gids"]), strict=True):
        words = [str(number) for one in ranges for number in one]
        call_helper(subids.helper(name) or name, str(pid), *words)


def call_helper(*words: str) -> None:
    """Run a program to its end; what it says is the error if it fails."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    with open(reader, encoding="utf-8", errors="replace") as answer:
        actions = [(os.POSIX_SPAWN_DUP2, writer, 2)]
        pid = os.posix_spawn(words[0], words, os.environ, file_actions=actions)
        os.close(writer)
        said = " ".join(answer.read().split())
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        raise RealRunError(f"{said or f'{words[0]} failed'}; `realrun doctor` says what it needs")


def send(ours: socket.socket, pid: int, ids: dict[str, Any]) -> None:
    """Let the child go on, with what it is given."""
    fds: list[int] = []
    try:
        if ids.get("root"):
            with held(os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)) as user:
                fds.append(in_helper(user, ids))
        for path in ids.get("own", ()):
            if not os.path.isdir(path) or not os.listdir(path):
                give_root(path, ids["uids"], ids["gids"])
        fds += [trees.cloned_tree(source) for source in ids.get("sources", ())]
        ours.sendmsg([b"g"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
    finally:
        for fd in fds:
            os.close(fd)


def in_helper(user_namespace: int, ids: dict[str, Any]) -> int:
    """The tree that `stacked` makes; its mounts are seen by nobody but a process made for that."""
    ours, theirs = socket.socketpair()
    pid = namespaces.clone(["mnt"])
    if pid == 0:
        try:
            ours.close()
            carry_out(mounts.make_private())
            tree = stacked(user_namespace, ids["uids"], ids["gids"], **ids["root"])
            socket.send_fds(theirs, [b"t"], [tree])
        except BaseException as error:
            theirs.send(str(error).encode("utf-8", "replace")[:4096])
        finally:
            os._exit(0)
    theirs.close()
    with ours:
        said, fds, _, _ = socket.recv_fds(ours, 4096, 1, socket.MSG_CMSG_CLOEXEC)
    os.waitpid(pid, 0)
    if not fds:
        raise RealRunError(f"step 'overlay': {said.decode('utf-8', 'replace')}")
    return fds[0]


def stacked(
    user_namespace: int, uids: Sequence[Range], gids: Sequence[Range],
    layers: list[str], upper: str, work: str, target: str,
) -> int:  # fmt: skip
    """The layers with owners of that namespace, under the writable one, as a tree of mounts.

    overlayfs takes a layer for what it is at its mount, so each is mounted, in a file system made
    for that at `target`, which the result then covers.
    """
    mounts.mount("tmpfs", target, "tmpfs", 0, "mode=700")
    places = [f"{target}/{os.path.basename(layer)}" for layer in layers]
    for layer, place in zip(layers, places, strict=True):
        os.mkdir(place)
        with (
            held(trees.cloned_tree(layer, recursive=False)) as tree,
            held(os.open(place, os.O_PATH | os.O_CLOEXEC)) as fd,
        ):
            idmaps.map_mount(tree, user_namespace, layer)
            trees.put_tree(tree, fd, place)
    give_root(upper, uids, gids)
    carry_out(stacking.overlay(places, upper, work, target, rootless=False))
    return trees.cloned_tree(target, recursive=False)


def give_root(folder: str, uids: Sequence[Range], gids: Sequence[Range]) -> None:
    """Hand over a folder that is new: it still has the owner that it is to have inside."""
    status = os.stat(folder)
    ranges = [(first, count) for _, first, count in uids]
    if any(first <= status.st_uid < first + count for first, count in ranges):
        return
    mode = stat.S_IMODE(status.st_mode)
    uid, gid = idmaps.outside(status.st_uid, uids), idmaps.outside(status.st_gid, gids)
    os.chown(folder, -1 if uid is None else uid, -1 if gid is None else gid)
    os.chmod(folder, mode)  # a change of owner takes setuid and setgid away


# --- the child's side -----------------------------------------------------------------------------


def take_root(target: str) -> None:
    """Mount the given root at its place and work from there: the way to it will be closed to us."""
    with (
        held(os.open(target, os.O_PATH | os.O_CLOEXEC)) as place,
        held(trees.cloned_tree(target)) as tree,
    ):
        trees.put_tree(tree, place, target)
    os.chdir(target)


def become_root() -> None:
    """Be root inside, whoever that is outside."""
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    processes.die_with_parent()  # again: the change of user took it back


def hand_over(fds: Sequence[int], ids: dict[str, Any]) -> None:
    """The program's pipes are its root's, or it could not open its /dev/stdout again."""
    uid, gid = (idmaps.outside(0, ids[key]) for key in ("uids", "gids"))
    for fd in fds:
        if stat.S_ISFIFO(os.fstat(fd).st_mode) and uid is not None and gid is not None:
            os.fchown(fd, uid, gid)
