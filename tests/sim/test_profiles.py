"""Profiles: what is written is what is read, and every mistake gets its own line."""

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import BadProfile
from sim.profile_files import as_toml, parse, read_profile, write_profile
from sim.profiles import Footprint, Host, Profile, Stage
from tests.sim.profiles_made_up import profile

NUMBERS = st.floats(0, 1e9)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(str.strip)


def test_a_profile_survives_the_disk(tmp_path):
    path = tmp_path / "profile.toml"
    write_profile(path, profile())
    assert read_profile(path) == profile()


@given(NAMES, NUMBERS, NUMBERS, st.one_of(st.none(), NAMES))
def test_any_stage_survives_the_disk(name, cpu_s, wait_s, serial):
    odd = Stage(name=name, cpu_s=(cpu_s,), wait_s=(wait_s, 2 * wait_s), serial=serial)
    kind = replace(profile().isolation["process"], stage=(odd,))
    whole = replace(profile(), isolation={"process": kind})
    assert parse(Profile, tomllib.loads(as_toml(whole)), "") == whole


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("cores = 2", "core = 2", "host.core: unknown key; did you mean 'cores'?"),
        ("cores = 2", "", "host.cores: key is missing"),
        (
            "memory_mib",
            "memory_gib",
            "host.memory_gib: unknown key; wrong unit, it is 'memory_mib'",
        ),
        (
            "[[isolation.qemu.stage]]",
            "[[isolation.qemu.stages]]",
            "stages: unknown key; did you me",
        ),
        ("cores = 2", 'cores = "two"', "host.cores: expected a whole number, found 'two'"),
        ("cores = 2", "cores = 0", "host: cores must be >= 1 and finite, got 0"),
        ("cores = 2", "cores = true", "host.cores: expected a whole number, found True"),
        ("[isolation.qemu]", "[isolation.qmu]", "isolation.qmu: unknown isolation; did you mean"),
        ("cpu_s = [0.03]", "cpu_s = [-1]", "isolation.process.stage[1]: cpu_s must be >= 0"),
        (
            "cpu_s = [0.03]",
            "cpu_s = [nan]",
            "isolation.process.stage[1]: cpu_s must be >= 0 and finite",
        ),
        (
            "wait_s = [1.0]",
            "wait = [1.0]",
            "isolation.qemu.stage[0].wait: unknown key; did you mean",
        ),
        ('name = "first output"', 'name = "clone"', "stage names must differ, got twice: clone"),
        (
            "cpu_s = [0.03]",
            "cpu_s = [2, 1]",
            "isolation.process.stage[1]: cpu_s must rise from quantile to quantile",
        ),
        ("cpu_s = [0.03]", "cpu_s = []", "cpu_s must hold at least one number"),
        ("cpu_s = [0.03]", "cpu_s = 0.03", "stage[1].cpu_s: expected a list, found 0.03"),
        ("[host]", "[host", "cannot be read as TOML"),
        (
            "fitted_on = [1, 2, 4]",
            "fitted_on = 4",
            "provenance.fitted_on: expected a list, found 4",
        ),
        ("[host]", "[hosts]", "hosts: unknown key; did you mean 'host'?"),
    ],
)
def test_each_mistake_names_file_key_and_rule(tmp_path, old, new, complaint):
    text = as_toml(profile())
    assert old in text
    if old == "[isolation.qemu]":
        text = text.replace("isolation.qemu", "isolation.qmu")
    path = tmp_path / "profile.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadProfile) as caught:
        read_profile(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_profile_says_how_to_make_one(tmp_path):
    with pytest.raises(BadProfile, match="no such file; `sim calibrate` makes a profile"):
        read_profile(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Host(cores=2, memory_mib=float("inf")), "memory_mib must be >= 1 and finite"),
        (lambda: Stage(name=" ", cpu_s=(0,), wait_s=(0,)), "name must not be empty"),
        (
            lambda: Stage(name="a", cpu_s=(0,), wait_s=(0,), width_cores=0),
            "width_cores must be >= 1",
        ),
        (
            lambda: Stage(name="a", cpu_s=(0,), wait_s=(0,), busy_wait_ratio=1.5),
            r"busy_wait_ratio must be in \[0, 1\], got 1.5",
        ),
        (
            lambda: Footprint(account="pss", part="vmm", shared_mib=-1, each_mib=0),
            "shared_mib must be >= 0 and finite, got -1",
        ),
    ],
)
def test_nonsense_is_refused_with_value_and_rule(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()
