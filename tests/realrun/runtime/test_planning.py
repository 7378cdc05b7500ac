"""A start is a plan: which steps, in which order, and that every actor knows its part."""

from __future__ import annotations

import inspect
import json
import os
from itertools import product
from pathlib import Path

import pytest

from realrun.guest import backends, monitor, tools
from realrun.linux import seccomp_profile
from realrun.runtime import childsteps, planning, rootsteps, spawner
from realrun.runtime.plan import CHILD, ENGINE, WATCHED, Plan
from realrun.runtime.spec import Device, Mount, Spec
from realrun.runtime.users import User

ABILITIES = list(product([False, True], [False, True], ["none", "host"]))


def spec(isolation: str, network: str = "none", **more) -> Spec:
    given = {"layers": ("/a", "/b"), "argv": ("x", "y"), "env": {"A": "1"}, "hostname": "h"}
    return Spec(isolation=isolation, network=network, **given | more)


@pytest.fixture
def able(monkeypatch):
    """Plan as if this machine allowed that much."""

    def able(rootless: bool, cgroup: bool) -> None:
        monkeypatch.setattr(rootsteps, "rootless", lambda: rootless)
        monkeypatch.setattr(planning, "has_cgroup", lambda: cgroup)

    return able


@pytest.fixture(params=ABILITIES, ids=lambda a: f"rootless={a[0]},cgroup={a[1]},net={a[2]}")
def container(request, able) -> list[str]:
    """The names of a container's steps, for everything that a machine may or may not allow."""
    rootless, cgroup, network = request.param
    able(rootless, cgroup)
    return names(planning.make(spec("container", network), "/r/i/f", User()))


def guest_plan(isolation: str) -> Plan:
    machine = backends.Machine("/r/i/f", "/disk", "/r/i/f/initrd", 128, 1, "tcg")
    wanted = spec(isolation)
    return Plan(wanted.id, isolation, "tcg", tuple(monitor.steps(wanted, machine, "/base")))


@pytest.fixture(params=["process", "container", "uml", "qemu"])
def plan(request, able, monkeypatch) -> Plan:
    """A plan of each isolation."""
    able(rootless=True, cgroup=True)
    monkeypatch.setattr(tools, "need", lambda name: tools.Tool(Path("/tools") / name, None))
    if request.param in ("uml", "qemu"):
        return guest_plan(request.param)
    return planning.make(spec(request.param), "/r/i/f", User())


def names(plan: Plan) -> list[str]:
    return [step.name for step in plan.steps]


# (this, that, what breaks otherwise)
ORDER = [
    ("clone", "private mounts", "the host's own mounts would turn private"),
    ("private mounts", "overlay", "the mount would show on the host; pivot_root refuses shared"),
    ("overlay", "proc", "there is nothing to mount on"),
    ("overlay", "dev", "there is nothing to mount on"),
    ("dev", "pivot root", "rootless devices are bound from the host's /dev"),
    ("proc", "pivot root", "rootless, a full /proc must still be in sight for a new one"),
    ("pivot root", "mask paths", "the host's /proc would be masked"),
    ("mask paths", "seccomp", "the filter refuses mount"),
    ("hostname", "seccomp", "the filter refuses sethostname"),
    ("seccomp", "user", "loading a filter takes CAP_SYS_ADMIN"),
    ("pivot root", "working directory", "the host's folder would be made"),
    ("working directory", "user", "another user may not make it"),
    ("user", "exec", "the program would be root"),
]


@pytest.mark.parametrize(("first", "then", "why"), ORDER)
def test_a_containers_steps_are_in_this_order(container, first, then, why):
    assert container.index(first) < container.index(then), why


def test_what_is_optional_is_in_its_place(container):
    """Whatever of these the machine allows."""
    places = {name: place for place, name in enumerate(container)}
    for first, then in [
        ("cgroup", "clone"),
        ("join cgroup", "user namespace"),
        ("clone", "user namespace"),
        ("user namespace", "private mounts"),
        ("sys", "pivot root"),
        ("loopback", "seccomp"),
    ]:
        assert places.get(first, -1) < places.get(then, len(container))


ASKED = {
    "ulimits": {"core": (0, 0)},
    "no_new_privileges": True,
    "init": True,
    "seccomp": False,
    "capabilities": (),
}


def test_rights_and_limits_have_their_steps(able):
    """Limits need root's rights; the first process stays behind when all is done."""
    able(rootless=False, cgroup=False)
    asked, plain = (
        names(planning.make(spec("container", **more), "/root/instances/x", User()))
        for more in (ASKED, {})
    )
    assert set(plain) - set(asked) == {"seccomp"}
    order = ["working directory", "resource limits", "user", "no new privileges", "init", "exec"]
    assert asked[-len(order) - 1 : -1] == order


@pytest.mark.parametrize("isolation", ["process", "container"])
def test_every_verb_takes_what_the_plan_gives_it(able, isolation):
    """The child finds out too late: it is in the image already."""
    able(rootless=True, cgroup=True)
    given = (Device("/dev/null", "/n"),)
    wanted = spec(isolation, **ASKED | FULL, devices=given, terminal=(24, 80))
    plan = planning.make(wanted, "/root/instances/x", User())
    for _, verb, args in plan.by(CHILD):
        verbs = childsteps.READY_VERBS | childsteps.CHILD_VERBS
        does = verbs.get(verb) or childsteps.imported(verb)
        inspect.signature(does).bind(**args)


