"""A service over time: requests that meet a cold start, instances that are kept, hosts."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from sim.charts.axes import end_names
from sim.charts.footer import footer, origin
from sim.charts.picture import Picture, headline, new_figure
from sim.charts.style import COLOURS, MUTED, PAPER, label, order, rows_of, stacked
from sim.charts.words import say

MINUTE_S = 60.0
SHADES = 32  # fewer than what matplotlib would draw the scale of as a picture of pixels
STYLES = ("-", "--", "-.", ":")  # of lines, in turn: told apart in grey


def cold_starts_figure(served: pd.DataFrame) -> Picture:
    """Requests, the share that met a cold start, and instances, against time.

    `served` as `sim.tables.answers.over_time` makes it: a row a window of `every_s` seconds, with
    `asked`, `cold` and `running`; of one policy.
    """
    figure = new_figure(6.4)
    asked, cold, running = figure.subplots(3, 1, sharex=True, height_ratios=(0.7, 1, 1))
    pairs, every_s = order(served), served["every_s"].iloc[0]
    first = rows_of(served, pairs[0]).sort_values("t_s")
    minutes, rate = first["t_s"] / MINUTE_S, first["asked"] / every_s
    asked.fill_between(minutes, rate, step="post", color=MUTED, alpha=0.4, lw=0)
    asked.set(ylim=(0, None), ylabel=say("cold_starts.y_asked"))
    asked.set_title(say("cold_starts.title", policy=served["policy"].iloc[0]))
    shares, counts = {}, {}
    for number, pair in enumerate(pairs):
        rows = rows_of(served, pair).sort_values("t_s")
        look = {"color": COLOURS[pair[0]], "ls": STYLES[number % len(STYLES)], "lw": 1.6}
        minutes, share = rows["t_s"] / MINUTE_S, 100 * rows["cold"] / rows["asked"].clip(lower=1)
        cold.step(minutes, share, where="post", **look)
        running.step(minutes, rows["running"], where="post", **look)
        shares[stacked(*pair), pair[0]] = float(share.iloc[-1])
        counts[stacked(*pair), pair[0]] = float(rows["running"].iloc[-1])
    cold.set(ylim=(0, None), ylabel=say("cold_starts.y_cold"))
    running.set(ylim=(0, None), ylabel=say("cold_starts.y_running"), xlabel=say("cold_starts.x"))
    for ax, ends in ((cold, shares), (running, counts)):
        end_names(ax, ends, 0.2)
    counted = int(first["asked"].sum())
    footer(figure, [served], say("cold_starts.foot", n=f"{counted:,}", every=f"{every_s:g}"))
    return figure


def cold_starts_alt(served: pd.DataFrame) -> str:
    """The share over all time, the worst window, and the most instances."""
    told = []
    for pair in order(served):
        rows = rows_of(served, pair)
        share = rows["cold"] / rows["asked"].clip(lower=1)
        worst = rows.loc[share.idxmax()]
        found = {
            "all": f"{100 * rows['cold'].sum() / max(1, rows['asked'].sum()):.2f}",
            "worst": f"{100 * share.max():.1f}",
            "minute": f"{worst['t_s'] / MINUTE_S:.1f}",
            "most": int(rows["running"].max()),
        }
        told.append(say("cold_starts.alt_one", name=label(*pair), **found))
    policy = served["policy"].iloc[0]
    return say("cold_starts.alt", policy=policy, rows="; ".join(told), origin=origin(served))


def fleet_figure(residents: pd.DataFrame) -> Picture:
    """How many instances each host has, against time; a panel an isolation, all in one scale.

    `residents` as `sim.tables.answers.over_time` makes them: a row a host and moment.
    """
    pairs, most = order(residents), residents["instances"].max()
    hosts = residents["host"].nunique()
    figure = new_figure((0.7 + 0.13 * hosts) * len(pairs) + 1.0)
    panels = figure.subplots(len(pairs), 1, sharex=True, squeeze=False)[:, 0]
    for pair, ax in zip(pairs, panels, strict=True):
        _hosts(rows_of(residents, pair), ax, COLOURS[pair[0]], most)
        ax.set_title(label(*pair), fontsize=10)
    panels[-1].set_xlabel(say("cold_starts.x"))
    title = say("fleet.title", policy=residents["policy"].iloc[0])
    headline(figure, title)
    footer(figure, [residents], say("fleet.foot", n=hosts))
    return figure


def _hosts(rows: pd.DataFrame, ax: Axes, colour: str, most: float) -> None:
    """Time across, hosts up; the darker, the more instances."""
    grid = rows.pivot_table(index="host", columns="t_s", values="instances")
    shades = LinearSegmentedColormap.from_list("shades", [PAPER, colour], N=SHADES)
    minutes = [float(t_s) / MINUTE_S for t_s in grid.columns]
    step = minutes[1] - minutes[0] if len(minutes) > 1 else 1.0
    edges = [*minutes, minutes[-1] + step]
    rows_at = [-0.5, *(number + 0.5 for number in range(len(grid)))]
    drawn = ax.pcolormesh(edges, rows_at, grid.to_numpy(), cmap=shades, vmin=0, vmax=most)
    ax.grid(visible=False)
    ax.set_yticks(range(0, len(grid), max(1, len(grid) // 5)))
    ax.set_ylabel(say("fleet.y"))
    whole = MaxNLocator(4, integer=True)
    bar = ax.figure.colorbar(drawn, ax=ax, pad=0.01, aspect=12, ticks=whole)
    bar.set_label(say("fleet.instances"))
    bar.outline.set_visible(False)


def fleet_alt(residents: pd.DataFrame) -> str:
    """The most instances on one host, and how many hosts are used at most."""
    told = []
    for pair in order(residents):
        rows = rows_of(residents, pair)
        used = rows[rows["instances"] > 0].groupby("t_s")["host"].nunique()
        hosts = int(used.max()) if len(used) else 0
        most = int(rows["instances"].max())
        told.append(say("fleet.alt_one", name=label(*pair), most=most, hosts=hosts))
    policy = residents["policy"].iloc[0]
    return say("fleet.alt", policy=policy, rows="; ".join(told), origin=origin(residents))
