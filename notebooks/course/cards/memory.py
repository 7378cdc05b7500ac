"""Cards about who holds memory, and who is billed for it: M7 to M11."""

from __future__ import annotations

from course.problems import Draw, Task, part


def three_accounts(draw: Draw) -> Task:
    """M7. Belief: "docker stats, RSS and PSS should agree"."""
    library, first, second = draw.whole(20, 60, 2), draw.whole(5, 19), draw.whole(5, 19)
    read, kernel = draw.whole(100, 300, 10), draw.whole(2, 6)
    own = first + second
    rss = part(
        2 * library + own,
        "RSS asks each process by itself: which pages are in your page table?",
        (
            library + own,
            "RSS counts a shared page in each process that has it. How many have the library?",
        ),
        (2 * library + own + read, "A file that was read and not mapped is in no page table."),
    )
    pss = part(
        library + own,
        "PSS divides a page among the processes that have it. Add up the shares.",
        (
            2 * library + own,
            "PSS gives each of two processes half of a shared page, not all of it.",
        ),
        (library / 2 + own, "Half of the library is one process's share. There are two."),
    )
    cgroup = part(
        library + own + read + kernel,
        "The control group pays for every page that its processes touched first, of whatever kind.",
        (library + own, "Is mapped memory all that the kernel keeps for a container?"),
        (library + own + read, "The kernel works for the container, too, and books that."),
        (
            library + own + kernel,
            "A file that was read stays in the page cache. Who is billed for it?",
        ),
        (2 * library + own, "The group counts a page once, and it counts more than page tables."),
    )
    return Task(
        "In a container run two processes. Both map the same library of {library} MiB; nobody else on the machine does.\n"
        "Besides, the first has {first} MiB of its own and the second {second} MiB. They were the first to read files of\n"
        "{read} MiB, which now are in the page cache, mapped by nobody. The kernel's own memory for them is {kernel} MiB.\n"
        "How many MiB are (1) the sum of RSS, (2) the sum of PSS, (3) memory.current of the container's control group?",
        {"library": library, "first": first, "second": second, "read": read, "kernel": kernel},
        (rss, pss, cgroup),
    )


def many_of_one_image(draw: Draw) -> Task:
    """M8. Belief: "N containers use N times the memory"."""
    n, shared, own = draw.whole(5, 20), draw.whole(20, 80, 2), draw.whole(2, 12)
    rss = part(
        n * (shared + own),
        "RSS asks each process by itself, and none of them knows of the others.",
        (shared + n * own, "RSS does not divide: each process counts the shared pages in full."),
        (shared + own, "That is one container. How many are there?"),
    )
    pss = part(
        shared + n * own,
        "How often is the shared part in memory, and how often each container's own part?",
        (
            n * (shared + own),
            "You let each container keep the shared part for itself. How often is it in memory?",
        ),
        (shared + own, "Each container has a part that it shares with nobody."),
        (n * own, "The shared part is in memory once. Somebody has to hold it."),
    )
    return Task(
        "{n} containers of one image run the same program. In each, {shared} MiB of the image's files are mapped and in memory,\n"
        "and {own} MiB are its own. Nobody else uses these files.\n"
        "How many MiB are (1) the sum of their RSS, (2) the sum of their PSS?",
        {"n": n, "shared": shared, "own": own},
        (rss, pss),
    )


