"""`sim bench`: time beside bare SimPy, and for lives from a thousand to a million."""

from sim.bench import HOSTS, exponent, overhead, scaling
from sim.profiles import Profile
from sim.report.terminal import console, new_table

STORM, LIVES = "container", "microvm"  # of the profile with published figures


def bench(profile: Profile, sizes: list[int]) -> None:
    """Run both and print them."""
    found = overhead(profile, STORM)
    rows = new_table(
        f"A storm of {found.starts} containers on as many cores, a start", OVERHEAD_HEADER
    )
    rows.add_row("the model", f"{found.ours_us:.2f} us", f"{found.ours_events:.1f}")
    rows.add_row("SimPy alone", f"{found.bare_us:.2f} us", f"{found.bare_events:.1f}")
    console().print(rows)
    print(f"the model takes {found.ratio:.2f} times as long as SimPy alone (median of pairs)")

    runs = scaling(profile, LIVES, sizes, HOSTS)
    rows = new_table(f"Lives of micro-VMs on {HOSTS} hosts, one core", SCALING_HEADER)
    for run in runs:
        times = f"{run.start_p50_s:.3f} s", f"{run.start_p99_s:.3f} s"
        peak = f"{run.peak_mib:.0f} MiB"
        rows.add_row(str(run.instances), f"{run.took_s:.2f} s", peak, str(run.most_running), *times)
    console().print(rows)
    if len(runs) > 1:
        print(f"time grows with the number of lives to the power {exponent(runs):.3f}")


OVERHEAD_HEADER = ("program", "time", "events")
SCALING_HEADER = ("lives", "time", "memory at most", "running at most", "start p50", "start p99")
