"""From a Dockerfile to a program that runs: our builder, our containers, the kernel's overlay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from realrun.build import Job, build
from realrun.building import Containers
from realrun.errors import DockerfileError, Missing
from realrun.image import Image, Store
from realrun.image.base import make_base_busybox
from realrun.runtime.watch import Watch
from tests.realrun.trees import names, snapshot

pytestmark = pytest.mark.overlay


@pytest.fixture
def store(tmp_path: Path, busybox: Path, monkeypatch) -> Store:
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "root"))
    made = Store()
    make_base_busybox(made, busybox)
    return made


@pytest.fixture
def runner(store: Store) -> Iterator[Containers]:
    """RUN in a container of our own."""
    with Watch() as starter:
        yield Containers(starter)


@pytest.fixture
def make(store: Store, runner: Containers, tmp_path: Path):
    def make(text: str, context: Path | None = None, **options) -> Image:
        if context is None:
            context = tmp_path / "context"
            context.mkdir(exist_ok=True)
            (context / "Dockerfile").write_text(text)
        return build(context, store=store, runner=runner, **options)

    return make


@pytest.fixture
def run(store: Store, runner: Containers):
    def run(image: Image, **env: str) -> str:
        """Start the image as its configuration says; what it printed."""
        said: list[bytes] = []
        with store.workspace("run") as scratch:
            (scratch / "upper").mkdir()
            given = dict(entry.split("=", 1) for entry in image.config["Env"])
            job = Job(
                layers=image.layers,
                upper=scratch / "upper",
                argv=[*image.config.get("Entrypoint", []), *image.config["Cmd"]],
                env=given | env,
                cwd=image.config.get("WorkingDir", "/"),
                user=image.config.get("User", ""),
                network="none",
                on_output=said.append,
            )
            runner.begin(job)
            while (ended := runner.wait()) is None:
                pass
            assert ended == (job, 0), said
        return b"".join(said).decode()

    return run


def test_the_example_greets(make, run):
    image = make("", Path("examples/hello"), tags=["hello"])
    assert "Hello from one image" in run(image)
    assert "Good day" in run(image, GREETING="Good day")


def test_the_base_image_is_the_same_wherever_it_is_made(store, tmp_path, busybox):
    other = make_base_busybox(Store(tmp_path / "other"), busybox)
    assert other.digest == store.resolve("busybox").digest
    with pytest.raises(Missing, match="busybox-static"):
        make_base_busybox(store, tmp_path / "nothing")


TEXT = """
FROM busybox AS made
WORKDIR /w
RUN <<EOF
mkdir -p a/b gone
echo one > a/b/f
ln a/b/f a/hard
ln -s b a/link
chmod 4711 a/b/f
touch gone/x
mkfifo pipe
EOF
RUN rm -r gone && echo two >> a/b/f && rm /etc/group
RUN rm -r a/b && mkdir a/b && echo new > a/b/new
RUN <<EOF
#!/bin/sh
echo "script $0" > script
EOF
FROM busybox
ARG who=nobody
ENV greeting="hello $who"
COPY --from=made /w /copied
RUN ["sh", "-c", "echo $greeting > /greeting"]
CMD cat /greeting
"""


def test_a_build_that_adds_changes_and_removes(make, run):
    image = make(TEXT, build_args={"who": "world"})
    assert run(image) == "hello world\n"
    look = "CMD cd /copied && find . | sort && cat a/hard a/b/new script"
    assert (
        run(make(TEXT + look)).split()
        == (
            ". ./a ./a/b ./a/b/new ./a/hard ./a/link ./pipe ./script "
            "one new script /.realrun/script"  # overlay breaks hard links as it copies up
        ).split()
    )


def test_layers_hold_what_their_step_did_and_nothing_of_the_engines(make):
    """No /proc, /dev, /sys, resolv.conf or script of ours in any layer."""
    image = make(TEXT, target="made")
    assert [names(layer) for layer in image.layers[1:]] == [
        ["w"],
        ["w", "w/a", "w/a/b", "w/a/b/f", "w/a/hard", "w/a/link", "w/gone", "w/gone/x", "w/pipe"],
        ["etc", "etc/group", "w", "w/a", "w/a/b", "w/a/b/f", "w/gone"],
        ["w", "w/a", "w/a/b", "w/a/b/new"],
        ["w", "w/script"],
    ]


def test_layers_made_here_are_what_their_blobs_say(make, store: Store, tmp_path: Path):
    """Every layer that a build left in place equals what its blob unpacks to."""
    image = make(TEXT, target="made")
    before = [snapshot(layer) for layer in image.layers]
    for layer in image.layers:
        layer.rename(tmp_path / layer.name)
    assert [snapshot(layer) for layer in store.resolve(image.image_id).layers] == before


def test_a_failing_command_shows_its_last_words(make):
    with pytest.raises(DockerfileError, match=r"(?s)Dockerfile:2: .*exit code 7.*> last words"):
        make("FROM busybox\nRUN echo last words; exit 7")


def test_nothing_is_left_of_a_build(make, store: Store):
    make(TEXT, tags=["made"])
    assert list((store.root / "tmp").iterdir()) == []
    assert [name for name in names(store.root) if name.startswith("instances/")] == []


def test_a_step_without_a_network_has_the_loopback_alone(make, run):
    look = "ls /sys/class/net > /devices"
    image = make(f"FROM busybox\nRUN --network=none {look}\nCMD cat /devices")
    assert run(image).split() == ["lo"]


def test_names_of_hosts_come_from_outside_and_stay_there(make, store: Store):
    """Read-only, as in Docker; nothing of it is in a layer, even where the image has no /etc."""
    make("FROM busybox\nRUN mkdir /e && mv /bin/busybox /e/", tags=["tool"])
    text = "FROM scratch\nCOPY --from=tool /e/busybox /bin/busybox\n"
    text += 'SHELL ["/bin/busybox", "sh", "-c"]\n'
    look = "cat /etc/hosts && hostname && ! echo x >> /etc/resolv.conf"
    image = make(f"{text}RUN {look}\nRUN echo x > /etc/x")
    places = ["dev", "proc", "sys"]  # these stay, in BuildKit as well
    assert [names(layer) for layer in image.layers[1:]] == [places, ["etc", "etc/x"]]
