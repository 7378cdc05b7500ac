"""Initial ram disks: archives that the kernel unpacks, drivers in the order of their needs."""

from __future__ import annotations

import lzma
import os
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realrun.errors import Missing
from realrun.guest import commands, cpio, helper, initramfs, tools
from realrun.runtime.spec import Spec
from realrun.runtime.users import User
from tests.realrun.stage import until
from tests.realrun.trees import write


def parse(data: bytes) -> list[cpio.Entry]:
    """The entries of a `newc` archive, read strictly: magic, alignment, and an end."""
    found, at = [], 0
    while True:
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        number, mode, size, major, minor, length = (fields[n] for n in (0, 1, 6, 9, 10, 11))
        name = data[at + 110 : at + 110 + length]
        assert name.endswith(b"\0")
        start = (at + 110 + length + 3) & ~3
        content, at = data[start : start + size], (start + size + 3) & ~3
        if name == b"TRAILER!!!\0":
            assert not data[at:].strip(b"\0")
            return found
        assert number == len(found) + 1
        found.append(cpio.Entry(name[:-1].decode(), mode, content, (major, minor)))


ENTRIES = [
    cpio.folder("d"),
    cpio.file("d/f", b"text", 0o755),
    cpio.file("empty", b""),
    cpio.link("l", "d/f"),
    cpio.device("dev/console", 5, 1),
]


def test_what_goes_in_comes_out():
    assert parse(cpio.archive(ENTRIES)) == ENTRIES
    assert [stat.filemode(entry.mode) for entry in ENTRIES] == [
        "drwxr-xr-x", "-rwxr-xr-x", "-rw-r--r--", "lrwxrwxrwx", "crw-------"
    ]  # fmt: skip


@given(st.lists(st.tuples(st.text("abä/.", min_size=1), st.binary(max_size=9)), max_size=5))
def test_any_names_and_contents_keep_their_alignment(files):
    entries = [cpio.file(name, content) for name, content in files]
    data = cpio.archive(entries)
    assert parse(data) == entries
    assert len(data) % 512 == 0  # so that another one may follow


def test_busybox_reads_it(tmp_path):
    """A reader that is not ours: `cpio -i` of the guest's own busybox."""
    busybox = tools.find("busybox")
    if busybox is None:
        pytest.skip("no busybox; `realrun fetch` gets it")
    entries = [entry for entry in ENTRIES if not stat.S_ISCHR(entry.mode)]
    command = [str(busybox.path), "cpio", "-i", "-d"]
    subprocess.run(command, input=cpio.archive(entries), cwd=tmp_path, check=True, timeout=30,
                   stderr=subprocess.DEVNULL)  # fmt: skip
    assert (tmp_path / "l").read_text() == "text"
    assert os.access(tmp_path / "d/f", os.X_OK)
    assert (tmp_path / "empty").read_bytes() == b""


def module(depends: str = "", body: bytes = b"code") -> bytes:
    """As much of a kernel module as says what it needs."""
    return b"\x7fELF" + body + f"\0license=GPL\0depends={depends}\0name=x\0".encode()


def tree(top: Path, modules: dict[str, bytes]) -> Path:
    for name, data in modules.items():
        path = top / "kernel" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return top


def test_drivers_come_after_what_they_need(tmp_path):
    """`insmod` does not look for dependencies; built-in drivers have no file; each comes once."""
    modules = {
        "drivers/virtio.ko": module(),
        "drivers/virtio_ring.ko": module("virtio"),
        "drivers/virtio-pci.ko": module("virtio,virtio_ring"),
        "drivers/virtio_console.ko": module("virtio,virtio_ring"),
        "fs/ext4.ko": module("mbcache,jbd2"),
        "fs/mbcache.ko": module(),
        "unwanted.ko": module(),
    }
    names = [name for name, _ in initramfs.modules(tree(tmp_path, modules))]
    assert names == ["virtio", "virtio_ring", "virtio_pci", "virtio_console", "mbcache", "ext4"]


def test_packed_modules_are_unpacked(tmp_path):
    modules = {"a/ext4.ko.xz": lzma.compress(module("b")), "a/b.ko": module()}
    found = dict(initramfs.modules(tree(tmp_path, modules)))
    assert found == {"b": module(), "ext4": module("b")}


def test_zstd_is_unpacked_or_asked_for(tmp_path):
    """Ubuntu packs so; where nothing can unpack it the message says what to install."""
    path = tree(tmp_path, {"ext4.ko.zst": b"no archive"}) / "kernel/ext4.ko.zst"
    if shutil.which("zstd") is None:
        pytest.skip("the reason would be another one: no zstd here")
    with pytest.raises(Missing, match="zstd"):
        initramfs.unpacked(path)


