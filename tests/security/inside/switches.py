"""The kernel's switches, for all of the machine."""

from __future__ import annotations

import ctypes
import errno
import os

from tests.security.inside.calls import (
    CALLS,
    COLUMN,
    attack,
    first_that_opens,
    libc,
    opened_to_write,
    past_the_guard,
    syscall,
)


@attack
def core_pattern() -> str:
    return opened_to_write("/proc/sys/kernel/core_pattern")


@attack
def program_that_loads_modules() -> str:
    return first_that_opens(["/proc/sys/kernel/modprobe", "/proc/sys/kernel/hotplug"])


@attack
def a_setting_of_the_kernel() -> str:
    return opened_to_write("/proc/sys/vm/overcommit_memory")


@attack
def sysrq_trigger() -> str:
    return opened_to_write("/proc/sysrq-trigger")


@attack
def uevent_helper() -> str:
    return opened_to_write("/sys/kernel/uevent_helper")


@attack
def a_file_of_sys() -> str:
    """The first with a write bit below a device."""
    names = [f"/sys/devices/virtual/mem/{name}/uevent" for name in ("null", "zero", "mem")]
    return first_that_opens([*names, "/sys/kernel/mm/ksm/run"])


@attack
def binfmt_misc() -> str:
    return opened_to_write("/proc/sys/fs/binfmt_misc/register")


@attack
def kernel_log() -> str:
    """syslog(2), what `dmesg` reads."""
    text = ctypes.create_string_buffer(4096)
    return f"{syscall('syslog', 3, text, 4096)} bytes"


@attack
def kernel_log_device() -> str:
    with open("/dev/kmsg", "rb", buffering=0) as file:
        os.set_blocking(file.fileno(), False)
        return f"{len(file.read(1024))} bytes"


@attack
def set_the_clock() -> str:
    """To the time zone that it has."""
    zone = ctypes.create_string_buffer(8)
    libc.gettimeofday(None, zone)
    return f"done: {syscall('settimeofday', None, zone)}"


@attack
def adjust_the_clock() -> str:
    """ADJ_TICK, to what it is."""
    settings = ctypes.create_string_buffer(208)
    syscall("clock_adjtime", 0, settings)
    ctypes.memmove(settings, (0x4000).to_bytes(4, "little"), 4)
    syscall("clock_adjtime", 0, settings)
    return "done"


@attack
def reboot() -> str:
    """With a wrong magic number, about which the kernel complains after the question of rights."""
    return past_the_guard("reboot", 1, 2, 0, None, after=(errno.EINVAL,))


@attack
def swapon() -> str:
    return past_the_guard("swapon", b"/nowhere", 0, after=(errno.ENOENT,))


@attack
def load_a_module() -> str:
    return past_the_guard("init_module", None, 0, b"", after=(errno.ENOEXEC, errno.EFAULT))


@attack
def load_another_kernel() -> str:
    return past_the_guard("kexec_load", 0, 99, None, 0, after=(errno.EINVAL,))


@attack
def process_accounting() -> str:
    return past_the_guard("acct", b"/nowhere", after=(errno.ENOENT,))


@attack
def ports_of_the_machine() -> str:
    if not CALLS["ioperm"][COLUMN]:
        raise OSError(errno.ENOSYS, "this machine has none")
    return f"done: {syscall('ioperm', 0x80, 1, 0)}"


@attack
def host_name() -> str:
    """To what it is."""
    name = os.uname().nodename.encode()
    return f"done: {syscall('sethostname', name, len(name))}"
