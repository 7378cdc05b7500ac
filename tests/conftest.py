"""Marks that name an ability of the machine skip with the machine's own reason.

CI_PROMISES=userns,overlay lists what a machine is known to be able to do: there, a missing ability
fails its tests. Without it a broken probe would turn every real test into a silent skip.
"""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from tests.abilities import PROBES, verdict

# The same examples each time, and no race against the clock on a machine that has other work.
settings.register_profile(
    "bounded", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", settings.get_profile("bounded"), derandomize=False,
                          max_examples=10_000)  # fmt: skip
settings.load_profile("bounded")


def promised() -> frozenset[str]:
    """The abilities that CI_PROMISES lists."""
    return frozenset(filter(None, os.environ.get("CI_PROMISES", "").split(",")))


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a promise that no probe could break; hear signals, also in a background job.

    A script's background job ignores Ctrl-C, and its children inherit that: tests that send it
    would wait for ever.
    """
    for number, normal in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, normal)
    if unknown := promised() - PROBES.keys():
        known = ", ".join(sorted(PROBES))
        raise pytest.UsageError(f"CI_PROMISES: unknown {', '.join(unknown)}; known: {known}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before a marked test: ask the machine, once a session."""
    for mark in item.iter_markers():
        if mark.name not in PROBES:
            continue
        missing = PROBES[mark.name]()
        match verdict(mark.name, missing, promised()):
            case "skip":
                pytest.skip(f"{mark.name}: {missing}")
            case "fail":
                pytest.fail(f"{mark.name} was promised but is missing: {missing}", pytrace=False)
