"""Numbers and names as people read them: the same on charts, on pages and on the terminal."""

from collections.abc import Mapping

from sim.errors import SimError, nearest

EMULATION = "tcg, software emulation"
Texts = Mapping[str, str]  # what is said, by a name that is the same in all languages


def spoken(texts: Mapping[str, Texts], language: str) -> Texts:
    """The texts in one language; raises SimError for one that they are not written in."""
    if language not in texts:
        raise SimError(f"language {language!r} is unknown; {nearest(language, texts)}")
    return texts[language]


def label(isolation: str, accelerator: str, emulation: str = EMULATION) -> str:
    """How an isolation is called wherever it is shown; emulation never passes for virtualisation.

    >>> label("qemu", "tcg")
    'qemu (tcg, software emulation)'
    >>> label("container", "none")
    'container'
    """
    if accelerator == "tcg":
        return f"{isolation} ({emulation})"
    return isolation if accelerator in ("none", isolation) else f"{isolation} ({accelerator})"


def seconds(value_s: float) -> str:
    """A duration with three significant digits and the unit that suits it.

    >>> seconds(0.003124), seconds(0.0421), seconds(1.3), seconds(0), seconds(62.04)
    ('3.12 ms', '42.1 ms', '1.30 s', '0 s', '62.0 s')
    """
    if value_s == 0:
        return "0 s"
    scale, unit = time_unit(value_s)
    return f"{three(value_s * scale)} {unit}"


def time_unit(value_s: float) -> tuple[float, str]:
    """What to multiply seconds by, and what they are called then."""
    return (1e3, "ms") if abs(value_s) < 0.9995 else (1.0, "s")


def seconds_interval(median_s: float, low_s: float, high_s: float) -> str:
    """A median with its interval, all in the median's unit.

    >>> seconds_interval(0.0031, 0.00303, 0.00324)
    '3.10 ms [3.03, 3.24]'
    """
    scale, unit = time_unit(median_s)
    return f"{three(median_s * scale)} {unit} [{three(low_s * scale)}, {three(high_s * scale)}]"


def mib(value_mib: float) -> str:
    """An amount of memory with three significant digits.

    >>> mib(1.234), mib(98.76), mib(6200.4)
    ('1.23 MiB', '98.8 MiB', '6,200 MiB')
    """
    return f"{three(value_mib)} MiB"


def three(value: float) -> str:
    """Three significant digits, never in powers of ten for what people meet here."""
    size = abs(value)
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2 if size >= 0.9995 else 3
    return f"{value:,.{digits}f}"
