"""Which program is the machine: command lines for QEMU and for User-Mode Linux.

A backend says how its machine is started; everything else - disk, ram disk, channels, init - is the
same. There is room for others (Firecracker, Cloud Hypervisor): add a `Backend`.
Sources: qemu(1); the kernel's `virt/uml/user_mode_linux_howto_v2.rst`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from realrun.guest import mounts, tools

MEMORY_MIB = 128
# By machine: QEMU's model, a processor to emulate, what the kernel is told of the model. Emulated
# on a busy host, a timer misses so many of its ticks that a kernel that counts them gives up.
QEMU_MACHINES = {
    "x86_64": ("q35", "qemu64", "console=ttyS0 no_timer_check"),
    "aarch64": ("virt", "max", "console=ttyAMA0"),
}
# Descriptors that the spawner passes on to the monitor begin here.
FIRST_FD = 4
SESSIONS = 8  # programs beside a guest's own, at the same time
CONTROL, OUTPUT, ERRORS = 0, 1, 2  # channels by number; those of program N follow at 2 N


def channels(isolation: str, terminal: bool) -> list[int]:
    """The channels that a guest starts with, by number.

    Each costs a machine memory, so QEMU's gets those for more programs when they come; the serial
    lines of User-Mode Linux have to be there from the start, and cost little.
    """
    more = range(ERRORS + 1, ERRORS + 1 + 2 * SESSIONS) if isolation == "uml" else ()
    return [CONTROL, OUTPUT, *([] if terminal else [ERRORS]), *more]


class Machine(NamedTuple):
    """What one machine is made of."""

    folder: str  # the instance's own
    disk: str
    initrd: str
    memory_mib: int
    cpus: int
    accelerator: str
    channels: tuple[int, ...] = (CONTROL, OUTPUT, ERRORS)
    shares: bool = False  # something of this machine's files
    served: bool = False  # by another program

    @property
    def lines(self) -> list[tuple[int, int]]:
        """Each channel, and the monitor's descriptor of it."""
        return [(number, FIRST_FD + place) for place, number in enumerate(self.channels)]

    @property
    def monitor_fd(self) -> int:
        """Where QEMU is told what to change: behind the channels."""
        return FIRST_FD + len(self.channels)


class Backend(NamedTuple):
    """One kind of machine."""

    tools: Sequence[str]  # what must be there
    kernel_modules: bool  # drivers come as modules from the kernel's package
    settings: dict[str, str]  # what the init must know
    argv: Callable[[Machine], list[str]]
    environment: Callable[[Machine], dict[str, str]]
    piece: int  # bytes of input that the guest takes at once


def qemu_argv(machine: Machine) -> list[str]:
    """A plain machine with a virtio disk and a virtio port for each channel, and nothing else."""
    model, processor, about = QEMU_MACHINES.get(tools.MACHINE, QEMU_MACHINES["x86_64"])
    program, kernel = tools.need("qemu"), tools.need("kernel").path
    data = ["-L", str(program.prefix / "usr/share/qemu")] if program.prefix else []
    data += ["-L", str(program.prefix / "usr/share/seabios")] if program.prefix else []
    words = [str(program.path), *data, "-nodefaults", "-no-user-config", "-no-reboot"]
    words += ["-machine", f"{model},accel={machine.accelerator}", "-display", "none"]
    words += ["-cpu", "host" if machine.accelerator == "kvm" else processor]
    words += ["-m", f"{machine.memory_mib}M", "-smp", str(machine.cpus)]
    words += ["-serial", "file:/dev/stdout"]
    words += ["-kernel", str(kernel), "-initrd", machine.initrd]
    words += ["-append", f"{about} quiet loglevel=3 panic=-1 rdinit=/init"]
    words += ["-drive", f"file={machine.disk},format=raw,if=none,id=d,snapshot=on"]
    words += ["-device", "virtio-blk-pci,drive=d"]
    words += ["-chardev", f"socket,id=qmp,fd={machine.monitor_fd}"]
    words += ["-mon", "chardev=qmp,mode=control"]
    words += ["-device", f"virtio-serial-pci,max_ports={ERRORS + 2 + 2 * SESSIONS}"]
    if machine.served:  # whose memory it reads and writes
        ram = f"memory-backend-memfd,id=ram,size={machine.memory_mib}M,share=on"
        words += ["-object", ram, "-machine", "memory-backend=ram"]
        words += ["-chardev", f"socket,id=shares,path={mounts.SOCKET}"]
        words += ["-device", f"vhost-user-fs-pci,chardev=shares,tag={mounts.TAG}"]
    for number, fd in machine.lines:
        words += ["-chardev", f"socket,id=c{number},fd={fd}"]
        words += ["-device", f"virtserialport,id=p{number},chardev=c{number},nr={number + 1}"]
    return words


def uml_argv(machine: Machine) -> list[str]:
    """The kernel as a program: its serial lines are descriptors, its disk a copy-on-write file."""
    words = [str(tools.need("uml").path), f"mem={machine.memory_mib}M", "umid=uml"]
    # Relative to the folder it works in: a socket that it makes there takes 108 bytes (unix(7)).
    words += ["uml_dir=./", f"initrd={machine.initrd}", f"ubd0=cow,{machine.disk}"]
    words += ["con=null", "con0=null,fd:1", "ssl=null"]
    words += [f"ssl{number}=fd:{fd}" for number, fd in machine.lines]
    return [*words, "quiet", "loglevel=3", "panic=-1", "rdinit=/init", "root=/dev/ram0"]


def shown(isolation: str, machine: Machine) -> list[str]:
    """What of this machine the monitor has to see: itself, its kernel, the image's disk."""
    chosen = [tools.need(name) for name in ("qemu", "kernel") if isolation == "qemu"]
    chosen += [tools.need("uml")] if isolation == "uml" else []
    return [machine.disk, *(str(tool.prefix or tool.path) for tool in chosen)]


def devices(machine: Machine) -> list[str]:
    """Devices that it uses, beside the usual."""
    return ["kvm"] if machine.accelerator == "kvm" else []


def environment(name: str) -> Callable[[Machine], dict[str, str]]:
    """Libraries of the unpacked program, and the instance's folder for whatever it writes."""

    def settle(machine: Machine) -> dict[str, str]:
        found = tools.need(name).environment
        memory = "/dev/shm" if name == "uml" else machine.folder
        return found | {"PATH": "/usr/bin:/bin", "HOME": machine.folder, "TMPDIR": memory}

    return settle


# Where the init finds its channels: names that a number is added to, that of OUTPUT the first.
VIRTIO_PORTS = {"PORT": "/dev/vport*p", "FIRST": "2", "DISK": "/dev/vda", "RAW": ""}
SERIAL_LINES = {"PORT": "/dev/ttyS", "FIRST": "1", "DISK": "/dev/ubda", "RAW": "1"}
BACKENDS = {
    "qemu": Backend(
        tools=("qemu", "kernel", "busybox", "mke2fs"),
        kernel_modules=True,
        settings=VIRTIO_PORTS,
        argv=qemu_argv,
        environment=environment("qemu"),
        piece=65536,
    ),
    "uml": Backend(
        tools=("uml", "busybox", "mke2fs"),
        kernel_modules=False,
        settings=SERIAL_LINES,
        argv=uml_argv,
        environment=environment("uml"),
        piece=3072,  # a line is never full, nor told to wait: its reader has 4096 (n_tty.c)
    ),
}
