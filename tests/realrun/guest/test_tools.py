"""Where the guests' tools are looked for, how they are fetched, and the machines' command lines."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from realrun.errors import Missing, UsageError
from realrun.guest import backends, disk, fetch, monitor, processor, tools
from realrun.guest.backends import Machine
from realrun.runtime.spec import Spec
from realrun.runtime.state import MARK
from tests.realrun.trees import write


@pytest.fixture
def places(tmp_path: Path, monkeypatch) -> Path:
    """A machine that has nothing: no ROOT of root's, no PATH, no kernel in /boot."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path / "own"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(tools, "SYSTEM_ROOT", tmp_path / "system")
    monkeypatch.setattr(tools, "system_kernel", lambda: None)
    real = tools.shutil.which
    own = str(tmp_path / "path")
    monkeypatch.setattr(tools.shutil, "which", lambda name, path=None: real(name, path=own))
    return tmp_path


def program(path: Path, content: str = "static") -> Path:
    write(path.parent, {path.name: content})
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", tools.PURPOSE)
def test_what_is_missing_is_missing_with_purpose_and_way_out(places, name):
    assert tools.find(name) is None
    with pytest.raises(Missing) as missing:
        tools.need(name)
    for part in (name, tools.PURPOSE[name], tools.advice(name)):
        assert part in str(missing.value)


@pytest.mark.parametrize("folder", tools.FOLDERS)
def test_our_own_comes_before_roots_before_the_systems(places, folder):
    system = program(places / "path/mke2fs")
    assert tools.find("mke2fs") == tools.Tool(system, None)
    roots = program(places / "system/tools/mke2fs" / folder / "mke2fs")
    assert tools.find("mke2fs") == tools.Tool(roots, places / "system/tools/mke2fs")
    own = program(places / "own/tools/mke2fs" / folder / "mke2fs")
    assert tools.find("mke2fs") == tools.Tool(own, places / "own/tools/mke2fs")


def test_what_cannot_be_executed_is_no_program(places):
    write(places / "own/tools/qemu/usr/bin", {tools.QEMU: ""})
    assert tools.find("qemu") is None


def test_a_busybox_with_libraries_does_not_suit(places):
    """It runs where no library is."""
    program(places / "path/busybox", "\0/lib64/ld-linux-x86-64.so.2\0")
    assert tools.find("busybox") is None
    program(places / "path/busybox", "all in one")
    assert tools.find("busybox") is not None


def test_the_newest_kernel_that_has_its_modules(places):
    prefix = places / "own/tools/kernel"
    for age, release in enumerate(("6.1.0-9", "6.1.0-10", "6.1.0-11")):
        image = write(prefix / "boot", {f"vmlinuz-{release}": ""}) / f"vmlinuz-{release}"
        os.utime(image, (age, age))
    for release in ("6.1.0-9", "6.1.0-10"):
        (prefix / "lib/modules" / release).mkdir(parents=True)
    found = tools.find("kernel")
    assert found is not None
    assert found.path.name == "vmlinuz-6.1.0-10"
    assert tools.modules_of(found.path) == prefix / "lib/modules/6.1.0-10"


def test_an_unpacked_program_finds_its_libraries(places):
    prefix = places / "own/tools/qemu"
    write(prefix / "usr/lib/x86_64-linux-gnu/qemu", {"block.so": ""})
    program(prefix / "usr/bin" / tools.QEMU)
    found = tools.find("qemu")
    assert found is not None
    folder = f"{prefix}/usr/lib/x86_64-linux-gnu"
    assert folder in found.environment["LD_LIBRARY_PATH"].split(":")
    assert found.environment["QEMU_MODULE_DIR"] == f"{folder}/qemu"
    assert tools.Tool(found.path, None).environment == {}


def test_a_c_library_of_its_own_comes_with_its_loader(places):
    """Which is laid over the host's, for the machine alone; without one there is no such step."""
    prefix = places / "own/tools/uml"
    program(prefix / "usr/bin/linux.uml")
    assert tools.need("uml").loader is None
    assert monitor.own_library("uml", "it", "/jail") == []
    loader = write(prefix / "usr/lib/x86_64-linux-gnu", {"ld-linux-x86-64.so.2": ""})
    found = tools.need("uml")
    assert found.loader == loader / "ld-linux-x86-64.so.2"
    assert tools.Tool(found.path, None).loader is None
    (step,) = monitor.own_library("uml", "it", "/jail")
    over = "/jail" + os.path.realpath("/lib64/ld-linux-x86-64.so.2")
    assert step.args == {"source": str(found.loader), "target": over}