def test_no_capability_is_not_the_same_as_all_of_them(able):
    able(rootless=False, cgroup=False)
    plan = planning.make(spec("container", capabilities=()), "/root/instances/x", User())
    assert plan.steps[names(plan).index("user")].args["keep"] == []
    strictest = seccomp_profile.program(os.uname().machine, ())
    assert plan.steps[names(plan).index("seccomp")].args == {"program": strictest.hex()}


FULL = {"mounts": (Mount("volume", "", "/a/b"), Mount("tmpfs", "", "/c")), "read_only": True}


@pytest.mark.parametrize("isolation", ["process", "container"])
def test_what_is_asked_for_has_its_step_in_its_place(able, isolation):
    """Mounts while both sides can be seen; the root is closed when all in it is made."""
    able(rootless=True, cgroup=False)
    found = names(planning.make(spec(isolation, **FULL), "/root/instances/x", User()))
    plain = names(planning.make(spec(isolation), "/root/instances/x", User()))
    assert set(found) - set(plain) == {"mounts", "read-only root"}
    change = "pivot root" if isolation == "container" else "chroot"
    order = ["overlay", "mounts", change, "working directory", "read-only root", "user", "exec"]
    assert [name for name in found if name in order] == order
    if isolation == "container":
        assert found.index("dev") < found.index("mounts")
        assert found.index("read-only root") < found.index("seccomp")


def test_mounts_are_in_the_order_of_their_depth(able):
    """So none covers another; a volume without a name lies in the instance's folder."""
    able(rootless=False, cgroup=False)
    mounts = (
        Mount("volume", "data", "/a/b/c"),
        Mount("bind", "/h", "/a/b"),
        Mount("volume", "", "/z"),
        Mount("volume", "", "/a/x"),
    )
    plan = planning.make(spec("container", mounts=mounts), "/root/instances/x", User())
    step = plan.steps[names(plan).index("mounts")]
    assert [(one["target"], one["source"]) for one in step.args["wanted"]] == [
        ("/z", "/root/instances/x/volume-0"),
        ("/a/b", "/h"),
        ("/a/x", "/root/instances/x/volume-1"),
        ("/a/b/c", "/root/volumes/data/_data"),
    ]
    assert plan.steps[0].args["names"] == ["upper", "work", "root", "volume-0", "volume-1"]


def test_names_are_unique(plan):
    """A name is a row of the table, a bar of the chart, a stage of the model."""
    assert len(set(names(plan))) == len(plan.steps)


def test_every_step_says_what_it_does_in_a_line(plan):
    assert all(step.does and "\n" not in step.does for step in plan.steps)


def test_actors_follow_each_other(plan):
    """The engine's steps, then the child's, then what is watched: times need no sorting."""
    actors = [step.who for step in plan.steps]
    assert actors == sorted(actors, key=[ENGINE, CHILD, WATCHED].index)


def test_the_childs_last_step_is_the_program(plan):
    assert plan.by(CHILD)[-1][1] == "exec"


def test_the_spawner_knows_every_verb(plan):
    engine = {verb for _, verb, _ in plan.by(ENGINE)} - {rootsteps.CLONE}
    child = {verb for _, verb, _ in plan.by(CHILD)}
    assert engine <= spawner.ENGINE_VERBS.keys()
    rare = {verb for verb in child if ":" in verb}
    assert child - rare <= childsteps.CHILD_VERBS.keys() | childsteps.READY_VERBS.keys()
    assert all(callable(childsteps.imported(verb)) for verb in rare)


def test_the_last_step_is_the_first_output(plan):
    assert names(plan)[-1] == "first output"


def test_a_request_survives_its_way_through_json(plan):
    """The spawner is asked in JSON: nothing may change on the way."""
    asked = planning.request(plan, "/r/i/f")
    back = json.loads(json.dumps(asked))
    child = [[place, verb, args] for place, verb, args in asked["plan"]["child"]]
    assert back["plan"]["child"] == child
    assert [step[0] for step in back["plan"]["child"]] == [n for n, _, _ in plan.by(CHILD)]
    assert plan.steps[back["exec"]].name == "exec"
    assert plan.steps[back["plan"]["clone"]].name == "clone"
    assert back["plan"]["namespaces"] == plan.steps[back["plan"]["clone"]].args["namespaces"]


def test_the_baseline_isolates_nothing_but_files(able):
    able(rootless=False, cgroup=True)
    plan = planning.make(spec("process"), "/r/i/f", User())
    request = planning.request(plan, "/r/i/f")
    assert request["plan"]["namespaces"] == ["mnt"]
    assert not request["cgroup"]
    assert {"seccomp", "mask paths", "pivot root", "proc"} & set(names(plan)) == set()
    assert plan.steps[names(plan).index("user")].args["keep"] is None


def test_the_network_of_the_host_needs_no_namespace(able):
    able(rootless=False, cgroup=False)
    given = {n: planning.make(spec("container", n), "/r/i/f", User()) for n in ("none", "host")}
    assert "loopback" in names(given["none"])
    assert "loopback" not in names(given["host"])
    assert "net" not in planning.request(given["host"], "/r/i/f")["plan"]["namespaces"]


def test_home_is_the_users_unless_it_is_set(able):
    able(rootless=False, cgroup=False)
    user = User(5, 5, (), "/home/five")
    homes = [
        planning.make(spec("container", env=env), "/r/i/f", user).steps[-2].args["env"]["HOME"]
        for env in ({}, {"HOME": "/set"})
    ]
    assert homes == ["/home/five", "/set"]