def who_touched_first(draw: Draw) -> Task:
    """M9. Belief: "each container is billed for what it uses of a shared file"."""
    file, own = draw.whole(40, 160, 8), draw.whole(3, 15)
    begun = draw.one((file // 4, 3 * file // 4))
    early, late = draw.mixed(("red", "blue"))
    reader = part(
        own + begun,
        "The one that starts first: which pages did it touch before anybody else?",
        (
            own + begun / 2,
            "The one that starts first: a control group does not divide a page, as PSS does.",
        ),
        (own + file / 2, "The one that starts first: is a page divided among those who use it?"),
        (own + file, "The one that starts first: did it read the whole file?"),
        (own, "The one that starts first: somebody is charged for a page of a file. Who?"),
        (own + file - begun, "Who of the two came first?"),
    )
    follower = part(
        own + file - begun,
        "The one that starts second: which pages of the file were not in memory yet when it came?",
        (
            own + file,
            "The one that starts second: some pages were there already. Who has paid for them?",
        ),
        (
            own + file - begun / 2,
            "The one that starts second: a control group does not divide a page, as PSS does.",
        ),
        (own + file / 2, "The one that starts second: is a page divided among those who use it?"),
        (own, "The one that starts second: it read pages that nobody had touched before."),
        (own + begun, "Who of the two came first?"),
    )
    parts = (reader, follower) if early == "red" else (follower, reader)
    return Task(
        "Two containers, red and blue, are of one image with a file of {file} MiB, of which nothing is in memory.\n"
        "First {early} starts and reads the first {begun} MiB of the file. Then {late} starts and reads the whole file.\n"
        "Each has {own} MiB of memory besides. How many MiB is (1) red, (2) blue charged by its control group?",
        {"file": file, "begun": begun, "early": early, "late": late, "own": own},
        parts,
    )


def free_inside(draw: Draw) -> Task:
    """M10. Belief: "`free` inside shows my limit"."""
    host_mib = 1024 * draw.one((8, 16, 32, 64))
    limit, guest = draw.whole(128, 768, 64), draw.whole(1024, 3072, 256)
    shown = part(
        host_mib,
        "The container: free reads /proc/meminfo. Whose kernel writes that file?",
        (limit, "The container: free reads /proc/meminfo. Does that file know of control groups?"),
        (
            host_mib - limit,
            "The container: a limit reserves nothing, and free does not know of it.",
        ),
        (guest, "The container is not in the virtual machine."),
    )
    most = part(
        limit,
        "The container: which file of its control group sets the limit?",
        (host_mib, "The container: what free shows is not what it may use."),
        (host_mib - limit, "The container: memory.max is the most it may use, not what it leaves."),
    )
    inside = part(
        guest,
        "The virtual machine: whose memory does its kernel manage?",
        (host_mib, "The virtual machine: can its kernel see the memory of the host?"),
        (limit, "The virtual machine: the container's limit is not its own."),
    )
    return Task(
        "A host has {host} MiB of memory. A container there has memory.max = {limit} MiB. A virtual machine there was given\n"
        "{guest} MiB. How many MiB (leave aside what a kernel keeps for itself)\n"
        "(1) does free show as total in the container, (2) can the container use at most,\n"
        "(3) does free show as total in the virtual machine?",
        {"host": host_mib, "limit": limit, "guest": guest},
        (shown, most, inside),
    )


def given_and_taken(draw: Draw) -> Task:
    """M11. Beliefs: "a VM uses all the RAM it was given"; "it gives back what the guest frees"."""
    given, booted = draw.whole(2048, 8192, 1024), draw.whole(90, 200, 10)
    touched = draw.whole(300, 900, 50)
    balloon = draw.whole(100, touched - 50, 50)
    high = booted + touched
    at_work = part(
        high,
        "The host gives a page when the guest touches it first. Which pages were touched so far?",
        (given, "Does the host hand out memory that the guest has never touched?"),
        (touched, "The guest's own system has touched memory before."),
        (booted, "The program has touched more memory since the boot."),
    )
    freed = part(
        high,
        "Who tells the host that the guest's kernel has a free page?",
        (booted, "The guest's kernel knows that these pages are free. Does the host?"),
        (given, "Does the host hand out memory that the guest has never touched?"),
        (touched, "What has the guest's own system touched?"),
    )
    inflated = part(
        high - balloon,
        "Each page in the balloon goes back to the host. How many had it before?",
        (given - balloon, "The balloon takes from what the host had really given."),
        (high, "What does the host do with the pages in the balloon?"),
        (booted, "How many of the pages that were freed are in the balloon?"),
        (balloon, "That is what went back. What is left?"),
    )
    return Task(
        "A virtual machine was given {given} MiB, as a limit, without a reservation. After the boot its guest has touched {booted} MiB.\n"
        "(1) A program in the guest touches {touched} MiB more, (2) it ends, and the guest's kernel has that memory free again,\n"
        "(3) a balloon in the guest is blown up by {balloon} MiB of these free pages.\n"
        "How many MiB of the host's memory does the guest have after each of these three?",
        {"given": given, "booted": booted, "touched": touched, "balloon": balloon},
        (at_work, freed, inflated),
    )
