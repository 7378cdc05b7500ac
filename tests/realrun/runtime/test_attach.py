"""Mounts of real containers: what is seen inside, with which options, and what is left outside."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from realrun import engine
from realrun.errors import UsageError
from realrun.files.copying import copy_directory
from realrun.linux import inroot
from realrun.runtime import mountwords, volumes
from realrun.runtime.run import drive
from realrun.runtime.spec import Mount
from tests.realrun.stage import instances

pytestmark = pytest.mark.overlay
BOTH = pytest.mark.parametrize("isolation", ["process", "container"])


@pytest.fixture
def folder(tmp_path) -> Path:
    """A directory of this machine, readable to all as the way to it is."""
    made = tmp_path / "folder"
    (made / "below").mkdir(parents=True)
    (made / "file").write_text("outside\n")
    return made


@pytest.fixture
def volume_names(root):
    """Volumes of this test are gone after it."""
    before = {volume.name for volume in volumes.every(root)}
    yield ["data", "other"]
    for volume in volumes.every(root):
        if volume.name not in before:
            volumes.remove(root, volume.name)


def inside(stage, script: str, *words: str, **wishes) -> str:
    """What a script prints, with mounts in the words of --mount, --tmpfs (`t:`) or -v."""
    found = []
    for word in words:
        kind = {"t": mountwords.tmpfs, "v": mountwords.volume, "m": mountwords.mount}[word[0]]
        found.append(kind(word[2:]))
    return stage.sh(script, mounts=found, **wishes)


def options(stage, place: str, *words: str, **wishes) -> list[str]:
    """The mount's own options, those of its file system, and the latter's type."""
    line = inside(stage, f"grep ' {place} ' /proc/self/mountinfo", *words, **wishes)
    own, of_system = line.split(" - ")
    return [own.split()[5], of_system.split()[0], of_system.split()[2]]


@BOTH
def test_a_directory_and_a_file_of_outside(stage, folder, isolation):
    words = [f"v:{folder}:/made/here", f"m:type=bind,src={folder}/file,dst=/etc/shown"]
    script = "cat /made/here/file /etc/shown; echo new > /made/here/below/new; ls /made"
    assert inside(stage, script, *words, isolation=isolation) == "outside\n" * 2 + "here\n"
    assert (folder / "below/new").read_text() == "new\n"


@BOTH
@pytest.mark.parametrize("words", ["v:{}:/c:ro", "m:type=bind,src={},dst=/c,readonly"])
def test_read_only_means_all_below_it(stage, folder, isolation, words):
    script = "touch /c/x /c/below/x /c/file 2>&1 | grep -c Read-only"
    assert inside(stage, script, words.format(folder), isolation=isolation) == "3\n"


def test_what_is_mounted_below_is_there_and_read_only_too(stage, folder):
    """A volume in a bind: Docker sorts by depth, whatever the order on the command line."""
    words = ["t:/c/below:mode=755", f"v:{folder}:/c:ro", "v:/c/below/deep"]
    with pytest.raises(engine.StartFailed, match="Read-only"):
        inside(stage, "true", *[w for w in words if "deep" not in w][::-1], "t:/c/nosuch")
    assert inside(stage, "touch /c/below/x /c/below/deep/y; ls /c/below", *words) == "deep\nx\n"


@BOTH
def test_the_directory_of_v_is_made(stage, tmp_path, isolation):
    inside(stage, "touch /c/x", f"v:{tmp_path}/new/dir:/c", isolation=isolation)
    assert (tmp_path / "new/dir/x").exists()


def test_the_source_of_a_bind_must_exist(stage, root, tmp_path):
    before = instances(root)
    with pytest.raises(UsageError, match=r"nosuch does not exist"):
        inside(stage, "true", f"m:type=bind,src={tmp_path}/nosuch,dst=/c")
    assert instances(root) == before


def test_a_place_takes_one_mount(stage, folder):
    with pytest.raises(UsageError, match="/c is mounted twice"):
        inside(stage, "true", f"v:{folder}:/c", "t:/c/")


@pytest.mark.parametrize(
    ("mount", "why"),
    [
        ("v:{}/file:/tmp", "cannot mount a file on /tmp: the image has a directory"),
        ("v:{}:/etc/passwd", "cannot mount a directory on /etc/passwd: the image has a file"),
        ("v:{}:/etc/passwd/x", "Not a directory"),
        ("v:{}:/proc", "/proc lies in /proc"),
        ("v:{}:/proc/sys", "/proc/sys lies in /proc"),
        ("t:/proc/tty", "/proc/tty lies in /proc"),
    ],
)
def test_a_place_that_does_not_fit_is_refused(stage, folder, mount, why):
    with pytest.raises(engine.StartFailed, match=why):
        inside(stage, "true", mount.format(folder))


@BOTH
@pytest.mark.parametrize("link", ["/proc/self/root{}", "/proc/1/cwd{}", "../../../../..{}", "{}"])
def test_a_hostile_link_stays_inside(stage, folder, tmp_path, isolation, link):
    """The image says where the volume goes; the host has no part in it."""
    target, layer = tmp_path / "target", tmp_path / "layer"
    target.mkdir()
    layer.mkdir()
    (layer / "data").symlink_to(link.format(target))
    spec = engine.spec_for(stage.image, engine.Wishes(
        words=("true",), isolation=isolation, mounts=[Mount("bind", str(folder), "/data/x")],
    ))  # fmt: skip
    run = engine.begin(dataclasses.replace(spec, layers=(*spec.layers, str(layer))),
                       stage.starter, print, print)  # fmt: skip
    drive([run], stage.starter)
    run.close()
    refused = link.startswith("/proc")
    assert (run.record.failure is not None) == refused
    assert list(target.iterdir()) == []
    assert sorted(path.name for path in folder.iterdir()) == ["below", "file"]


@BOTH
def test_memory_is_without_programs_setuid_and_devices(stage, isolation):
    own, kind, system = options(stage, "/c", "t:/c:size=1m", isolation=isolation)
    assert set(own.split(",")) >= {"rw", "nosuid", "nodev", "noexec"}
    assert kind == "tmpfs"
    assert "size=1024k" in system


def test_memory_can_be_told_otherwise(stage):
    own, _, system = options(stage, "/c", "t:/c:exec,ro,mode=700,nr_inodes=10")
    assert {"ro", "nosuid", "nodev"} <= set(own.split(","))
    assert "noexec" not in own
    assert {"mode=700", "nr_inodes=10"} <= set(system.split(","))


def test_the_mode_of_memory_is_the_directorys_or_open_to_all(stage):
    """As runc: what the image has there lends its mode."""
    words = ["t:/app", "t:/new", "m:type=tmpfs,dst=/etc,tmpfs-mode=1700"]
    script = "stat -c %a /app /new /etc"
    assert inside(stage, script, *words).split() == ["755", "1777", "1700"]


def test_dev_shm_has_the_size_that_was_asked_for(stage):
    script = "df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2"
    assert stage.sh(script) == "65536\n"
    assert stage.sh(script, shm_bytes=3 << 20) == "3072\n"


def test_a_volume_in_place_of_dev_shm(stage, volume_names):
    assert inside(stage, "touch /dev/shm/x; ls /dev/shm", "v:data:/dev/shm") == "x\n"
    assert inside(stage, "ls /c", "v:data:/c") == "x\n"


@BOTH
def test_a_volume_outlives_its_containers(stage, root, volume_names, isolation):
    inside(stage, "echo kept > /c/d", "v:data:/c", isolation=isolation)
    assert inside(stage, "cat /e/d", "v:data:/e:ro", isolation=isolation) == "kept\n"
    assert (root / "volumes/data/_data/d").read_text() == "kept\n"


def test_a_new_volume_takes_over_what_the_image_has(stage, root, volume_names):
    """Once: what the volume has then is the volume's, and what was deleted stays deleted."""
    script = "ls /etc; stat -c %a /etc/passwd; rm /etc/group"
    first = inside(stage, script, "v:data:/etc").split()
    assert "passwd" in first
    assert "644" in first
    assert "group" not in inside(stage, "ls /etc", "v:data:/etc").split()
    assert inside(stage, "ls /app", "v:other:/app:nocopy") == ""
    assert (
        inside(stage, "ls /app", "v:data:/app").split()
        == inside(stage, "ls /etc", "v:data:/etc").split()
    ), "what a volume has is not mixed with another image's"


