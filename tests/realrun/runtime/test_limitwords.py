"""What the options of limits and devices say, and what is no answer: Docker's rules."""

from __future__ import annotations

import pytest

from realrun.errors import UsageError
from realrun.runtime import limitwords
from realrun.runtime.devices import Device, device, found
from realrun.runtime.limitwords import limits

MIB = 1 << 20


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"memory": "64m"}, {"memory_bytes": 64 * MIB}),
        ({"memory": "0", "memory_swap": "0", "memory_reservation": ""}, {}),
        (
            {"memory": "64m", "memory_swap": "80m"},
            {"memory_bytes": 64 * MIB, "swap_bytes": 80 * MIB},
        ),
        ({"memory": "64m", "memory_swap": "-1"}, {"memory_bytes": 64 * MIB, "swap_bytes": -1}),
        ({"memory_swap": "-1"}, {"swap_bytes": -1}),
        ({"memory_reservation": "6m"}, {"reservation_bytes": 6 * MIB}),
        ({"pids_limit": 5, "cpu_shares": 2}, {"pids": 5, "cpu_shares": 2}),
        ({"pids_limit": -1, "cpu_shares": 0, "blkio_weight": 0, "cpus": 0.0}, {}),
        ({"blkio_weight": 10, "cpuset_cpus": "0"}, {"io_weight": 10, "cpuset": "0"}),
        ({"device_read_bps": ["/dev/a:1m", "/dev/a:2k"]}, {"read_bps": {"/dev/a": 2048}}),
        (
            {"device_write_iops": ["/dev/a:7", "/dev/b:0"], "device_write_bps": ["/dev/b:0"]},
            {"write_iops": {"/dev/a": 7}},
        ),
    ],
)
def test_words_become_limits(asked, expected):
    """0 is none, -1 is no limit where there is a word for it, the last of a device counts."""
    assert limits(asked) == expected


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"memory": "1m"}, "--memory: at least 6m"),
        ({"memory_reservation": "1m"}, "--memory-reservation: at least 6m"),
        ({"memory_swap": "64m"}, "takes --memory, too"),
        ({"memory": "64m", "memory_swap": "32m"}, "at least as much as --memory"),
        ({"memory": "64m", "memory_swap": "-2"}, "--memory-swap wants a size"),
        ({"memory": "64m", "memory_reservation": "65m"}, "at most as much as --memory"),
        ({"cpu_shares": 1}, "--cpu-shares wants 2 to 262144"),
        ({"cpu_shares": -5}, "--cpu-shares wants"),
        ({"blkio_weight": 9}, "--blkio-weight wants 10 to 1000"),
        ({"cpuset_cpus": "x"}, "numbers such as 0-2,4"),
        ({"cpuset_cpus": "1-0"}, "numbers such as"),
        ({"cpuset_cpus": "0-9999"}, "the processors here are"),
        ({"device_read_bps": ["sda:1m"]}, "--device-read-bps wants /dev/NAME:RATE"),
        ({"device_read_bps": ["/dev/a"]}, "wants /dev/NAME:RATE"),
        ({"device_write_bps": ["/dev/a:-1"]}, "--device-write-bps wants a size"),
        ({"device_read_iops": ["/dev/a:1k"]}, "a number of operations"),
    ],
)
def test_what_is_no_limit_is_refused(asked, said):
    with pytest.raises(UsageError, match=said):
        limits(asked)


def test_as_much_swap_as_memory_unless_told(monkeypatch):
    monkeypatch.setattr(limitwords, "counts_swap", lambda: True)
    assert limitwords.with_swap({"memory_bytes": 5}) == {"memory_bytes": 5, "swap_bytes": 10}
    for told in ({"memory_bytes": 5, "swap_bytes": 5}, {"memory_bytes": 5, "swap_bytes": -1}, {}):
        assert limitwords.with_swap(told) == told
    monkeypatch.setattr(limitwords, "counts_swap", lambda: False)
    assert limitwords.with_swap({"memory_bytes": 5}) == {"memory_bytes": 5}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("/dev/a", Device("/dev/a", "/dev/a", "rwm")),
        ("/dev/a:r", Device("/dev/a", "/dev/a", "r")),
        ("/dev/a:/b/../c", Device("/dev/a", "/c", "rwm")),
        ("/dev/a:/dev/b:wm", Device("/dev/a", "/dev/b", "wm")),
    ],
)
def test_a_device_is_read_as_docker_reads_it(word, expected):
    assert device(word) == expected


@pytest.mark.parametrize(
    "word", ["a", "/dev/a:x", "/dev/a:", "/dev/a:/b:rr", "/dev/a:/b:m:x", ":/b", "", "/a:b:r"]
)
def test_what_is_no_device_is_refused(word):
    with pytest.raises(UsageError, match="--device wants"):
        device(word)


def test_a_device_is_looked_for_when_it_is_wanted():
    [null] = found([Device("/dev/null", "/n", "rw")])
    assert (null.path, null.type, null.major, null.minor, null.access) == ("/n", "c", 1, 3, "rw")
    for source, said in (("/dev/no-such-device", "No such file"), ("/etc/passwd", "no device")):
        with pytest.raises(UsageError, match=said):
            list(found([Device(source, source)]))


def test_a_directory_of_devices_is_all_of_them(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below/zero").symlink_to("/dev/zero")
    (tmp_path / "plain").write_text("no device")
    nodes = list(found([Device(str(tmp_path), "/there", "r")]))
    assert [(one.path, one.minor) for one in nodes] == [("/there/below/zero", 5)]
