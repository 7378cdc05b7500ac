"""inspect: what was asked for comes back in Docker's words, and how it went."""

from __future__ import annotations

import json

import pytest

from realrun.containers import describe
from realrun.containers.creating import create
from realrun.containers.registry import Registry
from realrun.engine import Wishes
from realrun.image import Store
from realrun.runtime.spec import Mount
from tests.realrun.image.stores import add
from tests.realrun.stage import cli

NEVER = "0001-01-01T00:00:00Z"


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An image `img`; the command line uses this store, too."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "root"))
    made = Store()
    config = {"Env": ["A=1", "B=2"], "Entrypoint": ["sh"], "Cmd": ["-c"], "Labels": {"of": "image"}}
    add(made, "img", {"a": "12345"}, **config, StopSignal="SIGINT", Volumes={"/vol": {}})
    return made


def made(*args):
    """Create a container with these options; all that is known of it."""
    done = cli("create", "--name", "one", *args)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(cli("inspect", "one").stdout)[0]


def test_a_new_container_is_as_its_image_says(store):
    told = made("img")
    image = store.resolve("img")
    assert told["Image"] == image.image_id
    assert (told["Name"], told["Path"], told["Args"]) == ("/one", "sh", ["-c"])
    assert told["State"] == {
        "Status": "created", "Running": False, "Paused": False, "Restarting": False,
        "OOMKilled": False, "Dead": False, "Pid": 0, "ExitCode": 0, "Error": "",
        "StartedAt": NEVER, "FinishedAt": NEVER,
    }  # fmt: skip
    config = told["Config"]
    assert config["Hostname"] == told["Id"][:12]
    assert [config[key] for key in ("Env", "Cmd", "Entrypoint")] == [["A=1", "B=2"], ["-c"], ["sh"]]
    assert config["Labels"] == {"of": "image"}
    assert (config["StopSignal"], config["Volumes"]) == ("SIGINT", {"/vol": {}})
    assert "StopTimeout" not in config
    assert told["HostConfig"]["Binds"] is None
    assert told["RealRun"]["Isolation"] == "container"
    (mount,) = told["Mounts"]
    assert (mount["Type"], mount["Destination"], mount["Mode"]) == ("volume", "/vol", "")
    assert mount["Source"] == str(store.root / "volumes" / mount["Name"] / "_data")
    assert told["GraphDriver"]["Data"]["LowerDir"] == str(image.layers[0])


def test_wishes_come_back(store):
    told = made(
        *"-i -t --init --rm --read-only -u 5:6 -w /tmp -h hh --label z=1 -e A=3 -e C=4".split(),
        *"--stop-signal USR1 --stop-timeout 7 --network host --memory 64m --cpus 1.5".split(),
        *"--pids-limit 5 --ulimit nofile=10:20 --shm-size 1m img x y".split(),
    )
    config, host = told["Config"], told["HostConfig"]
    assert [config[key] for key in ("OpenStdin", "Tty", "AttachStdin", "StdinOnce")] == [True] * 4
    assert [config[key] for key in ("User", "WorkingDir", "Hostname")] == ["5:6", "/tmp", "hh"]
    assert (config["StopSignal"], config["StopTimeout"]) == ("USR1", 7)
    assert config["Labels"] == {"of": "image", "z": "1"}
    assert sorted(config["Env"]) == ["A=3", "B=2", "C=4"]
    assert config["Cmd"] == ["x", "y"]
    assert [host[key] for key in ("Init", "AutoRemove", "ReadonlyRootfs")] == [True] * 3
    assert (host["NetworkMode"], host["ShmSize"]) == ("host", 1 << 20)
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (64 << 20, 1_500_000_000, 5)
    assert host["Ulimits"] == [{"Name": "nofile", "Hard": 20, "Soft": 10}]


def test_limits_and_devices_come_back_by_dockers_names(store):
    words = "-m 64m --memory-swap -1 --memory-reservation 32m -c 512 --cpuset-cpus 0 img"
    rates = "--device-read-bps /dev/a:1m --device-write-iops /dev/a:5 --blkio-weight 20"
    told = made(*rates.split(), "--device", "/dev/null:/n:r", *words.split())["HostConfig"]
    assert (told["MemorySwap"], told["MemoryReservation"]) == (-1, 32 << 20)
    assert (told["CpuShares"], told["CpusetCpus"], told["BlkioWeight"]) == (512, "0", 20)
    assert told["BlkioDeviceReadBps"] == [{"Path": "/dev/a", "Rate": 1 << 20}]
    assert told["BlkioDeviceWriteIOps"] == [{"Path": "/dev/a", "Rate": 5}]
    assert told["BlkioDeviceWriteBps"] is None
    assert told["Devices"] == [
        {"PathOnHost": "/dev/null", "PathInContainer": "/n", "CgroupPermissions": "r"}
    ]


