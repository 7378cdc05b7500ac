"""What happens when many do the same at once: five laws, each with the resource that it is about.

A law turns named parameters and an `x` into an estimate. The functions hold no number of their own:
parameters come from profiles (data/profiles/published-*.toml), which say where each is from.
Times are in milliseconds, as in the sources.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

Numbers = Mapping[str, float]
STEPS = 200  # of the numeric integral over a storm


class Estimate(NamedTuple):
    """A prediction and what bounds it: the same law with its open choice made either way."""

    value: float
    low: float
    high: float


def storm(known: Numbers, quantity: str, n: float) -> Estimate:
    """`n` starts at once that pass through something which lets one through at a time.

    A start alone takes `first_ms`; all of them hold the lock for `hold_ms` each. When the share u
    of all holds is over, n (1 - u^p) starts still wait, with p = r / (1 - r) for r =
    `together_ratio`: then latencies grow by r n `hold_ms` on average and the last is ready after
    n `hold_ms`. A waiter keeps `spin_cores` busy. Where the spinning wants more than `cores`, a
    holder that may lose its core holds for longer (share `preempted_ratio` of all; 0 and 1 bound
    the answer). Work that nobody waits for is `work_ms` of processor time for each start. No round
    keeps the cores busier than `most_busy_ratio`.
    """
    choices = [known["preempted_ratio"], 0.0, 1.0]
    values = [_storm(known, quantity, n, ratio) for ratio in choices]
    return Estimate(values[0], min(values), max(values))


def _storm(known: Numbers, quantity: str, n: float, preempted_ratio: float) -> float:
    cores, together = known["cores"] or math.inf, known["together_ratio"]
    power = together / (1 - together)
    length = wait = spun = 0.0
    for step in range(STEPS):
        waiting = n * (1 - ((step + 0.5) / STEPS) ** power)
        wanted = known["spin_cores"] * waiting
        slower = 1 + preempted_ratio * max(0.0, wanted / cores - 1)
        length += slower / STEPS
        wait += slower * waiting / n / STEPS
        spun += slower * min(wanted, cores) / STEPS
    offset_ms = known["offset_ms"]
    makespan_ms = max(known["first_ms"], offset_ms + n * known["hold_ms"] * length)
    work_ms = n * known["work_ms"]
    makespan_ms = max(makespan_ms, work_ms / cores)
    late_ms = known["late_ms"] + n * known["hold_ms"] * wait
    most_ms = known["most_busy_ratio"] * cores * makespan_ms
    cpu_ms = min(work_ms + n * known["hold_ms"] * spun, most_ms)
    if n <= 1:
        makespan_ms = late_ms = known["first_ms"]
    found = {
        "makespan": makespan_ms,
        "latency": max(known["first_ms"], late_ms),
        "cpu": cpu_ms / n,
        "utilisation": 100 * cpu_ms / (cores * makespan_ms),
    }
    return found[quantity]


def beside(known: Numbers, alone: Estimate, running: float) -> Estimate:
    """A start beside `running` idle ones: as on an empty host, times a growth with their number.

    growth = (1 + `each_ratio` running)^`damping`. A damping of 0 says that running instances do not
    matter, 1 that they matter as much as in the system that `each_ratio` was seen in.
    """
    growth = 1 + known["each_ratio"] * running
    return Estimate(alone.value * growth ** known["damping"], alone.low, alone.high * growth)


def memory(known: Numbers, _quantity: str, n: float) -> Estimate:
    """Memory of each of `n`: its own and its part of what all share.

    Alone, nobody shares: how much of the shared part an instance then has is open.
    """
    value = known["each_mib"] + known["shared_mib"] / n
    return Estimate(value, value if n > 1 else known["each_mib"], value)


def closed_loop(known: Numbers, quantity: str, n: float) -> Estimate:
    """`n` clients, each with one request under way: throughput and response time.

    `demand_ms` at a server that does one thing at a time, `think_ms` elsewhere (network, client):
    the machine-repair model. Exact also when the server shares itself among requests of any
    distribution of size. Source: E. D. Lazowska et al., "Quantitative System Performance",
    Prentice-Hall 1984, chapter 6; Harchol-Balter 2013, chapter 17.
    """
    throughput = _served(n, known["demand_ms"], known["think_ms"], lambda busy: min(busy, 1.0))
    return _loop(known, quantity, n, throughput, throughput, throughput)


def contended(known: Numbers, quantity: str, n: float) -> Estimate:
    """`n` clients whose requests hinder each other in proportion to their number.

    R(n) = `alone_ms` + n `hinder_ms`: the first two terms of Gunther's law, Amdahl's law in time.
    It has no end of its own, a machine has: beyond the largest n that was seen (`seen`) throughput
    is between what it was there and what the law says; the geometric mean is given.
    """

    def law(many: float) -> float:
        return many / (known["alone_ms"] + many * known["hinder_ms"])

    flat, open_ended = law(min(n, known["seen"])), law(n)
    return _loop(known, quantity, n, math.sqrt(flat * open_ended), flat, open_ended)


def _loop(
    known: Numbers, quantity: str, n: float, value: float, low: float, high: float
) -> Estimate:
    """Throughputs in requests a millisecond as what was asked for (Little's law for latency)."""
    if quantity == "latency":
        ratio = known["latency_ratio"]
        return Estimate(ratio * n / value, ratio * n / high, ratio * n / low)
    per_s = known["per_s"]
    return Estimate(value * per_s, low * per_s, high * per_s)


def boots(known: Numbers, quantity: str, launchers: float) -> Estimate:
    """Boots of guests, one after the other, by each of `launchers` launchers.

    A launcher works `outside_ms` without a core outside of the timed window, then a boot of
    `demand_ms` shares the cores. With `cores` of `threads_per_core` threads, a second thread adds
    `second_thread_ratio` of a core. Boots become slower by up to `crowded_ratio` as the rest of
    the cores become busy. `spread_ratio` is sd / mean of boots, `spread_busy_ratio` that on a
    busy host. The open choice: whether a launcher's own time shrinks to nothing, or is
    twice as long.
    """
    if launchers == 1:
        value = known[f"alone {quantity}"]
        return Estimate(value, value, value)
    values = [_boots(known, quantity, launchers, known["outside_ms"] * k) for k in (1.0, 0.0, 2.0)]
    return Estimate(values[0], min(values), max(values))


def _boots(known: Numbers, quantity: str, launchers: float, outside_ms: float) -> float:
    cores, threads = known["cores"], known["threads_per_core"]

    def rate(boots: float) -> float:
        second = min(max(0.0, boots - cores), cores * (threads - 1))
        return min(boots, cores) + known["second_thread_ratio"] * second

    whole = rate(cores * threads)
    demand_ms, busy = known["demand_ms"], 0.0
    for _ in range(50):  # the slowing down depends on how busy the cores are, and that on it
        slower = 1 + known["crowded_ratio"] * max(0.0, busy - known["fitted_busy"])
        served = _served(launchers, demand_ms * slower, outside_ms, rate)
        busy = 0.5 * busy + 0.5 * served * demand_ms * slower / whole
    mean_ms = launchers / served - outside_ms
    part, _, name = quantity.rpartition(" ")
    if part == "guest":
        mean_ms *= known["guest_ratio"]
    loaded = min(1.0, max(0.0, (busy - known["fitted_busy"]) / max(1e-9, 1 - known["fitted_busy"])))
    rise = known["spread_busy_ratio"] - known["spread_ratio"]
    sd_ms = mean_ms * (known["spread_ratio"] + max(0.0, rise) * loaded)
    return {
        "mean": mean_ms,
        "p50": mean_ms,
        "p90": mean_ms + NORMAL[90] * sd_ms,
        "p99": mean_ms + NORMAL[99] * sd_ms,
        "sd": sd_ms,
    }[name]


NORMAL = {90: 1.2816, 99: 2.3263}  # quantiles of the standard normal distribution


def _served(n: float, demand_ms: float, think_ms: float, rate: Callable[[float], float]) -> float:
    """Throughput (1/ms) of `n` customers between a delay and a shared server, by its product form.

    p(k) ~ think^(n-k) / (n-k)! times demand^k / (rate(1) ... rate(k)), k at the server.
    """
    many = max(1, round(n))
    logs = [0.0]
    for k in range(1, many + 1):
        step = math.log(demand_ms / rate(k))
        step += math.log((many - k + 1) / think_ms) if think_ms > 0 else 0.0
        logs.append(logs[-1] + step)
    if think_ms <= 0:
        return rate(many) / demand_ms
    top = max(logs)
    weights = [math.exp(one - top) for one in logs]
    work = sum(weight * rate(k) for k, weight in enumerate(weights) if k)
    return work / sum(weights) / demand_ms


LAWS: dict[str, Callable[[Numbers, str, float], Estimate]] = {
    "storm": storm,
    "memory": memory,
    "closed loop": closed_loop,
    "contended": contended,
    "boots": boots,
}
