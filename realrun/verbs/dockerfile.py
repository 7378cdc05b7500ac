"""dockerfile: what the builder's parser sees, and what a word becomes; to learn from, to test with.

Source: Dockerfile reference, "Format", "Environment replacement".
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from realrun.build import lines, parser, words
from realrun.build.expand import ExpandError, expand
from realrun.console.options import settings
from realrun.errors import UsageError

COMMANDS = ("RUN", "CMD", "ENTRYPOINT", "SHELL")  # a JSON list is the exec form, else one text
LISTS = ("COPY", "ADD", "VOLUME")  # a JSON list, or words between blanks
WORDS = ("FROM", "EXPOSE")
QUOTED = ("ARG", "ENV", "LABEL")


def main(args: argparse.Namespace) -> int:
    """`parse` or `expand`."""
    return parse(args) if args.action == "parse" else expand_word(args)


def expand_word(args: argparse.Namespace) -> int:
    """The word, expanded as in ENV, COPY, WORKDIR and the others that expand."""
    try:
        print(expand(args.word, settings(args.env, "--env")))
    except ExpandError as error:
        raise UsageError(f"cannot expand: {error}") from None
    return 0


def parse(args: argparse.Namespace) -> int:
    """An instruction a line, or everything as JSON; raises where a build would."""
    source = read(args.file)
    parser.parse(source)
    rows = [row_of(line, source.escape) for line in source.lines]
    for warning in source.warnings:
        print(f"note: {warning}", file=sys.stderr)
    if args.json:
        document = {"directives": source.directives, "escape": source.escape, "instructions": rows}
        print(json.dumps(document, indent=1))
        return 0
    for row in rows:
        show(row)
    return 0


def read(name: str) -> lines.Source:
    """The file, or standard input for `-`, as logical lines."""
    if name == "-":
        return lines.read(sys.stdin.buffer.read(), "Dockerfile")
    try:
        return lines.read(Path(name).read_bytes(), name)
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from None


def row_of(line: lines.Line, escape: str) -> dict[str, Any]:
    """What is seen of one instruction, before anything is expanded."""
    name, *tail = line.text.split(None, 1)
    flags, rest = words.flags_first(tail[0] if tail else "", escape)
    kind, listed = name.upper(), words.json_list(rest)
    row: dict[str, Any] = {
        "instruction": kind,
        "flags": {key: values if len(values) > 1 else values[0] for key, values in flags.items()},
        "words": words_of(kind, rest, listed, escape),
        "first_line": line.first,
        "last_line": line.last,
    }
    if kind in COMMANDS:
        row["form"] = "shell" if listed is None else "exec"
    if line.heredocs:
        row["heredocs"] = [document._asdict() for document in line.heredocs]
    return printable(row)


def words_of(kind: str, rest: str, listed: list[str] | None, escape: str) -> list[str]:
    """How the rest of the line falls into words; quotes go only when the words are expanded."""
    if kind in COMMANDS + LISTS and listed is not None:
        return listed
    if kind in LISTS + WORDS:
        return rest.split()
    if kind == "ARG":
        return words.split_quoted(rest, escape)
    if kind in QUOTED:
        return ["=".join(pair) for pair in words.pairs(rest, escape, kind)]
    return [rest]


def printable(row: Any) -> Any:
    """The same with bytes that are no UTF-8 shown as such: JSON and terminals want text."""
    if isinstance(row, dict):
        return {printable(key): printable(value) for key, value in row.items()}
    if isinstance(row, list):
        return [printable(value) for value in row]
    return parser.printable(row) if isinstance(row, str) else row


def show(row: dict[str, Any]) -> None:
    """One instruction for people: its lines, its name, its flags, its words."""
    first, last = row["first_line"], row["last_line"]
    place = str(first) if first == last else f"{first}-{last}"
    form = f" ({row['form']} form)" if "form" in row else ""
    print(f"{place:>7}  {row['instruction']}{form}")
    for key, value in row["flags"].items():
        for one in value if isinstance(value, list) else [value]:
            print(f"         flag  --{key}={one}")
    for word in row["words"]:
        print(f"         word  {word!r}")
    for document in row.get("heredocs", []):
        expanded = "expanded" if document["expand"] else "as it is"
        print(f"         <<{document['name']}  {document['content']!r}, {expanded}")
