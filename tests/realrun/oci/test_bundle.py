"""A configuration that the specification forbids is refused in one line, and nothing is made."""

from __future__ import annotations

import pytest

from realrun.errors import BadBundle
from realrun.oci import bundle, template

WRONG = {
    "ociVersion": "2.0.0",
    "root.path": 7,
    "process.args": [],
    "process.cwd": "relative",
    "process.env": ["A=1", 2],
    "process.user": {"uid": -1},
    "process.rlimits": [{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}] * 2,
    "process.oomScoreAdj": 1001,
    "process.apparmorProfile": "strict",
    "mounts": [{"type": "proc"}],
    "linux.namespaces": [{"type": "pid"}, {"type": "pid"}],
    "linux.sysctl": {"kernel.panic": "1"},
    "linux.uidMappings": [{"containerID": 0, "hostID": 0, "size": 1}],
    "linux.devices": [{"path": "dev/x", "type": "c"}],
    "hooks.prestart": [{"path": "true"}],
    "hooks.poststop": [{"path": "/bin/true", "timeout": 0}],
    "annotations": {"": "x"},
}


def changed(path: str, value: object) -> bundle.Config:
    config = template.config(["true"])
    *folders, name = path.split(".")
    place = config
    for folder in folders:
        place = place.setdefault(folder, {})
    place[name] = value
    return config


@pytest.mark.parametrize("path", WRONG)
def test_what_is_wrong_is_named(path):
    with pytest.raises(BadBundle) as refused:
        bundle.check(changed(path, WRONG[path]))
    assert str(refused.value).startswith("config.json: ")
    assert path.split(".")[-1] in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("path", ["unknown", "process.unknown", "linux.unknown"])
def test_unknown_properties_are_passed_over(path):
    bundle.check(changed(path, {"a": 1}))


@pytest.mark.parametrize("kind", ["hostname", "domainname"])
def test_a_name_needs_a_namespace(kind):
    config = changed(kind, "x")
    config["linux"]["namespaces"] = [{"type": "mount"}]
    with pytest.raises(BadBundle, match="uts"):
        bundle.check(config)


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1, "a": 2}', '{"a": NaN}', "[" * 100_000])
def test_what_is_no_document_is_refused(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(BadBundle, match=r"config\.json"):
        bundle.load(tmp_path)


def test_a_bundle_has_a_configuration(tmp_path):
    with pytest.raises(BadBundle, match=r"has a config\.json"):
        bundle.load(tmp_path)
