"""What a table's birth certificate says of the machine."""

from __future__ import annotations

import os

import pytest

from realrun.measure import environment


@pytest.mark.parametrize(
    ("release", "below"),
    [
        ("5.15.167.4-microsoft-standard-WSL2", "Windows' WSL 2"),
        ("6.10.14-linuxkit", "Docker Desktop's"),
    ],
)
def test_a_laptops_hidden_machine_is_known_by_its_kernel(monkeypatch, release, below):
    names = os.uname()
    hidden = os.uname_result((names.sysname, names.nodename, release, names.version, names.machine))
    monkeypatch.setattr(os, "uname", lambda: hidden)
    assert environment.hypervisor() == below
