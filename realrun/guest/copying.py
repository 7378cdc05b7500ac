"""`cp` in a guest: its own kernel reads and writes its files, with the init's busybox.

A script runs with the image as its root, so that links mean what they mean there; busybox is
reached through the ram disk's root, which proc(5) shows. All files together are read beside that,
without what is mounted on them.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from realrun.errors import UsageError

CHROOT = 'b=/proc/$PPID/root/bin/busybox; exec "$b" chroot /root "$b" sh -c {} "$b" {}\n'
NO_SUCH = '{ echo "no such path: $1" >&2; exit 1; }'
# What is to be sent ($1), whether the link at its end is followed ($2), the name that is told ($3).
SEND = f"""path=$1
[ "$2" ] && path=$("$0" readlink -f "$path")
[ -L "$path" ] || [ -e "$path" ] || {NO_SUCH}
case $1 in */|*/.) [ -d "$path" ] || {NO_SUCH} ;; esac
if [ -d "$path" ] && [ ! -L "$path" ] && [ "$3" = . ]; then
	exec "$0" tar -C "$path" -cf - .
fi
case $1 in */|*/.) path=$("$0" readlink -f "$path") ;; esac
exec "$0" tar -C "$("$0" dirname "$path")" -cf - "$("$0" basename "$path")"
"""
# Where it is to go ($1), what it is called ($2), whether it is a directory ($3), whose it is to be
# ($4). It is unpacked beside its place, then put there.
TAKE_IN = """case $1 in */|*/.)
	[ "$3" ] || [ -d "$1" ] || { echo "no such directory: $1" >&2; exit 1; } ;;
esac
to=${1%/.} parent=$("$0" dirname "$1")
case $1 in */.) parent=$to ;; esac
[ -d "$to" ] && parent=$to && to=$to/$2
if [ ! -d "$parent" ]; then echo "no such directory in the container: $parent" >&2; exit 1; fi
if [ "$3" ] && [ -e "$to" ] && [ ! -d "$to" ]; then
	echo "cannot copy a directory onto a file; name another destination" >&2; exit 1
fi
if [ ! "$3" ] && [ -d "$to" ]; then
	echo "cannot overwrite a directory with a file: $to" >&2; exit 1
fi
new=$("$0" mktemp -d "$parent/.cpXXXXXX") || exit 1
"$0" tar -C "$new" -xpf - && { [ ! "$4" ] || "$0" chown -hR "$4" "$new/it"; } &&
	if [ "$3" ]; then
		mkdir -p "$to" && "$0" cp -a "$new/it/." "$to"
	else
		"$0" mv -f "$new/it" "$to"
	fi
code=$?
"$0" rm -rf "$new"
exit $code
"""
TAKE_IN_ARCHIVE = """
[ -d "$1" ] || { echo "no such directory in the container: $1" >&2; exit 1; }
exec "$0" tar -C "$1" -xpf -
"""
# The same names whoever asks at the same time: each has its own mount.
SEND_ALL = """files=/files.$$
mkdir $files && mount --bind /root $files || exit 1
busybox tar -C $files -cf - .
code=$?
umount $files && rmdir $files
exit $code
"""


def script(verb: str, args: Mapping[str, Any]) -> str:
    """What the guest's shell is to do for one of the works of `cp`; raises KeyError for others."""
    if verb == "send_all":
        return SEND_ALL
    path, owner = args.get("path", ""), args.get("owner")
    if not path:
        raise UsageError("the path in the container is empty")
    whose = f"{owner[0]}:{owner[1]}" if owner else ""
    absolute = path if path.startswith("/") else f"/{path}"
    text, words = {
        "send": (SEND, ["1" if args.get("follow") else "", "" if args.get("named") else "."]),
        "take_in": (TAKE_IN, [args.get("name", ""), "1" if args.get("directory") else "", whose]),
        "take_in_archive": (TAKE_IN_ARCHIVE, []),
    }[verb]
    return CHROOT.format(shlex.quote(text), shlex.join([absolute, *words]))