def test_rights_and_mounts_come_back_as_they_were_written(store, tmp_path):
    told = made(
        *"--cap-drop ALL --cap-add sys_time --security-opt no-new-privileges".split(),
        *f"-v /anon -v named:/n:nocopy -v plain:/p -v {tmp_path}:/t:ro --tmpfs /x:size=1m".split(),
        *f"--mount type=bind,src={tmp_path},dst=/m,ro --mount type=tmpfs,dst=/y img".split(),
    )
    host = told["HostConfig"]
    assert (host["CapAdd"], host["CapDrop"]) == (["sys_time"], ["ALL"])
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["Binds"] == ["named:/n:nocopy", "plain:/p", f"{tmp_path}:/t:ro"]
    assert host["Tmpfs"] == {"/x": "size=1m"}
    assert host["Mounts"] == [
        {"Type": "bind", "Source": str(tmp_path), "Target": "/m", "ReadOnly": True},
        {"Type": "tmpfs", "Target": "/y"},
    ]
    shown = {m["Destination"]: (m["Type"], m["Mode"], m["RW"]) for m in told["Mounts"]}
    assert shown == {
        "/anon": ("volume", "", True), "/vol": ("volume", "", True),
        "/n": ("volume", "nocopy", True),
        "/p": ("volume", "z", True), "/t": ("bind", "ro", False), "/m": ("bind", "", False),
        "/y": ("tmpfs", "", True),
    }  # fmt: skip
    assert told["Config"]["Volumes"] == {"/anon": {}, "/vol": {}}


def test_without_words_of_a_user_there_are_ours(store, tmp_path):
    """Wishes that come from Python are told the same way."""
    registry = Registry(store.root)
    mounts = (
        Mount("bind", str(tmp_path), "/t", True),
        Mount("tmpfs", "", "/x", False, ("size=1",)),
    )
    wishes = Wishes(mounts=mounts, cap_add=("SYS_TIME",), cap_drop=("CHOWN",), seccomp=False)
    host = describe.inspect(registry, create(registry, "img", wishes))["HostConfig"]
    assert (host["CapAdd"], host["CapDrop"]) == (["SYS_TIME"], ["CHOWN"])
    assert (host["Binds"], host["Tmpfs"]) == ([f"{tmp_path}:/t:ro"], {"/x": "size=1"})
    assert host["SecurityOpt"] == ["seccomp=unconfined"]


@pytest.mark.overlay
def test_how_it_went(registry):
    cli("run", "--name", "gone", "hello", "sh", "-c", "exit 4")
    cli("run", "-d", "--name", "goes", "hello", "sleep", "1000")
    gone, goes = json.loads(cli("inspect", "gone", "goes").stdout)
    assert (gone["State"]["Status"], gone["State"]["ExitCode"]) == ("exited", 4)
    assert NEVER < gone["Created"] < gone["State"]["StartedAt"] < gone["State"]["FinishedAt"]
    state = goes["State"]
    assert (state["Status"], state["Running"], state["FinishedAt"]) == ("running", True, NEVER)
    with open(f"/proc/{state['Pid']}/cmdline", "rb") as file:
        assert file.read() == b"sleep\x001000\x00"
    attached = [one["Config"]["AttachStdout"] for one in (gone, goes)]
    assert attached == [True, False]


def test_a_container_goes_before_an_image_of_the_same_name(store):
    assert made("img")["Name"] == "/one"
    store.tag("img", "one")
    assert "RepoTags" in json.loads(cli("inspect", "--type", "image", "one").stdout)[0]
    assert cli("inspect", "-f", "{{.Name}}", "one").stdout == "/one\n"
    assert cli("inspect", "--type", "container", "img").returncode == 1


def test_a_guest_has_a_disk_of_its_own(store):
    told = made("--isolation", "uml", "img")
    assert told["GraphDriver"] == {"Data": None, "Name": "disk"}
    assert (told["Driver"], told["RealRun"]["Isolation"]) == ("disk", "uml")
    assert cli("ps", "-a", "--format", "{{.Isolation}}").stdout == "uml\n"


def test_sizes_are_told_if_asked_for(store):
    told = made("img")
    assert "SizeRw" not in told
    upper = told["GraphDriver"]["Data"]["UpperDir"]
    with open(f"{upper}/new", "w", encoding="utf-8") as file:
        file.write("123")
    sized = json.loads(cli("inspect", "-s", "one").stdout)[0]
    assert (sized["SizeRw"], sized["SizeRootFs"]) == (3, 8)


@pytest.mark.parametrize(
    ("words", "code", "out"),
    [
        ("-f {{.Id one", 64, ""),
        ("-f {{.Nope}} one", 1, "\n"),
        ("-f {{.Name}} one nosuch", 1, "/one\n"),
        ("-f {{.Name}} nosuch", 1, "\n"),
        ("nosuch", 1, "[]\n"),
        ("--type nosuch one", 1, ""),
    ],
)
def test_exit_codes_and_output_are_dockers(store, words, code, out):
    made("img")
    done = cli("inspect", *words.split())
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, out, 1)


def test_volumes_and_images_are_looked_for_as_well(store):
    cli("volume", "create", "one")
    assert json.loads(cli("inspect", "one").stdout)[0]["Driver"] == "local"
    assert made("img")["Name"] == "/one"
    assert json.loads(cli("inspect", "--type", "volume", "one").stdout)[0]["Name"] == "one"
    assert cli("inspect", "-f", "{{.Mountpoint}}", "--type", "volume", "one").stdout.endswith(
        "/_data\n"
    )
    assert (
        cli("image", "inspect", "-f", "{{.Architecture}} {{.Os}}", "img").stdout.split()[1]
        == "linux"
    )
    assert cli("image", "inspect", "one").returncode == 1
