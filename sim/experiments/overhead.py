"""What does work cost that is done inside?"""

from sim.contract import Answer
from sim.model.host import build_host
from sim.model.instance import Process
from sim.profiles import Profile

UNIT_S = 0.001  # of work in a plain process
LONG_S = 1.0


def overhead(profile: Profile, isolation: str, *, seed: int = 0) -> list[Answer]:
    """Keep one worker a core busy with work of one kind, each in an instance of its own.

    Question: how many units of work a second does a host do inside, of those that it does in plain
    processes? Guests' own systems run beside. Nothing here is random.
    """
    kind = profile[isolation]
    return [
        Answer("overhead", isolation, f"work={work.kind}", "of_process_ratio", ratio)
        for work in kind.work
        for ratio in [throughput_per_s(profile, isolation, work.kind) * UNIT_S / profile.host.cores]
    ]


def throughput_per_s(profile: Profile, isolation: str, work: str) -> float:
    """Units a second that all cores together do in a closed system of one worker each."""
    kind = profile[isolation]
    host, done = build_host(profile.host, kind), [0]
    demand_s = UNIT_S * kind.cost_ratio(work)

    def worker() -> Process:
        while True:
            yield host.cpu.serve(demand_s)
            done[0] += 1

    for _ in range(profile.host.cores):
        if kind.background_cores:
            host.background(kind.background_cores)
        host.env.process(worker())
    host.env.run(until=LONG_S)
    host.check()
    return done[0] / LONG_S
