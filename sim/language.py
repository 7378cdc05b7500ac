"""Which language charts are in: one for the whole process, since a notebook is in one language."""

from sim.errors import SimError, nearest

LANGUAGES = ("en", "ko")
_now = ["en"]


def speak(language: str) -> None:
    """From now on charts are in `language`. Raises SimError for one that there is not."""
    if language not in LANGUAGES:
        raise SimError(f"language {language!r}: unknown; {nearest(language, LANGUAGES)}")
    _now[0] = language


def spoken() -> str:
    """The language that charts are in now."""
    return _now[0]
