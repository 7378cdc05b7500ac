"""ADD of a URL: the file is fetched into the folder of the step and copied from there.

* http and https only, redirects included; a Git repository is refused;
* the file's name is the last part of the URL's path;
* mode 0600, owned by root; its time is what the server says in Last-Modified, or 1970;
* it is not unpacked, unless --unpack says so;
* it is fetched for every build: whether it is still the same only its content can tell.

Source: Dockerfile reference, "ADD", "Adding files from a remote URL", "--checksum"; BuildKit for
the time of a file without Last-Modified.
"""

from __future__ import annotations

import os
import posixpath
import re
from contextlib import closing
from pathlib import Path
from typing import Any

from realrun.build.selecting import CannotCopy, Item, Source
from realrun.image.merged import Merged

CHUNK = 1 << 20
PATIENCE_S = 60.0  # for each answer of the server
CHECKSUM = re.compile(r"sha256:([0-9a-f]{64})")


def is_remote(word: str) -> bool:
    """Does this source of an ADD come from the network?"""
    return is_git(word) or word.startswith(("http://", "https://"))


def is_git(word: str) -> bool:
    """By BuildKit's rules: how a name begins, or that the path of a URL ends in .git"""
    if word.startswith(("git://", "git@", "ssh://")):
        return True
    address = re.split("[?#]", word, maxsplit=1)[0]
    return word.startswith(("http://", "https://")) and address.endswith(".git")


def fetch(url: str, folder: Path, checksum: str) -> Source:
    """The file as a source of a copy; raises CannotCopy with the reason."""
    if is_git(url):
        raise CannotCopy(
            f"ADD {url}: a Git repository cannot be added; clone it and COPY it, or RUN git clone"
        )
    wanted = CHECKSUM.fullmatch(checksum) if checksum else None
    if checksum and not wanted:
        raise CannotCopy(f"--checksum={checksum} has to be sha256: and 64 of 0-9 and a-f")
    path = folder / "fetched"
    found = download(url, path)
    if wanted and wanted[1] != found:
        raise CannotCopy(f"ADD {url}: its checksum is sha256:{found}, not {checksum}")
    node = Merged([folder]).find(path.name)
    return Source(name_of(url), (Item((), node),), False)


def name_of(url: str) -> str:
    """The name in a target directory; empty if the URL has none.

    >>> name_of("http://host/a/b%20c?x=1"), name_of("http://host/")
    ('b c', '')
    """
    from urllib.parse import unquote, urlsplit

    name = posixpath.basename(unquote(urlsplit(url).path, errors="surrogateescape"))
    return "" if name in (".", "..") or "\0" in name else name


def download(url: str, path: Path) -> str:
    """Write the file and return the SHA-256 of its content."""
    import hashlib
    from http.client import HTTPException

    total = hashlib.sha256()
    try:
        with closing(opener().open(url, timeout=PATIENCE_S)) as answer, open(path, "xb") as out:
            size, said = 0, answer.headers.get("Content-Length")
            while piece := answer.read(CHUNK):
                total.update(piece)
                size += out.write(piece)
            when = answer.headers.get("Last-Modified", "")
    except (OSError, HTTPException, ValueError) as error:
        raise CannotCopy(f"ADD {url}: {why(error)}") from None
    if said is not None and said.isdecimal() and int(said) != size:
        raise CannotCopy(f"ADD {url}: the server promised {said} bytes and sent {size}")
    path.chmod(0o600)
    os.utime(path, (seconds(when),) * 2)
    return total.hexdigest()


def opener() -> Any:
    """For http and https alone: a redirect must not lead to anything else."""
    from urllib import request

    made = request.OpenerDirector()
    for handler in (request.ProxyHandler, request.UnknownHandler, request.HTTPHandler,
                    request.HTTPSHandler, request.HTTPDefaultErrorHandler,
                    request.HTTPRedirectHandler, request.HTTPErrorProcessor):  # fmt: skip
        made.add_handler(handler())
    return made


def why(error: Exception) -> str:
    """What went wrong, in words: the server's answer, or what kept us from one."""
    code = getattr(error, "code", None)
    if isinstance(code, int):
        return f"the server says {code} {getattr(error, 'reason', '')}".rstrip()
    reason = getattr(error, "reason", None) or error
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)


def seconds(when: str) -> int:
    """The time of a Last-Modified header; 0 if there is none that can be read.

    >>> seconds("Thu, 01 Jan 1970 00:01:00 GMT"), seconds("yesterday")
    (60, 0)
    """
    from email.utils import mktime_tz, parsedate_tz

    parsed = parsedate_tz(when)
    try:
        return max(0, mktime_tz(parsed)) if parsed else 0
    except (OverflowError, ValueError):
        return 0