def test_the_common_part_holds_what_the_init_calls(tmp_path):
    """Every command of init.sh is an applet in the ram disk, or the shell's own."""
    busybox = write(tmp_path, {"busybox": "program"}) / "busybox"
    entries = {entry.name: entry for entry in initramfs.base_entries(busybox, None)}
    assert stat.filemode(entries["init"].mode) == "-rwxr-xr-x"
    assert entries["init"].content == initramfs.INIT.read_bytes()
    assert entries["bin/busybox"].content == b"program"
    links = {name: entry.content for name, entry in entries.items() if stat.S_ISLNK(entry.mode)}
    assert links == {f"bin/{name}": b"busybox" for name in initramfs.APPLETS}


def test_the_init_is_a_shell_script_of_busybox():
    busybox = tools.find("busybox")
    if busybox is None:
        pytest.skip("no busybox; `realrun fetch` gets it")
    command = [str(busybox.path), "sh", "-n", str(initramfs.INIT)]
    assert subprocess.run(command, capture_output=True, timeout=30).stderr == b""
    known = subprocess.run([str(busybox.path), "--list"], capture_output=True, text=True).stdout
    assert set(initramfs.APPLETS) <= set(known.split())


def spec(**more) -> Spec:
    given = {"layers": ("/l",), "argv": ("x", "a b", "$A", "'"), "env": {"A": "1\n2", "b.c": "=é"}}
    return Spec(isolation="uml", hostname="h;reboot", cwd="/c d", **given | more)


def words_of(given: Spec, user: User) -> list[str]:
    """The last line of the script, as a shell reads it."""
    *_, line = commands.script(given, user).partition("exec -a ")
    return shlex.split(line)


def test_the_command_is_one_quoted_line():
    """What a shell reads back are the words, whatever is in them."""
    words = words_of(spec(), User(5, 6, (6,), "/h"))
    assert words[-4:] == ["x", "a b", "$A", "'"]
    assert {"HOME=/h", "A=1\n2", "b.c==é", "-r/root", "-w/root/c d"} <= set(words)
    assert words[words.index("-S") + 1] == "5"


def test_groups_come_with_an_account_and_root_needs_none():
    script = commands.script(spec(id="0123456789abcdef"), User(5, 6, (6, 7), "/h"))
    assert "echo p0123456789ab:x:0:6::/:/bin/sh >> /etc/passwd\n" in script
    assert "echo p0123456789abg7:x:7:p0123456789ab >> /etc/group\n" in script
    assert "su" not in words_of(spec(), User(0, 0, (0,)))


def test_the_program_of_the_init_is_the_same_for_every_processor_but_its_own_words():
    """A header that says how long it is, and for what it was written."""
    for machine, number in (("x86_64", 62), ("aarch64", 183)):
        data = helper.program(machine)
        assert data[:4] == b"\x7fELF"
        assert int.from_bytes(data[18:20], "little") == number
        assert int.from_bytes(data[96:104], "little") == len(data)


def test_the_init_takes_signals_back_and_unlocks_terminals(tmp_path):
    """What its program is for: no command of busybox does that."""
    path = tmp_path / "helper"
    path.write_bytes(helper.program(os.uname().machine))
    path.chmod(0o755)
    ignoring = f"trap '' INT QUIT; exec {path} /bin/grep SigIgn /proc/self/status"
    done = subprocess.run(["sh", "-c", ignoring], capture_output=True, text=True, timeout=30)
    assert int(done.stdout.split()[1], 16) & 0b110 == 0
    master = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
    told = Path(f"/proc/self/fdinfo/{master}").read_text()
    index = next(line.split()[1] for line in told.splitlines() if line.startswith("tty-index"))
    with pytest.raises(OSError, match="Input/output error"):
        os.open(f"/dev/pts/{index}", os.O_RDWR | os.O_NOCTTY)
    assert subprocess.run([path], stdin=master, timeout=30).returncode == 0
    os.close(os.open(f"/dev/pts/{index}", os.O_RDWR | os.O_NOCTTY))
    os.close(master)


def test_the_init_is_told_when_a_file_is_written_to(tmp_path):
    """By the exit code, which nothing else gives."""
    path, file = tmp_path / "helper", tmp_path / "file"
    path.write_bytes(helper.program(os.uname().machine))
    path.chmod(0o755)
    file.touch()
    with subprocess.Popen([path, "-", file]) as process:
        about = Path(f"/proc/{process.pid}/fdinfo/3")
        until(lambda: about.exists() and "inotify wd" in about.read_text(), "it watches")
        file.write_text("x")
        assert process.wait(30) == 16


def test_the_settings_are_quoted_for_the_shell():
    """A host name with a semicolon is a host name, not a command."""
    told = {"END": "\x1eend", "DISK": "/dev/x"}
    entries = parse(initramfs.instance_part(spec(), "true\n", told, "mounts"))
    assert [entry.name for entry in entries] == [
        "instance",
        "instance/settings",
        "instance/unit",
        "instance/mounts",
        "instance/etc",
        "instance/etc/hosts",
        "instance/etc/hostname",
        "instance/etc/resolv.conf",
        "programs/0/command",
    ]
    script = entries[1].content + b'printf "%s|%s|%s|%s" "$HOST_NAME" "$CWD" "$END" "$DISK"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True, timeout=30)
    assert done.stdout == b"h;reboot|/c d|\x1eend|/dev/x"