def test_a_new_volume_gets_owner_and_mode_of_the_directory(stage, root, volume_names):
    inside(stage, "true", "v:data:/tmp")
    place = root / "volumes/data/_data"
    assert place.stat().st_mode & 0o7777 == 0o1777
    assert place.stat().st_uid == os.geteuid()


def test_a_place_that_the_image_lacks_leaves_the_volume_empty(stage, root, volume_names):
    assert inside(stage, "ls -a /no/such", "v:data:/no/such").split() == [".", ".."]
    assert (root / "volumes/data/_data").stat().st_mode & 0o7777 == 0o755


def test_thirty_at_once_fill_a_volume_once(stage, root, volume_names):
    said: list[bytes] = []
    mounts = [Mount("volume", "data", "/etc")]
    script = (
        "for f in /etc/*; do cmp $f /etc/../etc/${f##*/} || echo differs; done; ls /etc | wc -l"
    )
    runs = [stage.begin("sh", "-c", script, out=said.append, err=said.append, mounts=mounts)
            for _ in range(30)]  # fmt: skip
    drive(runs, stage.starter)
    for run in runs:
        run.close()
    assert len(set(b"".join(said).splitlines())) == 1, said


@BOTH
def test_a_volume_without_a_name_goes_with_the_instance(stage, root, isolation):
    """And takes over the image's content as well; `root` finds that nothing is left."""
    out = inside(stage, "touch /app/x; ls /app", "v:/app", isolation=isolation).split()
    assert out == ["hello.sh", "x"]
    assert volumes.every(root) == []


