"""What instructions say about how the image is started: Dockerfile in, configuration out."""

from __future__ import annotations

import pytest

from realrun.build.evaluate import DEFAULT_PATH
from realrun.errors import DockerfileError
from tests.realrun.build.workshop import Workshop, files_only

PATH = f"PATH={DEFAULT_PATH}"


def config(shop: Workshop, text: str, **options) -> dict:
    """The configuration but for what every image has."""
    found = dict(shop.build(text, **options).config)
    found["Env"] = [entry for entry in found.get("Env", []) if entry != PATH]
    return {
        key: value for key, value in found.items() if value and (key, value) != ("WorkingDir", "/")
    }


CASES = {
    "ENV sees the values from before it": (
        "ENV a=1\nENV a=2 b=$a c='$a' d=\"$a\"", {"Env": ["a=2", "b=1", "c=$a", "d=1"]},
    ),
    "ENV replaces in place": ("ENV a=1 b=2\nENV a=3", {"Env": ["a=3", "b=2"]}),
    "ENV old form": ("ENV a  one two  three", {"Env": ["a=one two  three"]}),
    "ENV after ARG": (
        "ARG a=arg\nENV a=env\nLABEL l=$a",
        {"Env": ["a=env"], "Labels": {"l": "env"}},
    ),
    "ARG after ENV": (
        "ENV a=env b=env\nARG a=arg b\nLABEL l=$a-$b",
        {"Env": ["a=env", "b=env"], "Labels": {"l": "arg-env"}},
    ),
    "ARG again keeps its value": ("ARG a=1\nARG a\nLABEL l=$a", {"Labels": {"l": "1"}}),
    "EXPOSE as docker run -p": (
        "EXPOSE 8080:80 127.0.0.1:1:81/udp 1-2:8000-8001 [::1]::82 :83",
        {"ExposedPorts": {"80/tcp": {}, "81/udp": {}, "8000/tcp": {}, "8001/tcp": {}, "82/tcp": {},
                          "83/tcp": {}}},
    ),
    "ARG is not in the configuration": ("ARG a=1\nLABEL l=$a", {"Labels": {"l": "1"}}),
    "ARG default is expanded": ("ARG a=1\nARG b=${a}2\nLABEL l=$b", {"Labels": {"l": "12"}}),
    "ARG scope starts at its line": ("LABEL l=${a:-none}\nARG a=1", {"Labels": {"l": "none"}}),
    "LABEL keys are expanded": (
        "ENV k=key\nLABEL $k=v k2=\"$k\"",
        {"Env": ["k=key"], "Labels": {"key": "v", "k2": "key"}},
    ),
    "EXPOSE": (
        "EXPOSE 80 53/UDP 8000-8001",
        {"ExposedPorts": {"80/tcp": {}, "53/udp": {}, "8000/tcp": {}, "8001/tcp": {}}},
    ),
    "EXPOSE of several in one variable": (
        "ARG p='1 2'\nEXPOSE $p",
        {"ExposedPorts": {"1/tcp": {}, "2/tcp": {}}},
    ),
    "VOLUME": ("VOLUME /a /b\nVOLUME [\"/c d\"]", {"Volumes": {"/a": {}, "/b": {}, "/c d": {}}}),
    "USER": ("ARG u=1000\nUSER $u:100", {"User": "1000:100"}),
    "STOPSIGNAL": ("STOPSIGNAL ${s:-SIGINT}", {"StopSignal": "SIGINT"}),
    "STOPSIGNAL number": ("STOPSIGNAL 9", {"StopSignal": "9"}),
    "STOPSIGNAL number of nobody": ("STOPSIGNAL 65", {"StopSignal": "65"}),
    "SHELL": (
        "SHELL [\"/bin/bash\", \"-c\"]\nCMD x $y",
        {"Shell": ["/bin/bash", "-c"], "Cmd": ["/bin/bash", "-c", "x $y"]},
    ),
    "CMD is not expanded": ("ENV a=1\nCMD [\"$a\"]", {"Env": ["a=1"], "Cmd": ["$a"]}),
    "only the last CMD counts": ("CMD a\nCMD [\"b\"]", {"Cmd": ["b"]}),
    "ENTRYPOINT keeps a CMD of this stage": (
        "CMD [\"c\"]\nENTRYPOINT [\"e\"]",
        {"Cmd": ["c"], "Entrypoint": ["e"]},
    ),
    "HEALTHCHECK": (
        "HEALTHCHECK --interval=5m --retries=2 CMD [\"true\"]",
        {"Healthcheck": {"Test": ["CMD", "true"], "Interval": 300 * 10**9, "Retries": 2}},
    ),
    "HEALTHCHECK NONE": ("HEALTHCHECK NONE", {"Healthcheck": {"Test": ["NONE"]}}),
    "ONBUILD": ("ONBUILD RUN a $b\nONBUILD COPY x y", {"OnBuild": ["RUN a $b", "COPY x y"]}),
    "instruction names in any case": ("env a=1\nCmD [\"x\"]", {"Env": ["a=1"], "Cmd": ["x"]}),
    "WORKDIR": ("WORKDIR /a\nWORKDIR b\nWORKDIR ../c/.", {"WorkingDir": "/a/c"}),
    "WORKDIR is expanded": (
        "ENV d=/x\nWORKDIR $d/$unset/y",
        {"Env": ["d=/x"], "WorkingDir": "/x/y"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_configuration(shop: Workshop, case: str):
    text, wanted = CASES[case]
    assert config(shop, f"FROM scratch\n{text}\n") == wanted


def test_an_inherited_cmd_falls_with_a_new_entrypoint(shop: Workshop):
    shop.base("parent", Cmd=["inherited"], Entrypoint=["old"], User="7", Labels={"a": "1"})
    found = config(shop, 'FROM parent\nENTRYPOINT ["new"]\nLABEL b=2')
    assert found == {"Entrypoint": ["new"], "User": "7", "Labels": {"a": "1", "b": "2"}}
    assert config(shop, 'FROM parent\nCMD ["own"]')["Cmd"] == ["own"]
    assert config(shop, 'FROM parent\nCMD ["own"]\nENTRYPOINT ["new"]')["Cmd"] == ["own"]


def test_arguments_from_the_command_line(shop: Workshop):
    text = "ARG g=0\nFROM base\nARG a=1\nARG b\nARG g\nLABEL l=$a-$b-$g-$c"
    labels = lambda **given: config(shop, text, build_args=given)["Labels"]["l"]  # noqa: E731
    assert labels() == "1--0-"
    assert labels(a="x", b="y", g="z", c="undeclared") == "x-y-z-"
    assert labels(a="") == "--0-"


def test_arguments_before_from_are_for_from_only(shop: Workshop):
    text = "ARG image=base\nARG twice=$image\nFROM ${twice}\nLABEL l=${image:-unseen}"
    assert config(shop, text)["Labels"] == {"l": "unseen"}
    with pytest.raises(DockerfileError, match="Dockerfile:3: no image 'other'"):
        shop.build(text, build_args={"image": "other"})


def test_an_argument_goes_on_in_stages_built_from_its_stage_only(shop: Workshop):
    text = "FROM base AS one\nARG a=1\nENV e=2\nFROM {}\nLABEL l=${{a:-no}}-${{e:-no}}"
    assert config(shop, text.format("one"))["Labels"] == {"l": "1-2"}
    assert config(shop, text.format("base"))["Labels"] == {"l": "no-no"}


def test_run_gets_environment_and_arguments_that_have_a_value(shop: Workshop):
    shop.build(
        "FROM base\nARG none\nARG empty=\nARG a=1\nENV b=2\nARG b=3\nUSER 5\nWORKDIR /w\nRUN x",
        build_args={"HTTP_PROXY": "http://proxy", "undeclared": "1"},
    )
    [run] = shop.runs
    assert run == {
        "argv": ["/bin/sh", "-c", "x"],
        "env": {
            "PATH": DEFAULT_PATH,
            "empty": "",
            "a": "1",
            "b": "3",
            "HTTP_PROXY": "http://proxy",
        },
        "cwd": "/w",
        "user": "5",
    }


def test_forms_of_run(shop: Workshop):
    shop.build(
        'FROM base\nRUN ["a", "$b"]\nSHELL ["s"]\nRUN a $b\nRUN <<E\none\ntwo\nE\n'
        "RUN cat <<E > x\nin\nE\nRUN <<E python3\nprint(1)\nE\n"
        "RUN << E\nblank\nE\nRUN <<E\n#!/bin/x\nE\n"
    )
    assert [run["argv"] for run in shop.runs] == [
        ["a", "$b"],
        ["s", "a $b"],
        ["s", "one\ntwo\n"],
        ["s", "cat <<E > x\nin\nE\n"],
        ["s", "<<E python3\nprint(1)\nE\n"],
        ["s", "blank\n"],
        ["/.realrun/script"],
    ]


def test_triggers_keep_their_here_documents(shop: Workshop):
    text = (
        "FROM base\nENV a=1\nONBUILD COPY <<-A <<B /d/\n\tone\n\tA\ntwo $a\nB\n"
        "ONBUILD RUN <<E\nwrite f x\nE\n"
    )
    parent = shop.build(text, tags=["parent"])
    assert parent.config["OnBuild"] == [
        "COPY <<-A <<B /d/\none\nA\ntwo $a\nB",
        "RUN <<E\nwrite f x\nE",
    ]
    child = shop.build("FROM parent")
    assert files_only(child) == {"etc/base": "base", "d/A": "one\n", "d/B": "two 1\n", "f": "x\n"}
    assert [step["created_by"] for step in child.history[-2:]] == ["COPY <<-A <<B /d/", "RUN <<E"]


def test_a_trigger_may_want_a_stage_that_nobody_else_does(shop: Workshop):
    text = (
        "FROM base AS one\nRUN write f x\nFROM base AS two\nONBUILD COPY --from=one /f /g\nFROM two"
    )
    assert files_only(shop.build(text)) == {"etc/base": "base", "g": "x"}
    assert [run["argv"][-1] for run in shop.runs] == ["write f x"]


@pytest.mark.parametrize("trigger", ["RUN <<E\nx", "ENV a=1\nENV b=1", "# nothing", "NO a"])
def test_a_trigger_that_makes_no_sense_is_told(shop: Workshop, trigger: str):
    shop.base("odd", OnBuild=[trigger])
    with pytest.raises(DockerfileError, match=r"Dockerfile:1: .*(no instruction|unknown)"):
        shop.build("FROM odd")


def test_triggers_of_the_base_fire_once(shop: Workshop):
    shop.files({"f": "text"})
    shop.build("FROM base\nONBUILD COPY f /f\nONBUILD ENV a=1", tags=["parent"])
    child = shop.build("FROM parent\nLABEL l=$a", tags=["child"])
    assert (child.config["Labels"], child.config.get("OnBuild")) == ({"l": "1"}, None)
    assert "a=1" in child.config["Env"]
    assert len(child.layers) == 2
    assert shop.build("FROM child").diff_ids == child.diff_ids


def test_history_has_a_line_for_every_instruction(shop: Workshop):
    image = shop.build("FROM base\nENV a=1\nWORKDIR /w\nWORKDIR /w\nRUN write x y\nMAINTAINER Me")
    told = [(step["created_by"], "empty_layer" in step) for step in image.history]
    assert told == [
        ("test", False), ("ENV a=1", True), ("WORKDIR /w", False), ("WORKDIR /w", True),
        ("RUN write x y", False), ("MAINTAINER Me", True),
    ]  # fmt: skip
    assert image.author == "Me"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("FROM base\nLABEL x=${y", "Dockerfile:2: .*missing"),
        ('FROM base\nRUN a\nLABEL x="${y:?must be set}"', "Dockerfile:3: y: must be set"),
        ("FROM base\nEXPOSE web", "Dockerfile:2: 'web' is no port"),
        ("FROM base\nEXPOSE 70000", "no port"),
        ("FROM base\nEXPOSE 90-80", "no port"),
        ("FROM base\nSTOPSIGNAL SIGNOTHING", "no signal"),
        ("FROM base\nSTOPSIGNAL 0", "no signal"),
        ("FROM $nothing", "Dockerfile:1: .*empty"),
        ("FROM --platform=windows/amd64 base", "this machine is linux"),
        ("FROM missing", "Dockerfile:1: no image 'missing'"),
        ("FROM Base:Bad:Name", "Dockerfile:1: .*no image name"),
        ("FROM base AS 1", "cannot name a stage"),
    ],
)
def test_what_is_wrong_names_its_line(shop: Workshop, text: str, says: str):
    with pytest.raises(DockerfileError, match=says):
        shop.build(text)
