"""How long does one start take on an idle host, and which phase takes how much of it?"""

from sim.contract import StartupRow
from sim.engine.streams import stream
from sim.model.host import build_host
from sim.model.instance import Span, check_spans, start
from sim.profiles import Profile


def startup(profile: Profile, isolation: str, *, runs: int = 20, seed: int = 0) -> list[StartupRow]:
    """Start one instance `runs` times, each on an idle host, with warm caches.

    Question: how long does it take from the request to the first output, phase by phase?
    Only the way up is modelled (`part` = start). Same profile and seed: same rows.
    """
    rows: list[StartupRow] = []
    for run in range(runs):
        for step, span in enumerate(_one_start(profile, isolation, run, seed)):
            rows.append(_row(profile, isolation, run, step, span))
    return rows


def _one_start(profile: Profile, isolation: str, run: int, seed: int) -> list[Span]:
    kind = profile[isolation]
    host = build_host(profile.host, kind)
    spans: list[Span] = []
    host.env.process(start(host, kind.stage, stream(seed, "spread", run, 0), spans.append))
    host.env.run()
    host.check()
    check_spans(spans, asked_s=0.0, ready_s=host.env.now)
    return spans


def _row(profile: Profile, isolation: str, run: int, step: int, span: Span) -> StartupRow:
    return StartupRow(
        machine=profile.provenance.machine,
        isolation=isolation,
        accelerator=profile[isolation].accelerator,
        run=run,
        first=0,
        part="start",
        step=step,
        phase=span.stage,
        begin_s=span.begin_s,
        duration_s=span.end_s - span.begin_s,
        cpu_s=span.cpu_s,
    )
