"""Cards about who runs whom: M1, M2, M16."""

from __future__ import annotations

from course.problems import Draw, Task, part


def whose_kernel(draw: Draw) -> Task:
    """M1. Belief: "a container has its own kernel", or "it runs Ubuntu"."""
    containers, images = draw.whole(5, 9), draw.whole(2, 4)
    guests, inside = draw.whole(2, 4), draw.whole(2, 5)
    kernels = part(
        1 + guests,
        "Who starts a kernel: a container, an image, or a virtual machine? And which was there before them all?",
        (
            1 + guests + containers + guests * inside,
            "You gave each container a kernel. What did uname -r print in a container, and on its host?",
        ),
        (
            1 + guests + containers,
            "You gave some containers a kernel. What did uname -r print in a container, and on its host?",
        ),
        (guests, "On whose kernel do the containers run that are in no virtual machine?"),
        (1, "Compare the boot id in a virtual machine with that of its host."),
        (images + guests, "An image brings files. Is a kernel that runs among them?"),
        (1 + images + guests, "An image brings files. Is a kernel that runs among them?"),
    )
    return Task(
        "On one computer run {containers} containers, made from {images} different images (Ubuntu, Alpine, ...).\n"
        "Beside them run {guests} virtual machines, and in each of these {inside} containers.\n"
        "How many kernels are running in all?",
        {"containers": containers, "images": images, "guests": guests, "inside": inside},
        (kernels,),
    )


def in_the_hosts_list(draw: Draw) -> Task:
    """M2. Belief: "a container is a light virtual machine"."""
    before, containers, programs = draw.whole(80, 160), draw.whole(2, 5), draw.whole(3, 9)
    guests, inside = draw.whole(2, 4), draw.whole(40, 70)
    listed = part(
        before + containers * programs + guests,
        "Go through them one by one: which processes does the host's kernel know of?",
        (
            before + containers + guests,
            "You counted a container as one thing. Did the host see its processes, or a box?",
        ),
        (before, "Did the host's list really not change when a container started?"),
        (before + guests, "Did the host not see the processes of a container?"),
        (
            before + containers * programs + guests * inside,
            "Could you find the guest's processes in the host's list?",
        ),
        (before + containers * programs, "What runs on the host while a guest runs?"),
    )
    return Task(
        "On a host, ps -e lists {before} processes. Then {containers} containers are started, with {programs} processes in each,\n"
        "and {guests} virtual machines, with {inside} processes in each. The monitor of a machine, QEMU, is one process.\n"
        "How many processes does ps -e on the host list now?",
        {
            "before": before,
            "containers": containers,
            "programs": programs,
            "guests": guests,
            "inside": inside,
        },
        (listed,),
    )


def laptops(draw: Draw) -> Task:
    """M16. Belief: "Docker on a Mac or a Windows laptop involves no virtual machine"."""
    linux, mac, windows = draw.mixed(range(3, 10))[:3]
    each = draw.whole(2, 6)
    laptops_in_all = linux + mac + windows
    kernels = part(
        laptops_in_all,
        "A Linux container needs a Linux kernel. How many of them does one laptop need for all its containers?",
        (each * laptops_in_all, "Do the containers of one laptop need more than one kernel?"),
        (linux, "The others run Linux containers, too. On which kernel?"),
        (linux + windows, "What would uname print in a container on a Mac: Darwin or Linux?"),
    )
    in_machines = part(
        mac + windows,
        "On which laptops is the Linux kernel not that of the laptop itself?",
        (0, "Neither macOS nor Windows has a Linux kernel. What runs one there?"),
        (mac, "What is WSL 2: a translation of system calls, or a virtual machine?"),
        (windows, "macOS has no Linux kernel. What runs one there?"),
        (each * (mac + windows), "Do the containers of one laptop need a virtual machine each?"),
        (laptops_in_all, "Docker Engine on Linux: does it need another kernel than the laptop's?"),
    )
    return Task(
        "In a class, {linux} laptops have Linux with Docker Engine, {mac} have macOS and {windows} have Windows with WSL 2,\n"
        "both with Docker Desktop. On each laptop run {each} Linux containers.\n"
        "(1) On how many Linux kernels do all these containers run?\n"
        "(2) How many of these kernels run in a virtual machine?",
        {"linux": linux, "mac": mac, "windows": windows, "each": each},
        (kernels, in_machines),
    )
