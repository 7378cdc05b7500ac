"""Docker's own template engine and ours write the same of the same container."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realrun.console.template import Template
from realrun.errors import RealRunError
from realrun.verbs.inspect import structured
from tests.peers.daemon import DockerFailed

pytestmark = [pytest.mark.docker, pytest.mark.slow]
OPTIONS = (
    "--name one --network none -e A=1 --label x=y --label a.b=<&> --tmpfs /run:size=64k -m 64m "
    "-v /anon --cap-add NET_ADMIN --stop-signal INT base echo -n"
).split()
TEMPLATES = (Path(__file__).parent / "templates.txt").read_text(encoding="utf-8").splitlines()
MISTAKES = r"""
{{.Foo}}
{{.State.Foo}}
{{.Name.X}}
{{foo .Name}}
{{.Name
{{if .Name}}a
{{end}}
{{if}}x{{end}}
{{index .Args 5}}
{{"abc" | truncate 2}}
{{.State.StartedAt | slice 0 3}}
{{ $a, $b := .Args }}
{{ and }}
{{ .Name "x" }}
{{ "x" 1 }}
{{json}}
{{range .State.Pid.X}}x{{end}}
{{template "nosuch"}}
{{.Name ? }}
{{(.Name}}
""".strip().splitlines()


@pytest.fixture(scope="module")
def container(peers):
    """Docker's container `one`, and all that Docker tells of it."""
    peers.daemon.call("create", *OPTIONS)
    yield json.loads(peers.daemon.call("inspect", "one"))[0]
    peers.daemon.call("rm", "-v", "one")


@pytest.mark.parametrize("text", TEMPLATES)
def test_a_template_writes_the_same(peers, container, text):
    docker = peers.daemon.call("inspect", "-f", text, "one").decode()
    assert Template(text)(structured(container)) + "\n" == docker


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_one_for_both(peers, container, text):
    with pytest.raises(DockerFailed):
        peers.daemon.call("inspect", "-f", text, "one")
    with pytest.raises(RealRunError):
        Template(text)(structured(container))
