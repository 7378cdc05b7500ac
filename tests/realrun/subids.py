"""What /etc/subuid and /etc/subgid say, for one command: over this machine's own, in its mounts."""

from __future__ import annotations

from pathlib import Path


def said(folder: Path, text: str) -> str:
    """The beginning of a shell's script that has a mount namespace of its own; `folder` is there
    for it to use. The files need not exist: all of /etc is covered by itself, writable."""
    (folder / "ids").write_text(text)
    (folder / "etc").mkdir(exist_ok=True)
    return (
        f"mount -t tmpfs tmpfs {folder}/etc; mkdir {folder}/etc/upper {folder}/etc/work; "
        f"mount -t overlay -o lowerdir=/etc,upperdir={folder}/etc/upper,"
        f"workdir={folder}/etc/work overlay /etc; "
        f"cp {folder}/ids /etc/subuid; cp {folder}/ids /etc/subgid; "
    )
