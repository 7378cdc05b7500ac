"""`realrun build` with real containers: what is shown, what is stopped, what is left."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.realrun.stage import cli, everything_left, instances, started, until

pytestmark = pytest.mark.overlay

SLEEP = "RUN echo at work && sleep 1000"


@pytest.fixture
def context(tmp_path: Path):
    def context(text: str) -> str:
        (tmp_path / "Dockerfile").write_text(text)
        return str(tmp_path)

    return context


def test_lines_of_two_stages_say_whose_they_are(root, context):
    text = "FROM hello AS a\nRUN printf 'one\\ntwo'\nFROM hello\nCOPY --from=a /etc /x\nRUN echo me"
    done = cli("build", "--no-cache", context(text))
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if " | " in line]
    assert sorted(said) == ["[a 2/2] | one", "[a 2/2] | two", "[stage-1 3/3] | me"]
    done = cli("build", context("FROM hello\nRUN printf 'one\\ntwo'; exit 3"))
    assert done.returncode == 1
    assert "[2/2] RUN printf" in done.stderr
    assert "\n    | one\n    | two\n" in done.stderr


def test_a_stage_that_fails_ends_the_others(root, context):
    text = f"FROM hello AS slow\n{SLEEP}\nFROM hello AS bad\nRUN exit 7\n"
    text += "FROM hello\nCOPY --from=slow /x /\nCOPY --from=bad /x /\n"
    before = instances(root)
    done = cli("build", context(text))
    assert done.returncode == 1
    assert "exit code 7" in done.stderr
    assert everything_left(root) == []
    assert instances(root) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_all_stages(root, context, number):
    text = f"FROM hello AS a\n{SLEEP} 1\nFROM hello AS b\n{SLEEP} 2\nFROM hello\n"
    text += "COPY --from=a /x /\nCOPY --from=b /x /\n"
    with started("build", context(text)) as process:
        assert process.stderr is not None
        lines: list[str] = []

        def both_are_at_work() -> bool:
            lines.append(process.stderr.readline())  # type: ignore[union-attr]
            return sum("| at work" in line for line in lines) == 2

        until(both_are_at_work, "two stages at work")
        os.kill(process.pid, number)
        process.communicate()
        assert process.returncode == 128 + number
    assert everything_left(root) == []


MOUNTS = """
FROM hello AS made
RUN mkdir /m && echo staged > /m/f
FROM hello
WORKDIR /w
RUN --mount=target=/ctx,rw --mount=from=made,source=/m,target=m \\
    --mount=type=tmpfs,target=/t,size=1m --mount=type=cache,target=/var/new/cache \\
    --mount=type=secret,id=tok,mode=444 --mount=type=secret,id=word,env=WORD \\
    cat /ctx/given m/f /run/secrets/tok && echo $WORD && ! touch m/g \\
    && touch /ctx/lost /t/gone /var/new/cache/kept
RUN --mount=type=cache,target=/c,id=/var/new/cache ls /c && ls -a / /var /run > /seen
"""


def test_mounts_are_there_for_one_command(root, context, tmp_path: Path):
    (tmp_path / "given").write_text("given\n")
    (tmp_path / "tok").write_text("hush\n")
    folder = context(MOUNTS)
    given = ["--secret", f"id=tok,src={tmp_path}/tok", "--secret", "id=word,env=A_WORD"]
    done = cli("build", "-t", "mounts", *given, folder, env={"A_WORD": "said"})
    assert done.returncode == 0, done.stderr
    said = [line.partition(" | ")[2] for line in done.stderr.splitlines() if " | " in line]
    assert said == ["given", "staged", "hush", "said", "touch: m/g: Read-only file system", "kept"]
    shown = cli("image", "tree", "mounts", "--json").stdout
    assert "hush" not in shown
    added = [name for layer in json.loads(shown)[-2:] for name in layer["adds"]]
    assert added == ["seen"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Dockerfile", "given", "tok"]
    assert everything_left(root) == []
    cli("rmi", "mounts")


BAD_SECRETS = {
    "src=x": "wants id=ID,src=FILE or id=ID,env=NAME; got 'src=x'",
    "id=a,b=c": "got 'b=c'",
    "id=a,src=/nowhere": "id=a: /nowhere: No such file",
    "id=a,env=NOT_SET": "there is no variable NOT_SET",
    "id=a,type=ssh": "type is env or file, not 'ssh'",
    "id=a,src=/dev/zero": "more than 512000 bytes",
}


@pytest.mark.parametrize("text", BAD_SECRETS)
def test_a_secret_that_is_not_there_is_told_before_anything_is_done(context, text):
    done = cli("build", "--secret", text, context("FROM hello"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("realrun: --secret ")
    assert BAD_SECRETS[text] in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_build_without_a_network(root, context):
    text = "FROM hello\nRUN ls /sys/class/net\nRUN --network=default ls /sys/class/net"
    done = cli("build", "--no-cache", "--network=none", context(text))
    assert [line for line in done.stderr.splitlines() if "|" in line] == ["    | lo"] * 2
