"""What is asked for: nonsense is refused with value and rule, the rest follows Docker's rules."""

from __future__ import annotations

import dataclasses
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realrun import engine
from realrun.errors import UsageError
from realrun.runtime.spec import (
    DEFAULT_PATH,
    Device,
    Mount,
    Spec,
    command,
    document,
    environment,
    from_document,
)

GOOD = {"layers": ("/l",), "argv": ("x",), "env": {}}


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("isolation", "vm", "process, container, uml, qemu"),
        ("isolation", "", "process, container, uml, qemu"),
        ("network", "bridge", "none or host"),
        ("argv", (), "no Cmd or Entrypoint"),
        ("cwd", "app", "must be absolute"),
        ("cwd", "", "must be absolute"),
        ("hostname", "n" * 65, "at most 64 bytes"),
        ("hostname", "ä" * 33, "at most 64 bytes"),
        ("hostname", os.fsdecode(b"\xff" * 65), "at most 64 bytes"),
    ],
)
def test_nonsense_is_refused_with_value_and_rule(field, value, rule):
    with pytest.raises(UsageError, match=rule) as refused:
        Spec(**GOOD | {field: value})
    assert field == "argv" or repr(value) in str(refused.value)


def test_ids_are_unique_and_safe_in_any_path():
    ids = {Spec(**GOOD).id for _ in range(100)}
    assert len(ids) == 100
    assert all(len(one) == 64 and set(one) <= set("0123456789abcdef") for one in ids)


E, C, W = ["/e", "-e"], ["c", "-c"], ["w"]


@pytest.mark.parametrize(
    ("entrypoint", "cmd", "words", "new", "expected"),
    [
        (None, None, [], None, []),
        (None, C, [], None, C),
        (E, None, [], None, E),
        (E, C, [], None, [*E, *C]),
        (None, C, W, None, W),
        (E, None, W, None, [*E, *W]),
        (E, C, W, None, [*E, *W]),
        (E, C, [], "/new", ["/new"]),
        (E, C, W, "/new", ["/new", *W]),
        (None, C, W, "/new", ["/new", *W]),
        (E, C, W, "", W),
        (E, C, [], "", []),
    ],
)
def test_the_command_follows_dockers_table(entrypoint, cmd, words, new, expected):
    """Words replace Cmd, a new entrypoint forgets Cmd, an empty one takes the image's away."""
    assert command({"Entrypoint": entrypoint, "Cmd": cmd}, words, new) == expected


def test_a_configuration_without_the_keys_is_one_with_nulls():
    assert command({}, W, None) == W
    assert environment({}, {}, "h") == {"PATH": DEFAULT_PATH, "HOSTNAME": "h"}


@pytest.mark.parametrize(
    ("own", "extra", "expected"),
    [
        (["A=1"], {}, {"A": "1"}),
        (["A=1"], {"A": "2"}, {"A": "2"}),
        (["PATH=/mine"], {}, {"PATH": "/mine"}),
        (["A=x=y", "B="], {}, {"A": "x=y", "B": ""}),
        (["HOSTNAME=image"], {}, {"HOSTNAME": "image"}),
        (["A=1", "A=2"], {}, {"A": "2"}),
        (None, {"a b": "\n"}, {"a b": "\n"}),
        (["A=1"], {"A": None, "B": None}, {}),
    ],
)
def test_the_environment_is_docker_then_image_then_caller(own, extra, expected):
    found = environment({"Env": own}, extra, "h")
    assert found == {"PATH": DEFAULT_PATH, "HOSTNAME": "h"} | expected


names = st.text(st.characters(exclude_characters="=\0", codec="utf-8"), min_size=1)
values = st.text(st.characters(exclude_characters="\0", codec="utf-8"))


@given(st.dictionaries(names, values), st.dictionaries(names, values))
def test_no_setting_is_lost_or_changed(own, extra):
    """Whatever the image and the caller set arrives word for word, the caller's on top."""
    found = environment({"Env": [f"{k}={v}" for k, v in own.items()]}, extra, "h")
    assert found == {"PATH": DEFAULT_PATH, "HOSTNAME": "h"} | own | extra


words = st.text(st.characters(exclude_categories=()), max_size=8)
mounts = st.builds(
    Mount, st.sampled_from(["bind", "volume", "tmpfs"]), words, words, st.booleans(),
    st.lists(words, max_size=3).map(tuple),
)  # fmt: skip
specs = st.builds(
    Spec,
    layers=st.lists(words, max_size=3).map(tuple),
    argv=st.lists(words, min_size=1, max_size=3).map(tuple),
    env=st.dictionaries(words, words, max_size=3),
    limits=st.dictionaries(st.sampled_from(["pids", "cpu_milli"]), st.integers(0, 1 << 60)),
    devices=st.lists(st.builds(Device, words, words, words), max_size=3).map(tuple),
    mounts=st.lists(mounts, max_size=3).map(tuple),
    read_only=st.booleans(),
    shm_bytes=st.integers(0, 1 << 50),
    ulimits=st.dictionaries(words, st.tuples(st.integers(), st.integers()), max_size=3),
    capabilities=st.lists(words, max_size=3).map(tuple),
    no_new_privileges=st.booleans(),
    seccomp=st.booleans(),
    seccomp_profile=st.sampled_from([{}, {"defaultAction": "SCMP_ACT_LOG", "syscalls": ()}]),
    init=st.booleans(),
)


@given(specs)
def test_a_spec_survives_its_way_through_a_file(spec):
    """A created container is stored and started later: nothing may change on the way."""
    assert from_document(json.loads(json.dumps(document(spec)))) == spec


def test_a_stored_spec_tells_every_field():
    """One that is forgotten would be forgotten by every container that is started again."""
    assert list(document(Spec(**GOOD))) == [field.name for field in dataclasses.fields(Spec)]


@pytest.mark.parametrize(
    ("wishes", "rule"),
    [
        ({"isolation": "process", "limits": {"pids": 1}}, "no control group"),
        ({"isolation": "process", "hostname": "x"}, "no control group and no host name"),
        ({"isolation": "uml", "network": "host"}, "must be none"),
        ({"isolation": "qemu", "limits": {"memory_bytes": 1 << 20}}, "at least 64m"),
        ({"isolation": "uml", "limits": {"cpu_milli": 2000}}, "has one processor"),
        ({"isolation": "qemu", "limits": {"pids": 5}}, "--pids-limit"),
        ({"isolation": "uml", "limits": {"swap_bytes": 9}}, "--memory-swap: a guest's"),
        ({"isolation": "process", "devices": (Device("/dev/a", "/a"),)}, "--device"),
        ({"isolation": "uml", "devices": (Device("/dev/a", "/a"),)}, "--device: its devices"),
        ({"isolation": "qemu", "ulimits": {"msgqueue": (0, 0)}}, "--ulimit msgqueue"),
        ({"isolation": "process", "cap_drop": ("ALL",)}, "--cap-add and --cap-drop"),
        ({"isolation": "process", "seccomp": False}, "--security-opt"),
        ({"isolation": "process", "shm_bytes": 1}, "--shm-size"),
        ({"isolation": "process", "init": True}, "--init"),
    ],
)
def test_what_an_isolation_cannot_do_is_refused_not_ignored(wishes, rule):
    with pytest.raises(UsageError, match=rule):
        engine.check_wishes(engine.Wishes(**wishes))
