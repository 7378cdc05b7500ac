"""What the kernel offers, few programs need, and bugs have been found in; devices; masks."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import stat

from tests.security.inside.calls import ATTACKS, attack, past_the_guard, something_in, syscall


@attack
def add_a_key() -> str:
    """To the session's keyring; of the host's, if we have none of our own."""
    key = syscall("add_key", b"user", b"probe", b"x", 1, -3)
    syscall("keyctl", 9, key, -3)  # and out of it again: KEYCTL_UNLINK
    return f"key {key}"


@attack
def session_keyring() -> str:
    return f"keyring {syscall('keyctl', 0, -3, 0)}"


@attack
def ebpf() -> str:
    attributes = ctypes.create_string_buffer(72)
    attributes[0:16] = b"".join(n.to_bytes(4, "little") for n in (2, 4, 4, 1))  # an array of one
    return f"map {syscall('bpf', 0, attributes, 72)}"


@attack
def performance_counters() -> str:
    """Of the whole machine: processor 0, whoever runs there."""
    settings = ctypes.create_string_buffer(128)
    settings[0:16] = (1).to_bytes(4, "little") + (128).to_bytes(4, "little") + bytes(8)
    return f"counter {syscall('perf_event_open', settings, -1, 0, -1, 0)}"


@attack
def user_fault() -> str:
    return f"descriptor {syscall('userfaultfd', 0)}"


@attack
def io_uring() -> str:
    return past_the_guard("io_uring_setup", 1, None, after=(errno.EFAULT,))


@attack
def no_random_addresses() -> str:
    return f"done: {syscall('personality', 0x40000)}"


@attack
def crypto_sockets() -> str:
    """AF_ALG."""
    socket.socket(38, socket.SOCK_SEQPACKET).close()
    return "a socket"


@attack
def sockets_to_the_hypervisor() -> str:
    """AF_VSOCK is in no namespace."""
    socket.socket(40, socket.SOCK_STREAM).close()
    return "a socket"


def made_and_opened(kind: int, device: int) -> str:
    """A node of our own making (CAP_MKNOD), opened to read."""
    path = f"/node-{os.getpid()}"
    os.mknod(path, kind | 0o600, device)
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    finally:
        os.unlink(path)
    return f"opened {os.major(device)}:{os.minor(device)}"


@attack
def a_disk_of_the_host() -> str:
    """One after the other of those that /sys/block names."""
    refusal = OSError(errno.ENOENT, "there is none")
    for name in sorted(os.listdir("/sys/block"), reverse=True):
        with open(f"/sys/block/{name}/dev") as file:
            major, minor = map(int, file.read().split(":"))
        try:
            return made_and_opened(stat.S_IFBLK, os.makedev(major, minor))
        except OSError as error:
            refusal = error
    raise refusal


@attack
def memory_of_the_machine() -> str:
    return made_and_opened(stat.S_IFCHR, os.makedev(1, 1))


@attack
def kvm() -> str:
    return made_and_opened(stat.S_IFCHR, os.makedev(10, 232))


@attack
def kmsg_by_a_node() -> str:
    return made_and_opened(stat.S_IFCHR, os.makedev(1, 11))


for masked in (
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
    "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
    "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap",
):  # fmt: skip
    ATTACKS[masked] = lambda path=masked: something_in(path)  # type: ignore[misc]
