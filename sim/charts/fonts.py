"""Fonts: Latin and Hangul, found without asking anybody to install one.

The Hangul font (NanumGothic) comes with the package `koreanize-matplotlib`. Only its files are
taken: the package itself would change matplotlib's settings when it is imported.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from matplotlib.font_manager import fontManager

LATIN = "DejaVu Sans"  # comes with matplotlib
PACKAGE, HANGUL = "koreanize_matplotlib", "NanumGothic"
FILES = ("NanumGothic.ttf", "NanumGothicBold.ttf")
ON_MACHINES = (HANGUL, "Noto Sans CJK KR", "Noto Sans KR", "Apple SD Gothic Neo",
               "Malgun Gothic")  # fmt: skip


def families(language: str) -> list[str]:
    """The fonts of a language, the first that has a sign wins; without Hangul if there is none."""
    hangul = hangul_family()
    if language == "ko" and hangul:
        return [hangul, LATIN]
    return [LATIN, *([hangul] if hangul else [])]


@cache
def hangul_family() -> str:
    """The name of a font with Hangul, made known to matplotlib if need be; "" if there is none."""
    for path in packaged():
        fontManager.addfont(path)
    there = {font.name for font in fontManager.ttflist}
    return next((name for name in ON_MACHINES if name in there), "")


def packaged() -> list[Path]:
    """The font files of the package, regular and bold; none if it is not installed."""
    found = find_spec(PACKAGE)
    folders = found.submodule_search_locations if found else None
    paths = (Path(folder) / "fonts" / name for folder in folders or () for name in FILES)
    return [path for path in paths if path.exists()]
