"""The same Dockerfile, built by Docker's BuildKit and by us, gives the same image."""

from __future__ import annotations

import pytest

from realrun.errors import RealRunError
from tests.peers.cases import CASES, REFUSED, Case
from tests.peers.conftest import Peers
from tests.peers.daemon import DockerFailed
from tests.peers.flat import differences

pytestmark = [pytest.mark.docker, pytest.mark.root, pytest.mark.overlay]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_make_the_same_image(peers: Peers, case: Case):
    theirs, their_settings = peers.docker(case)
    ours, our_settings = peers.ours(case)
    for name in (case.stubs & theirs.keys()) - ours.keys():
        assert not theirs[name][-1], f"{name} is no empty place of a mount"
        del theirs[name]
    found = differences(our_settings, their_settings) + differences(ours, theirs)
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_both_refuse(peers: Peers, case: Case):
    with pytest.raises(DockerFailed):
        peers.docker(case)
    with pytest.raises(RealRunError):
        peers.ours(case)