SIMULATED = """\
NOTE: This is only a simulation!
Inst libslirp0 (4.7.0-1 Debian:12.11/oldstable [amd64])
Inst qemu-system-common [1:7.1] (1:7.2+dfsg-7+deb12u13 Debian:12.11/oldstable [amd64]) []
Inst linux-image-6.1.0-37-cloud-amd64 (6.1.140-1 Debian:12 [amd64])
Inst initramfs-tools (0.142 Debian:12 [all])
Inst linux-image-cloud-amd64 (6.1.140-1 Debian:12 [amd64])
Inst libc6 [2.36-9+deb12u14] (2.43-7 Debian:testing [amd64])
Inst libcap2 (1:2.66-4 Debian:12 [amd64])
Inst user-mode-linux (6.1-2 Debian:12 [amd64])
Conf libslirp0 (4.7.0-1 Debian:12.11/oldstable [amd64])
"""


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (
            "qemu",
            "libslirp0=4.7.0-1 qemu-system-common=1:7.2+dfsg-7+deb12u13 "
            "linux-image-6.1.0-37-cloud-amd64=6.1.140-1 initramfs-tools=0.142 "
            "linux-image-cloud-amd64=6.1.140-1 libc6=2.43-7 libcap2=1:2.66-4 "
            "user-mode-linux=6.1-2",
        ),
        ("kernel", "linux-image-6.1.0-37-cloud-amd64=6.1.140-1"),
        ("uml", "libc6=2.43-7 user-mode-linux=6.1-2"),
    ],
)
def test_what_is_fetched_is_what_apt_would_install(monkeypatch, tmp_path, name, wanted):
    """A kernel without the tools that only an installed one needs."""
    monkeypatch.setattr(fetch, "run", lambda command, cwd: SIMULATED)
    assert fetch.closure(name, "package", [], tmp_path) == wanted.split()


def has_debians_sources() -> bool:
    """And the keys for them."""
    known = Path("/etc/os-release").read_text(encoding="utf-8")
    return "ID=debian" in known.split() and fetch.KEYRING.exists()


@pytest.mark.network
@pytest.mark.slow
def test_the_newer_release_has_a_kernel_with_room(tmp_path):
    """Asked of the mirror that this system uses, with Debian's keys; nothing is downloaded."""
    if not has_debians_sources():
        pytest.skip("no package source here is Debian's")
    own = fetch.prepare(tmp_path / "own")
    fetch.run(["apt-get", *own, "update"], tmp_path)
    options = fetch.roomy_release(own, tmp_path)
    found = dict(
        one.split("=") for one in fetch.closure("uml", "user-mode-linux", options, tmp_path)
    )
    assert set(found) == {"user-mode-linux", "libc6"}
    numbers = re.match(r"(\d+)\.(\d+)", found["user-mode-linux"])
    assert numbers is not None
    assert tuple(map(int, numbers.groups())) >= processor.ROOM_SINCE


def test_only_a_wide_processor_asks_for_the_newer_release(monkeypatch, tmp_path):
    """And only for the one tool; without it the reason is told, and nothing else is tried."""
    asked: list[list[str]] = []

    def closure(name: str, package: str, options: list[str], work: Path) -> list[str]:
        asked.append(options)
        raise Missing(f"no {name}")

    def refuse(options: list[str], work: Path) -> list[str]:
        raise Missing("no mirror")

    monkeypatch.setattr(fetch, "closure", closure)
    monkeypatch.setattr(fetch, "roomy_release", lambda options, work: ["newer"])
    for wide in (False, True):
        monkeypatch.setattr(processor, "is_wide", lambda answer=wide: answer)
        for name in ("uml", "mke2fs"):
            assert fetch.fetch_one(name, ["own"], tmp_path, lambda _: None) == f"no {name}"
    assert asked == [["own"], ["own"], ["newer"], ["own"]]
    monkeypatch.setattr(fetch, "roomy_release", refuse)
    assert fetch.fetch_one("uml", ["own"], tmp_path, lambda _: None) == "no mirror"
    assert len(asked) == 4


def test_fetching_without_apt_is_a_reason_for_each(monkeypatch):
    monkeypatch.setattr(fetch.shutil, "which", lambda name: None)
    assert fetch.fetch(["uml", "qemu"]) == dict.fromkeys(
        ["uml", "qemu"], "no apt-get and dpkg-deb here"
    )
    assert "package manager" in tools.advice("uml")
    assert "user-mode-linux" in tools.advice("uml")


def test_a_tool_that_complains_is_quoted_by_its_last_line(tmp_path):
    with pytest.raises(Missing, match=r"^the reason$"):
        fetch.run(["sh", "-c", "echo noise >&2; echo the reason >&2; exit 3"], tmp_path)
    with pytest.raises(Missing, match="sh failed"):
        fetch.run(["sh", "-c", "exit 3"], tmp_path)


@pytest.fixture
def machine(monkeypatch) -> Machine:
    monkeypatch.setattr(tools, "need", lambda name: tools.Tool(Path("/t") / name, Path("/p")))
    return Machine(
        "/folder", "/disk", "/folder/initrd", 96, 2, "tcg", model="q35", kernel="/t/kernel"
    )