@BOTH
def test_the_root_can_be_read_only(stage, folder, isolation):
    """The working directory is made all the same, and what is mounted is as it says."""
    words = [f"v:{folder}:/c", "t:/t"]
    script = "pwd; touch /x /app/x 2>&1 | grep -c Read-only; touch /c/x /t/x && echo written"
    out = inside(stage, script, *words, isolation=isolation, read_only=True, cwd="/new/dir")
    assert out.split() == ["/new/dir", "2", "written"]
    assert "/ ro" in stage.sh(
        "awk '$5 == \"/\" {print $5, $6}' /proc/self/mountinfo", read_only=True, isolation=isolation
    )


def test_dev_and_shm_can_be_written_under_a_read_only_root(stage):
    assert stage.sh("touch /dev/shm/x && echo x > /dev/null && echo yes", read_only=True) == "yes\n"


def test_a_copy_is_the_same_in_everything(tmp_path):
    """Kinds, modes, times, attributes, and names of one file."""
    source, target = tmp_path / "a", tmp_path / "b"
    for path in (source, target):
        path.mkdir()
    (source / "sub" / "deep").mkdir(parents=True)
    (source / "sub" / "file").write_bytes(b"x" * 100_000)
    os.link(source / "sub" / "file", source / "second")
    os.link(source / "sub" / "file", source / "sub" / "deep" / "third")
    (source / "link").symlink_to("/nowhere")
    os.mkfifo(source / "fifo", 0o640)
    (source / "sub" / "file").chmod(0o4750)
    (source / "sub").chmod(0o1751)
    os.setxattr(source / "sub", "user.mark", b"\0\xff")
    for path in (source / "second", source / "sub", source):
        os.utime(path, ns=(1_000_000_001, 2_000_000_002))
    os.utime(source / "link", ns=(1, 5), follow_symlinks=False)
    fds = [os.open(path, os.O_RDONLY) for path in (source, target)]
    copy_directory(*fds)
    for fd in fds:
        os.close(fd)
    assert looks(target) == looks(source)
    numbers = {(target / name).stat().st_ino for name in ("second", "sub/file", "sub/deep/third")}
    assert len(numbers) == 1
    assert os.getxattr(target / "sub", "user.mark") == b"\0\xff"


def looks(top: Path) -> dict:
    """Everything below `top`, and itself, as far as lstat tells; times of files and links."""
    found = {}
    for path in [top, *top.rglob("*")]:
        status = os.lstat(path)
        extra = os.readlink(path) if path.is_symlink() else ""
        extra = path.read_bytes() if path.is_file() and not path.is_symlink() else extra
        size = 0 if path.is_dir() else status.st_size
        found[str(path.relative_to(top))] = (
            status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns, size, extra,
        )  # fmt: skip
    return found


def test_no_descriptor_of_the_way_is_left(stage, folder, volume_names):
    words = [f"v:{folder}:/c", "v:data:/d", "t:/t", "v:/n"]
    assert inside(stage, "ls /proc/$$/fd; true", *words).split() == ["0", "1", "2"]


def test_a_closed_root_knows_no_such_path(tmp_path):
    fd = os.open(tmp_path, os.O_PATH)
    assert not inroot.exists(fd, "/nosuch")
    os.close(fd)
