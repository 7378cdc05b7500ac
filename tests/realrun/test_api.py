"""The verbs in Python: what they give back, and that they leave nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import realrun
from realrun import api, handles
from realrun.containers.registry import Registry
from realrun.errors import NoSuchContainer, RealRunError, UsageError
from realrun.image import Store
from realrun.runtime import rootsteps
from realrun.sizes import shown_size
from tests.realrun.image.stores import add
from tests.realrun.stage import PROJECT, until

SLEEP = ("sleep", "1000")
UP = ("sh", "-c", "echo up; exec sleep 1000")


@pytest.fixture
def session(root, starter, monkeypatch):
    """The ROOT with the image `hello`, and the tests' own spawner; no container outlives it."""
    monkeypatch.setattr(handles, "spawner", lambda: starter)
    clear()  # what other tests have left, who do not ask
    yield Registry(root)
    assert clear() == []


def clear():
    """Take all containers away; which there were."""
    left = realrun.containers(all=True)
    for box in left:
        box.remove(force=True, volumes=True)
    return left


@pytest.mark.overlay
def test_run_gives_what_was_said_and_how_it_came_about(session):
    script = "echo $GREETING; echo no >&2; exit 5"
    done = realrun.run("hello", "sh", "-c", script, env={"GREETING": "<"})
    assert (done.output, done.errors, done.exit_code) == ("<\n", "no\n", 5)
    assert (str(done), done.isolation, done.accelerator) == ("<\n", "container", "none")
    assert done.start_s > 0
    assert "<pre>&lt;\nno\n</pre>" in done._repr_html_()
    assert ("user namespace" in [step.name for step in done.plan.steps]) == rootsteps.rootless()
    assert realrun.isolations()["container"] == ""


@pytest.mark.overlay
def test_a_container_in_the_background_and_all_that_can_be_done_to_it(session):
    with realrun.run("hello", *UP, detach=True, name="box", env={"A": "1"}) as box:
        assert (box.name, box.image, box.isolation, box.status) == (
            "box", "hello", "container", "running"
        )  # fmt: skip
        assert next(iter(box.logs(follow=True))) == "up\n"
        done = box.exec("sh", "-c", "echo $A $B; cat /proc/1/cmdline; exit 3", env={"B": "2"})
        assert (done.output, done.exit_code) == ("1 2\nsleep\x001000\x00", 3)
        assert [one.id for one in realrun.containers()] == [box.id]
        assert realrun.container("box").id == box.id
        assert box.inspect()["State"]["Running"]
        assert [one.command for one in box.top()] == ["sleep 1000"]
        assert "<td>sleep 1000</td>" in box.top()._repr_html_()
        assert box.stats().memory_bytes > 0
        assert box.stats().tasks == 1
        assert repr(box) == f"<Container box, id {box.id[:12]}, of hello, container, running>"
        box.kill()
        assert (box.status, box.exit_code, box.wait()) == ("exited", 137, 137)
        assert realrun.containers() == []
        assert box.start().status == "running"
        until(lambda: box.logs() == "up\nup\n", "it says up again")
        assert box.stop(0) == 137
        assert box.logs(tail=1) == "up\n"
        assert "box" in box._repr_html_()
        assert "<pre>up\nup\n</pre>" in box._repr_html_()
    assert box.status == "removed"
    assert repr(box).endswith("container, removed>")
    with pytest.raises(NoSuchContainer):
        realrun.container("box")


@pytest.mark.overlay
def test_files_go_in_and_out_and_become_an_image(session, tmp_path):
    (tmp_path / "a").write_text("from here")
    with realrun.run("hello", *UP, detach=True) as box:
        box.copy_in(tmp_path / "a", "/tmp/b")
        assert box.exec("cat", "/tmp/b").output == "from here"
        box.copy_out("/tmp/b", tmp_path / "c")
        assert ("A", "/tmp/b") in box.diff()
        with pytest.raises(RealRunError, match="nosuch"):
            box.copy_out("/nosuch", tmp_path)
        image = box.commit("grown", ["CMD cat /tmp/b"])
    assert (tmp_path / "c").read_text() == "from here"
    assert realrun.run(image).output == "from here"
    Store().remove("grown")


@pytest.mark.overlay
def test_leaving_takes_the_container_away_whatever_happened(session):
    with pytest.raises(ZeroDivisionError), realrun.run("hello", *SLEEP, detach=True):
        raise ZeroDivisionError
    assert realrun.containers(all=True) == []