def after(words: list[str], *options: str) -> list[str]:
    """The words behind each of these options."""
    return [words[words.index(option) + 1] for option in options]


def test_qemus_command_line(machine):
    """Memory, processors, accelerator, disk that is never written to, a port a channel."""
    words = backends.BACKENDS["qemu"].argv(machine)
    assert words[0] == "/t/qemu"
    assert after(words, "-m", "-smp", "-kernel", "-initrd") == [
        "96M", "2", "/t/kernel", "/folder/initrd"
    ]  # fmt: skip
    assert after(words, "-machine", "-cpu") == ["q35,accel=tcg", "qemu64"]
    assert "file=/disk,format=raw,snapshot=on,if=none,id=image" in words
    assert [w for w in words if w.startswith("socket,")] == [
        f"socket,id={name},fd={fd}"
        for name, fd in (("firmware", 8), ("qmp", 7), ("c0", 4), ("c1", 5), ("c2", 6))
    ]
    kvm = backends.BACKENDS["qemu"].argv(machine._replace(accelerator="kvm"))
    assert after(kvm, "-machine", "-cpu") == ["q35,accel=kvm", "host"]


def test_user_mode_linuxs_command_line(machine):
    words = backends.BACKENDS["uml"].argv(machine)
    assert words[0] == "/t/kernel"  # which is the program
    assert {"mem=96M", "initrd=/folder/initrd", "ubd0=cow,/disk"} <= set(words)
    assert {"ssl0=fd:4", "ssl1=fd:5", "ssl2=fd:6"} <= set(words)
    assert "ssl3=fd:7" not in words


def test_a_terminal_takes_a_channel_less(machine):
    """And lines for more programs are there from the start; QEMU's machine gets them when asked."""
    for isolation, wanted in (("qemu", [0, 1]), ("uml", [0, 1, *range(3, 19)])):
        assert backends.channels(isolation, terminal=True) == wanted
    machine = machine._replace(channels=(0, 1, 3, 4))
    words = set(backends.BACKENDS["uml"].argv(machine))
    assert {"ssl0=fd:4", "ssl1=fd:5", "ssl3=fd:6", "ssl4=fd:7"} <= words
    assert machine.monitor_fd == 8
    ports = backends.BACKENDS["qemu"].argv(machine)
    assert "virtserialport,id=p3,chardev=c3,nr=4" in ports
    assert f"virtio-serial-pci,max_ports={4 + 2 * backends.SESSIONS}" in ports


def test_each_backend_settles_what_the_init_must_know():
    """Both know the same names; a step of the init that lacks one would hang."""
    names = {frozenset(backend.settings) for backend in backends.BACKENDS.values()}
    assert names == {frozenset({"PORT", "FIRST", "DISK", "SYSTEM", "RAW"})}
    assert MARK not in backends.VIRTIO_PORTS


def test_a_disk_is_made_once_for_an_image(monkeypatch, tmp_path):
    """By its digest: another image has another disk, a restart has the same."""
    monkeypatch.setenv("REALRUN_ROOT", str(tmp_path))
    made: list[str] = []

    def make(spec: Spec, target: Path) -> None:
        made.append(target.name)
        write(target.parent, {target.name: ""})

    monkeypatch.setattr(disk, "make", make)
    given = {"layers": ("/l",), "argv": ("x",), "env": {}}
    for digest in ("sha256:" + "a" * 64, "sha256:" + "b" * 64, "sha256:" + "a" * 64):
        assert disk.of(Spec(image_digest=digest, **given)).is_file()
    assert made == [f"disk-{letter * 32}-journal.ext4" for letter in "ab"]


def test_what_is_kept_of_an_image_goes_with_it(tmp_path):
    """Its disk and saved machines; what belongs to all guests stays."""
    gone, here = "a" * 32, "b" * 32
    kept = {f"disk-{here}.ext4", f"snapshot-{here}-0", "base-0123.cpio", "disk-probe1.ext4"}
    names = {f"disk-{gone}.ext4", f"snapshot-{gone}-0", f"snapshot-{gone}-1"}
    write(tmp_path / "guest", dict.fromkeys(kept | names, ""))
    used = ["sha256:" + here + "0" * 32]
    assert disk.prune(tmp_path, [], lambda: ["sha256:" + gone, *used]) == []
    assert disk.prune(tmp_path, [], lambda: used) == sorted(f"guest/{name}" for name in names)
    assert {path.name for path in (tmp_path / "guest").iterdir()} == kept
    assert disk.prune(tmp_path, used, lambda: pytest.fail("asked for nothing")) == []


def test_a_wrong_name_to_fetch_is_a_usage_error():
    from argparse import Namespace

    from realrun.verbs import fetch as verb

    with pytest.raises(UsageError, match=r"'vm' is none of busybox"):
        verb.main(Namespace(name=["vm"]))
