"""Each attack fails in our container, as it fails in Docker's, and succeeds where nothing guards.

`python -m tests.security` prints the whole table.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.security.cases import CASES, YOUNGER_THAN_DOCKER_20, Case
from tests.security.sides import dockers, none, ordinary_user, succeeds

Found = dict[str, dict[str, str]]
# Answers that say that this machine, or its kernel, has no such thing: nobody could be attacked so.
NOT_HERE = {"ENOENT", "ENOSYS", "ENXIO", "EAFNOSUPPORT", "ENODATA", "ENOTTY"}
# What has its own control: test_terminal.py, test_descriptors.py.
CONTROLLED_ELSEWHERE = {"type into the terminal", "leaked descriptor"}


@pytest.fixture(scope="module")
def found(told, sides) -> Found:
    """How all attacks ended: in our container, in a process, without any engine."""
    return {name: side.attack() for name, side in (sides | {"none": none(told)}).items()}


@pytest.mark.root
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_refused_in_a_container(found: Found, case: Case):
    assert found["container"][case.name] in case.refusals


@pytest.mark.root
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_succeeds_where_nothing_guards(found: Found, case: Case):
    """Or this machine has nothing of the kind to attack."""
    if case.name in CONTROLLED_ELSEWHERE:
        return
    control = found["none"][case.name]
    assert succeeds(control) or control in NOT_HERE


@pytest.mark.root
def test_every_attack_is_in_the_table(found: Found):
    assert set(found["container"]) == {case.name for case in CASES}


@pytest.mark.root
def test_most_attacks_have_a_control_here(found: Found):
    assert sum(map(succeeds, found["none"].values())) > len(CASES) // 2


@pytest.mark.docker
def test_docker_refuses_nothing_that_we_allow(found: Found, told, archive):
    """And what it allows and we do not is younger than it."""
    with dockers(archive, told) as docker:
        theirs = docker.attack()
    weaker = {n for n, o in found["container"].items() if succeeds(o) and not succeeds(theirs[n])}
    stricter = {n for n, o in theirs.items() if succeeds(o) and not succeeds(found["container"][n])}
    assert weaker == set()
    assert stricter <= YOUNGER_THAN_DOCKER_20


@pytest.mark.root
@pytest.mark.userns
def test_it_is_refused_without_privilege(told, archive):
    """An ordinary user's container: what it is refused may have another name, and some reasons lie
    with the user, not the container; but nothing succeeds that is not the user's own."""
    with ordinary_user(archive, told) as side:
        outcomes = side.attack()
    allowed = {name for name, outcome in outcomes.items() if succeeds(outcome)}
    assert allowed == set()


@pytest.mark.root
@pytest.mark.userns
def test_it_is_refused_in_a_user_namespace(sides, tmp_path):
    """Root inside is nobody outside: what is allowed without may be refused, not the reverse."""
    (tmp_path / "ids").write_text("root:300000:65536\n")
    bind = "; ".join(f"mount --bind {tmp_path}/ids /etc/{name}" for name in ("subuid", "subgid"))
    become = ["unshare", "--mount", "sh", "-ec", f'{bind}; exec "$@"', "sh"]
    side = replace(sides["container"], command=[*become, *sides["container"].command])
    outcomes = side.attack(options=["--userns", "auto"])
    assert {name for name, outcome in outcomes.items() if succeeds(outcome)} == set()
