"""Which program is the machine: command lines for QEMU and for User-Mode Linux.

A backend says how its machine is started; everything else - disk, ram disk, channels, init - is the
same. There is room for others (Firecracker, Cloud Hypervisor): add a `Backend`, see docs/guests.md.
Sources: qemu(1); the kernel's `virt/uml/user_mode_linux_howto_v2.rst`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from realrun.guest import levels, mounts, overlay, processor, tools

MEMORY_MIB = 128
# A guest with a whole system in it: systemd alone takes half of the others' memory.
SYSTEM_MEMORY_MIB = 256


class Board(NamedTuple):
    """One of QEMU's machine types."""

    processor: str  # to emulate
    about: str  # what the kernel is told of it
    bus: str  # of its virtio devices
    debug_port: str = ""  # where its firmware says what it does


# Emulated on a busy host, a timer misses so many of its ticks that a kernel that counts them gives
# up: `no_timer_check`. A port 0x402 is SeaBIOS's (`src/output.c`).
BOARDS = {
    "q35": Board("qemu64", "console=ttyS0 no_timer_check", "pci", "0x402"),
    "microvm": Board("qemu64", "console=ttyS0 no_timer_check", "device"),
    "virt": Board("max", "console=ttyAMA0", "pci"),
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
    level: str = ""  # see `levels`
    model: str = levels.machines()[0]  # QEMU's machine type
    kernel: str = ""  # a file; for User-Mode Linux the program
    system: str = ""  # a second disk: the guest's own system
    written: str = ""  # a folder that keeps what it writes to `disk`; none: it is forgotten
    saved: str = ""  # the file that it goes on from
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

    @property
    def talks(self) -> bool:
        """Does its firmware say what it does?"""
        return self.model in BOARDS and bool(BOARDS[self.model].debug_port) and not self.saved

    @property
    def more_fd(self) -> int:
        """Where the firmware's words go, or what was saved comes from."""
        return self.monitor_fd + 1


class Backend(NamedTuple):
    """One kind of machine."""

    tools: Sequence[str]  # what must be there
    kernel: str  # the tool that is the guest's kernel
    settings: dict[str, str]  # what the init must know
    argv: Callable[[Machine], list[str]]
    environment: Callable[[Machine], dict[str, str]]
    piece: int  # bytes of input that the guest takes at once


def qemu_argv(machine: Machine) -> list[str]:
    """A plain machine with a virtio disk and a virtio port for each channel, and nothing else."""
    program, board = tools.need("qemu"), BOARDS[machine.model]
    data = ["-L", str(program.prefix / "usr/share/qemu")] if program.prefix else []
    data += ["-L", str(program.prefix / "usr/share/seabios")] if program.prefix else []
    words = [str(program.path), *data, "-nodefaults", "-no-user-config", "-no-reboot"]
    words += ["-machine", f"{machine.model},accel={machine.accelerator}", "-display", "none"]
    words += ["-cpu", "host" if machine.accelerator == "kvm" else board.processor]
    words += ["-m", f"{machine.memory_mib}M", "-smp", str(machine.cpus)]
    words += ["-serial", "file:/dev/stdout"]
    words += ["-kernel", machine.kernel, "-initrd", machine.initrd]
    words += ["-append", f"{board.about}{pace(machine)} quiet loglevel=3 panic=-1 rdinit=/init"]
    for name, disk in (("image", machine.disk), ("system", machine.system)):
        if disk:
            kept = machine.written if name == "image" else ""
            words += ["-drive", f"{drive(disk, kept)},if=none,id={name}"]
            words += ["-device", f"virtio-blk-{board.bus},drive={name},serial={name}"]
    if machine.saved:
        words += ["-incoming", f"fd:{machine.more_fd}"]
    elif machine.talks:
        words += ["-chardev", f"socket,id=firmware,fd={machine.more_fd}"]
        words += ["-device", f"isa-debugcon,iobase={board.debug_port},chardev=firmware"]
    words += ["-chardev", f"socket,id=qmp,fd={machine.monitor_fd}"]
    words += ["-mon", "chardev=qmp,mode=control"]
    words += ["-device", f"virtio-serial-{board.bus},max_ports={ERRORS + 2 + 2 * SESSIONS}"]
    if machine.served:  # whose memory it reads and writes
        ram = f"memory-backend-memfd,id=ram,size={machine.memory_mib}M,share=on"
        words += ["-object", ram, "-machine", "memory-backend=ram"]
        words += ["-chardev", f"socket,id=shares,path={mounts.SOCKET}"]
        words += ["-device", f"vhost-user-fs-{board.bus},chardev=shares,tag={mounts.TAG}"]
        words += ["-global", "virtio-mmio.force-legacy=false"]  # it is none of virtio's first kinds
    for number, fd in machine.lines:
        words += ["-chardev", f"socket,id=c{number},fd={fd}"]
        words += ["-device", f"virtserialport,id=p{number},chardev=c{number},nr={number + 1}"]
    return words


def drive(disk: str, kept: str) -> str:
    """A disk that is never written to: what would be goes over it, to be kept or forgotten."""
    if not kept:
        return f"file={disk},format=raw,snapshot=on"
    over = f"{overlay.PLACE}/{overlay.NAMES['qemu']}"
    return f"file={over},format=qcow2,backing.driver=raw,backing.file.filename={disk}"


def pace(machine: Machine) -> str:
    """How fast the processor's counter runs, for a microvm that is emulated: its kernel cannot find
    out on a busy host, for want of a timer to compare it with. It is the host's own counter."""
    khz = processor.counter_khz() if machine.accelerator == "tcg" else 0
    return f" tsc_early_khz={khz}" if khz and machine.model == "microvm" else ""


def uml_argv(machine: Machine) -> list[str]:
    """The kernel as a program: its serial lines are descriptors, its disk a copy-on-write file."""
    words = [machine.kernel, f"mem={machine.memory_mib}M", "umid=uml"]
    # Relative to the folder it works in: a socket that it makes there takes 108 bytes (unix(7)).
    over = f"{overlay.PLACE}/{overlay.NAMES['uml']}" if machine.written else "cow"
    words += ["uml_dir=./", f"initrd={machine.initrd}", f"ubd0={over},{machine.disk}"]
    words += [f"ubd1=cow1,{machine.system}"] if machine.system else []
    words += ["con=null", "con0=null,fd:1", "ssl=null"]
    words += [f"ssl{number}=fd:{fd}" for number, fd in machine.lines]
    return [*words, "quiet", "loglevel=3", "panic=-1", "rdinit=/init", "root=/dev/ram0"]


def shown(isolation: str, machine: Machine) -> list[str]:
    """What of this machine the monitor has to see: itself, its kernel, disks, a ram disk of all."""
    program = tools.need(isolation)
    files = [machine.disk, machine.system, machine.kernel, str(program.prefix or program.path)]
    files += [machine.initrd] if machine.saved else []
    return [path for path in files if path]


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
VIRTIO_PORTS = {
    "PORT": "/dev/vport*p",
    "FIRST": "2",
    "DISK": "image",
    "SYSTEM": "system",
    "RAW": "",
}
SERIAL_LINES = {
    "PORT": "/dev/ttyS",
    "FIRST": "1",
    "DISK": "/dev/ubda",
    "SYSTEM": "/dev/ubdb",
    "RAW": "1",
}
BACKENDS = {
    "qemu": Backend(
        tools=("qemu", "kernel", "busybox", "mke2fs"),
        kernel="kernel",
        settings=VIRTIO_PORTS,
        argv=qemu_argv,
        environment=environment("qemu"),
        piece=65536,
    ),
    "uml": Backend(
        tools=("uml", "busybox", "mke2fs"),
        kernel="uml",
        settings=SERIAL_LINES,
        argv=uml_argv,
        environment=environment("uml"),
        piece=3072,  # a line is never full, nor told to wait: its reader has 4096 (n_tty.c)
    ),
}
