"""An ordinary user's work among files of others: as root of a user namespace with all of one's ids.

An image's files have owners, and only who has their ids can make, read and remove them. Work on the
store enters such a namespace as a whole; what else removes files calls a process that does.
Where there are no subordinate ids, all files are the user's own, and nothing is entered.

Source: user_namespaces(7), newuidmap(1).
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from realrun import paths
from realrun.errors import KernelRefused, RealRunError, in_words
from realrun.files import rights
from realrun.files.allids import NONE_HERE
from realrun.files.remove import remove_tree
from realrun.image.layers import unpack_blob
from realrun.linux import namespaces
from realrun.linux.calls import carry_out
from realrun.runtime import mapped, subids


def enter() -> None:
    """Become root of one's own ids, if there are any. Only for a process with a single thread."""
    ids = subids.own_or_none() if os.geteuid() else None
    if ids is None:
        return
    os.environ["REALRUN_ROOT"] = str(paths.root())
    ready, go = os.pipe2(os.O_CLOEXEC)
    answer, told = os.pipe2(os.O_CLOEXEC)
    caller, helper = os.getpid(), os.fork()
    if helper == 0:  # who maps must have stayed outside
        os.close(go)
        try:
            if os.read(ready, 1):
                mapped.write_maps(caller, {"uids": ids.uids, "gids": ids.gids})
        except BaseException as error:
            os.write(told, str(error).encode("utf-8", "replace"))
        finally:
            os._exit(0)
    with suppress(KernelRefused):  # then the helper hears nothing, and all stays as it is
        carry_out(namespaces.unshare("user"))
        os.write(go, b"g")
    os.close(told)
    os.close(go)
    with open(answer, encoding="utf-8") as why:
        failed = why.read()
    os.waitpid(helper, 0)
    os.close(ready)
    if failed:
        raise RealRunError(failed)
    rights.in_first_namespace.cache_clear()
    if not rights.in_first_namespace():
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)


def main() -> None:
    """What `files.allids` asks for in words."""
    enter()
    if os.geteuid():
        sys.exit(NONE_HERE)
    verb, *words = sys.argv[1:]
    try:
        if verb == "remove":
            remove_tree(Path(*words))
        else:
            blob, tree, diff_id = words
            unpack_blob(Path(blob), Path(tree), diff_id)
    except (RealRunError, OSError) as error:
        sys.exit(in_words(error))
