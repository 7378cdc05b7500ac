"""All cases; a text without a FROM line goes on after `FROM base`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.peers import (
    cases_copy,
    cases_fetch,
    cases_mixed,
    cases_mounts,
    cases_settings,
    cases_stages,
)

PLACES = re.compile(r"--mount=\S*(?:target|dst|destination)=([^,\s]+)")


@dataclass(frozen=True)
class Case:
    """One Dockerfile with what it is built with."""

    name: str
    text: str
    args: Mapping[str, str] = field(default_factory=dict)
    ignore: str | None = None
    target: str | None = None

    @property
    def tag(self) -> str:
        """A name that both engines take."""
        return "case-" + hashlib.sha256(repr(self).encode()).hexdigest()[:12]

    @property
    def stubs(self) -> set[str]:
        """The places of its mounts and those above, which Docker 20.10 leaves in the layer."""
        found = set()
        for place in PLACES.findall(self.text):
            parts = place.strip("/").split("/")
            found |= {"/".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
        return found | {f"w/{name}" for name in found} | {"run/secrets", "run/secrets/tok"}

    @property
    def more(self) -> list[str]:
        return [f"--target={self.target}"] if self.target else []


def after_base(text: str) -> str:
    whole = any(line.upper().startswith("FROM") for line in text.lstrip("\ufeff").split("\n"))
    return text if whole else f"FROM base\n{text}\n"


COPIES = [
    Case(f"{verb} {words}", f"FROM base\nENV name=a to=/t\nWORKDIR /w\n{verb} {words}\n")
    for words, verbs in cases_copy.COPIES.items()
    for verb in verbs.split()
]
IGNORES = [
    Case(f".dockerignore {rules!r}", "FROM base\nCOPY . /c/\n", ignore=rules)
    for rules in cases_copy.IGNORES
]
OTHERS = [
    Case(name, after_base(text))
    for table in (
        cases_copy.ADDS,
        cases_settings.SETTINGS,
        cases_stages.STAGES,
        cases_mounts.MOUNTS,
        cases_mixed.MIXED,
        cases_fetch.FETCHES,
    )
    for name, text in table.items()
]
GIVEN = [
    Case(name, after_base(text), args=args) for name, (text, args) in cases_stages.GIVEN.items()
]
TARGETS = [
    Case(f"target {target}", cases_stages.MANY, target=target) for target in cases_stages.TARGETS
]
CASES = [*COPIES, *IGNORES, *OTHERS, *GIVEN, *TARGETS]
REFUSED = [
    *[Case(f"COPY {words}", f"FROM base\nCOPY {words}\n") for words in cases_copy.REFUSED],
    *[
        Case(name, after_base(text))
        for table in (cases_stages, cases_mounts, cases_mixed, cases_fetch)
        for name, text in table.REFUSED.items()
    ],
    Case("COPY of an ignored file", "FROM base\nCOPY a.txt /\n", ignore="*.txt"),
]
