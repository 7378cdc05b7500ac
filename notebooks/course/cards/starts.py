"""Cards about how long a start takes, and how one knows: M12, M13, M14."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean, median

from course.problems import Draw, Task, part
from sim.contract import StartupRow
from sim.files import read_rows

RECORDED = Path(__file__).resolve().parents[3] / "data" / "measured"
PERCENT = 0.01  # of the answer, forgiven where one divides


def what_boots(draw: Draw) -> Task:
    """M12. Belief: "VM boots are slow by nature"."""
    factor = draw.one((8, 10, 12, 16))
    firmware, kernel, services = draw.whole(2, 5), draw.whole(6, 12), draw.whole(14, 30)
    whole = firmware + kernel + services
    with_kvm = part(
        whole / factor,
        "The boot does the same work. How many times faster is all of it carried out?",
        (whole, "Emulation translates every instruction. What does KVM do with them?"),
        (whole - factor, "Is that a number of seconds, or of times?"),
        (services / factor, "Firmware and kernel are part of the boot."),
        (
            firmware + (kernel + services) / factor,
            "Firmware is code, too: it runs as fast as the rest.",
        ),
        within=PERCENT,
    )
    trimmed = part(
        kernel / factor,
        "Which of the three steps is left, and how fast is it carried out?",
        (kernel, "KVM is still there."),
        (whole / factor, "Two of the three steps are gone."),
        ((kernel + services) / factor, "One program in place of all services: they are gone."),
        ((firmware + kernel) / factor, "The kernel is loaded directly: no firmware."),
        within=PERCENT,
    )
    return Task(
        "In software emulation (TCG) a virtual machine takes {firmware} s for its firmware, {kernel} s for its kernel, and {services} s\n"
        "until all services of its system are up. On KVM this machine carries out each of them {factor} times as fast.\n"
        "How many seconds does it take (1) on KVM, (2) on KVM with the kernel loaded directly, without firmware,\n"
        "and one program in place of all services?",
        {"firmware": firmware, "kernel": kernel, "services": services, "factor": factor},
        (with_kvm, trimmed),
    )


def where_the_time_goes(draw: Draw) -> Task:
    """M13. Belief: "container start-up is dominated by namespaces"."""
    phases = recorded_start(draw)
    whole, clone = sum(phases.values()), phases["clone"]
    steps = list(phases)
    longest = max(phases, key=lambda name: phases[name])
    kept = draw.one((10, 20, 25, 50))
    share = (100 - kept) * clone / whole
    step = part(
        steps.index(longest),
        "Look for the largest number of milliseconds. Its step has the number at the left.",
        (len(steps) - 1, "The last step is not always the longest."),
        (phases[longest], "That is a time. Which number does the step have?"),
        (
            steps.index("clone"),
            "You expected the namespaces. Compare their time with the others.",
        ),
        (0, "The first step is not always the longest."),
    )
    saved = part(
        share,
        "How many milliseconds would be saved? What part of the sum of all steps is that?",
        ((100 - kept) / 100 * clone, "These are milliseconds. Per cent of what?"),
        (100 - share, "That is what would be left."),
        (kept * clone / whole, "That much of the start clone would still take. What is saved?"),
        (100 - kept, "So much is saved of clone. What is it of the whole start?"),
        (100, "Would nothing be left to do? Look at the other steps."),
        (100 / len(steps), "The steps are not equally long."),
        ((100 - kept) * clone / phases[longest], "Per cent of the whole start, not of one step."),
        within=2 * PERCENT,
    )
    rows = [f"{number:>4}  {name:<20}{ms:>9.3f}" for number, name, ms in numbered(phases)]
    return Task(
        "One start of a container, as recorded in data/measured, from the request to the first output. `clone` makes the process\n"
        "and all its namespaces.\n\n"
        "step  phase                      ms\n{lines}\n\n"
        "(1) Which number has the longest step?\n"
        "(2) If clone took only {kept} % of its time, by how many per cent would this start be shorter?",
        {"lines": "\n".join(rows), "kept": kept},
        (step, saved),
    )


def recorded_start(draw: Draw) -> dict[str, float]:
    """The phases of one recorded start of a container, in ms with three decimals."""
    rows = [
        row
        for row in read_rows(RECORDED / "startup.csv", StartupRow)
        if (row.isolation, row.part, row.first) == ("container", "start", 0)
    ]
    machine, run = draw.one(sorted({(row.machine, row.run) for row in rows}))
    ours = [row for row in rows if (row.machine, row.run) == (machine, run)]
    return {
        row.phase: round(1000 * row.duration_s, 3) for row in sorted(ours, key=lambda r: r.step)
    }


def numbered(phases: dict[str, float]) -> list[tuple[int, str, float]]:
    """The phases as rows of a table."""
    return [(number, name, ms) for number, (name, ms) in enumerate(phases.items())]


def ten_timings(draw: Draw) -> Task:
    """M14. Belief: "one timing is enough"."""
    base, gap = draw.whole(180, 600), draw.whole(3, 12)
    ordered = [(base + gap * i + draw.whole(0, gap - 1)) / 10 for i in range(8)]
    ordered.append(round(ordered[-1] * draw.one((1.6, 1.9, 2.3)), 1))  # somebody else was at work
    warm, cold = draw.mixed(ordered), round(ordered[0] * draw.one((4, 5, 7)), 1)
    middle = part(
        ordered[4],
        "Put the nine warm ones in order. Which one has as many below it as above?",
        (median([cold, *warm]), "The first one is cold: it is of another kind. Leave it out."),
        (round(fmean(warm), 1), "That is the mean. One slow run pulls it up."),
        (warm[4], "Put them in order first."),
        (cold, "One timing is not enough, least of all the first."),
    )
    low = part(
        ordered[1],
        "Put the nine warm ones in order, and take the second from below.",
        (ordered[0], "The interval begins at the second smallest."),
        (warm[1], "Put them in order first."),
    )
    high = part(
        ordered[7],
        "Put the nine warm ones in order, and take the second from above.",
        (ordered[8], "The interval ends at the second largest."),
        (cold, "The cold one does not belong to the nine."),
        (warm[7], "Put them in order first."),
    )
    return Task(
        "Ten starts of one program, in the order in which they were measured, in ms. Before the first, the page cache was emptied.\n\n"
        "{timings}\n\n"
        "Of the nine warm starts: (1) their median, and the interval that holds the median of all such starts with 96 %:\n"
        "from (2) the second smallest to (3) the second largest of the nine.",
        {"timings": "  ".join(f"{ms:.1f}" for ms in (cold, *warm))},
        (middle, low, high),
    )
