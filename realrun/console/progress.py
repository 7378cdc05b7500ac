"""A progress line on the terminal: to stderr, and only lines of text where that is no terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SILENCE_S = 10.0


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Callable[[str], None]]:
    """Call what you get with a word each time something begins."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        print(f"{title} ...", file=sys.stderr, flush=True)
        yield lambda _: None
        return
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task(title, total=total)

        def tick(what: str) -> None:
            bar.update(task, description=f"{title}: {what}", advance=1)

        yield tick


@contextmanager
def meter(title: str) -> Iterator[Callable[[str, float, float | None], None]]:
    """Call what you get with what begins, and with the seconds that are spent and left, at most.

    Where there is no terminal a line is written now and then.
    """
    from rich.console import Console
    from rich.status import Status

    console = Console(stderr=True)
    quiet_until_s = 0.0

    def line(what: str, spent_s: float, left_s: float | None) -> str:
        left = "" if left_s is None else f", at most {shown_s(left_s)} left"
        return f"{title}: {what} ({shown_s(spent_s)} so far{left})"

    def say(what: str, spent_s: float, left_s: float | None) -> None:
        nonlocal quiet_until_s
        if time.monotonic() >= quiet_until_s:
            quiet_until_s = time.monotonic() + SILENCE_S
            print(line(what, spent_s, left_s), file=sys.stderr, flush=True)

    if not console.is_terminal:
        yield say
        return
    with Status(title, console=console) as status:
        yield lambda *told: status.update(line(*told))


def shown_s(seconds: float) -> str:
    """Time for people.

    >>> shown_s(9.6), shown_s(61), shown_s(3725)
    ('10 s', '1:01 min', '1:02 h')
    """
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"