@pytest.mark.overlay
def test_a_start_that_fails_leaves_nothing(session):
    for more in ({"detach": True}, {"name": "xx"}, {}):
        with pytest.raises(Exception, match="step 'exec'") as caught:
            realrun.run("hello", "/nosuch", **more)
        assert caught.value.code == 127
    assert realrun.containers(all=True) == []
    taken = pytest.raises(UsageError, match="the name 'yy' is in use")
    with realrun.create("hello", name="yy") as box, taken:
        realrun.run("hello", name="yy")
    assert box.status == "removed"


@pytest.mark.overlay
def test_one_with_a_name_is_kept_and_can_be_started_again(session):
    first = realrun.run("hello", "sh", "-c", "echo x >> /n; cat /n", name="kept")
    assert first.output == "x\n"
    assert first.plan.steps[-2].name == "exec"
    with realrun.container("kept") as box:
        assert (box.status, box.exit_code, box.logs()) == ("exited", 0, "x\n")
        assert box.attach().output == "x\nx\n"


@pytest.mark.overlay
def test_options_are_those_of_the_command_line(session, tmp_path):
    (tmp_path / "here").write_text("seen")
    tmp_path.chmod(0o755)
    done = realrun.run(
        "hello", "sh", "-c", "cat /in/here; pwd; id -u; hostname; touch /x || echo closed",
        volumes=[f"{tmp_path}:/in:ro"], cwd="/tmp", user="5", hostname="h", read_only=True,
    )  # fmt: skip
    assert done.output == "seen/tmp\n5\nh\nclosed\n"


@pytest.mark.overlay
def test_an_option_that_there_is_not_is_told(session):
    with pytest.raises(UsageError, match="'volume' is no option of a container; there are auto_r"):
        realrun.run("hello", volume=["x"])


def test_limits_are_read_with_their_units():
    asked = api.wishes((), "container", {"memory": "64m", "cpus": 1.5, "pids_limit": 9})
    assert asked.limits == {"memory_bytes": 64 << 20, "cpu_milli": 1500, "pids": 9}
    assert api.wishes((), "container", {"memory": 6 << 20}).limits == {"memory_bytes": 6 << 20}
    with pytest.raises(UsageError, match="memory wants a size such as 64m"):
        api.wishes((), "container", {"memory": "much"})


def test_images_show_themselves(tmp_path, monkeypatch):
    """Words of a stranger's image stay words, in HTML, too."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "root"))
    image = add(Store(), "b", {"a": "12345"}, {"b": "1"})
    size = shown_size(sum(layer.size for layer in image.stored))
    assert repr(image) == f"<Image b:latest, id {image.image_id[7:19]}, 2 layers, {size}>"
    page = image._repr_html_()
    assert page.startswith("<table><caption>Image b:latest, id ")
    assert page.count("<tr>") == 3
    assert image.diff_ids[0][7:19] in page
    assert "b:latest" in realrun.images()._repr_html_()
    assert realrun.tag(image, "c").reference == "c:latest"
    Store().remove("b")
    assert api.name_of(image) == image.digest


def test_a_build_gives_the_image(tmp_path, monkeypatch):
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "root"))
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\nLABEL a=<b>\n")
    image = realrun.build(tmp_path, "one")
    assert repr(image).startswith("<Image one:latest, id ")
    assert "LABEL a=&lt;b&gt;" in image._repr_html_()
    assert "settings only" in image._repr_html_()


def test_the_package_is_light_and_knows_its_verbs():
    """The spawner and the watchers load it; the verbs come when they are asked for."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); old = set(sys.modules); import realrun\n"
        "print(*sorted(set(sys.modules) - old))\n"
        "assert set(realrun.__all__) <= set(dir(realrun))\n"
        "assert all(callable(getattr(realrun, name)) for name in realrun.__all__)\n"
        "from realrun.build import Event; assert realrun.build.Event is Event\n"
        "try: realrun.nosuch\n"
        "except AttributeError as error: print(error)\n"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(PROJECT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "__future__ realrun\nmodule 'realrun' has no attribute 'nosuch'\n"


def test_type_checkers_are_told_the_same():
    stub = (Path(realrun.__file__).parent / "__init__.pyi").read_text(encoding="utf-8")
    assert all(f"import {name} as {name}\n" in stub for name in realrun.__all__)
    assert sorted(api.__all__) == sorted(realrun.__all__)
