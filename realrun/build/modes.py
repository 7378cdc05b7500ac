"""--chmod: an octal mode, or chmod's words such as `u=rwX,go=rX`, which start from what there is.

Source: Dockerfile reference, "COPY --chmod"; POSIX.1-2017, `chmod`, "Extended Description". A
clause without a class means all, whatever the umask.
"""

from __future__ import annotations

import re
import stat

CLAUSE = re.compile(r"([ugoa]*)((?:[-+=][rwxXst]*)+)")
ACTION = re.compile(r"([-+=])([rwxXst]*)")
SHIFTS = {"u": 6, "g": 3, "o": 0}
SPECIAL = {"u": stat.S_ISUID, "g": stat.S_ISGID, "o": stat.S_ISVTX}


class BadMode(ValueError):
    """Neither octal nor words of chmod."""


def check(text: str) -> str:
    """The text, if it is a mode; raises BadMode."""
    octal = re.fullmatch(r"[0-7]{1,5}", text) and int(text, 8) <= 0o7777
    if not octal and not all(CLAUSE.fullmatch(clause) for clause in text.split(",")):
        raise BadMode(f"--chmod={text} is no mode: octal such as 755, or words such as u=rwX,go=rX")
    return text


def changed(text: str, mode: int) -> int:
    """The permission bits that a file of this `st_mode` gets; no text leaves them as they are.

    >>> oct(changed("u=rwX,go=rX", 0o100600)), oct(changed("go+x", 0o40700))
    ('0o644', '0o711')
    """
    bits = stat.S_IMODE(mode)
    if not text:
        return bits
    if text.isdecimal():
        return int(text, 8)
    for clause in text.split(","):
        found = CLAUSE.fullmatch(clause)
        assert found is not None
        classes = "ugo" if found[1] == "" or "a" in found[1] else found[1]
        for sign, letters in ACTION.findall(found[2]):
            bits = applied(bits, classes, sign, letters, stat.S_ISDIR(mode))
    return bits


def applied(bits: int, classes: str, sign: str, letters: str, is_directory: bool) -> int:
    """One `+x`, `-w` or `=rX`."""
    wanted = sum({"r": 4, "w": 2, "x": 1}[letter] for letter in set(letters) & set("rwx"))
    if "X" in letters and (is_directory or bits & 0o111):
        wanted |= 1
    mask = sum(wanted << SHIFTS[one] for one in set(classes))
    whole = sum(7 << SHIFTS[one] for one in set(classes))
    if "s" in letters:
        mask |= sum(SPECIAL[one] for one in set(classes) & set("ug"))
    if "t" in letters and "o" in classes:
        mask |= stat.S_ISVTX
    if sign == "=":
        return (bits & ~(whole | sum(SPECIAL[one] for one in set(classes)))) | mask
    return bits | mask if sign == "+" else bits & ~mask
