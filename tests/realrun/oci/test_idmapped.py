"""Binds whose files have other owners inside than outside."""

from __future__ import annotations

import os

import pytest

from tests.realrun.oci.test_container import inside

pytestmark = [pytest.mark.root, pytest.mark.overlay, pytest.mark.cgroup]
OUTSIDE, INSIDE = 5000, 100


def maps(inner: int, outer: int, count: int = 1000) -> list[dict[str, int]]:
    return [{"containerID": inner, "hostID": outer, "size": count}]


@pytest.fixture
def shared(tmp_path):
    """A directory of somebody's."""
    folder = tmp_path / "shared"
    (folder / "below").mkdir(parents=True)
    (folder / "f").touch()
    for path in (folder, folder / "f", folder / "below"):
        os.chown(path, OUTSIDE, OUTSIDE)
    return folder


def bind(source, target, options=("bind",), **more):
    return {"destination": target, "type": "none", "source": str(source),
            "options": list(options)} | more  # fmt: skip


def test_owners_are_mapped_both_ways(runtime, shared):
    """From the disk into the mount and back; another mount of the same is as it is."""
    both = {"uidMappings": maps(OUTSIDE, INSIDE), "gidMappings": maps(OUTSIDE, INSIDE + 1)}
    own = [bind(shared, "/mapped", **both), bind(shared, "/plain"),
           bind(shared, "/ro", ("rbind", "rro", "ridmap"), **both)]  # fmt: skip
    user = {"uid": INSIDE, "gid": INSIDE + 1}
    script = "stat -c %u:%g /mapped/f /plain/f /ro/f; touch /mapped/new /ro/x"
    done = runtime.run(
        "sh", "-c", script, mounts=[*runtime.config["mounts"], *own], process__user=user
    )
    assert done.stdout.split() == ["100:101", "5000:5000", "100:101"]
    assert done.stderr == "touch: /ro/x: Read-only file system\n"
    assert os.stat(shared / "new").st_uid == OUTSIDE


def test_the_option_alone_takes_the_containers_own_maps(runtime, shared):
    """In a user namespace, too, whose root has no right to map anything of this machine."""
    os.chown(shared / "f", 7, 8)
    kinds = [*runtime.config["linux"]["namespaces"], {"type": "user"}]
    ids = [*maps(0, 0, 1), *maps(1, 200001, 65535)]
    own = bind(shared, "/mapped", ("bind", "idmap"))
    settings = {"linux__namespaces": kinds, "linux__uidMappings": ids, "linux__gidMappings": ids,
                "mounts": [*runtime.config["mounts"], own]}  # fmt: skip
    script = "stat -c %u:%g /mapped/f; touch /mapped/new; chown 9 /mapped/new"
    assert inside(runtime, script, **settings) == "7:8"
    assert os.stat(shared / "new").st_uid == 9


@pytest.mark.parametrize(
    ("mount", "told"),
    [
        ({"uidMappings": maps(0, 1)}, "expected both of uidMappings and gidMappings"),
        ({"options": ["bind", "idmap"]}, "expected both of uidMappings and gidMappings"),
        ({"uidMappings": [{"hostID": 0}], "gidMappings": maps(0, 1)}, "numbers for containerID"),
        ({"type": "tmpfs", "options": ["idmap"]}, "only what is bound"),
    ],
)
def test_maps_that_cannot_be_are_refused(runtime, shared, mount, told):
    runtime.configure(mounts=[*runtime.config["mounts"], bind(shared, "/mapped") | mount])
    runtime.write()
    assert told in runtime.refused("create", "--bundle", str(runtime.bundle), "c")
    assert runtime.left() == []
