"""The whole command line, or as much of it as one verb needs."""

from __future__ import annotations

import argparse

from realrun.usage.builds import add_build
from realrun.usage.files import add_files
from realrun.usage.images import add_archives, add_images
from realrun.usage.lives import add_lives
from realrun.usage.looks import add_looks
from realrun.usage.measuring import add_bench, add_machine
from realrun.usage.oci import add_oci
from realrun.usage.oneverb import OneVerb, Parser
from realrun.usage.starts import add_run
from realrun.usage.volumes import add_volumes


def parser(verb: str | None = None) -> argparse.ArgumentParser:
    """All verbs, or the one that is asked for, if there is one of that name."""
    top = Parser(prog="realrun", description="One image, every isolation: build, run, measure.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    assert isinstance(verbs, OneVerb)
    verbs.asked = verb
    add_build(verbs)
    add_run(verbs)
    add_lives(verbs)
    add_looks(verbs)
    add_files(verbs)
    add_volumes(verbs)
    add_images(verbs)
    add_archives(verbs)
    add_bench(verbs)
    add_machine(verbs)
    add_oci(verbs)
    return top if verb is None or verb in verbs.choices else parser()
