"""The stages of a Dockerfile: which there are, what they start from, which the target needs.

Source: Dockerfile reference, "FROM", "COPY --from"; "Multi-stage builds".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from realrun.build import instructions as i
from realrun.build.evaluate import expanded, platform_arguments
from realrun.build.instructions import Instruction
from realrun.errors import UsageError
from realrun.image.config import architecture


@dataclass(slots=True)
class Stage:
    """FROM and what follows it; `base` is an earlier stage, or None for an image or scratch."""

    index: int
    start: i.From
    image: str
    base: int | None = None
    steps: list[Instruction] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.start.name or str(self.index)

    @property
    def shown(self) -> str:
        """The name for people, as BuildKit shows it."""
        return self.start.name or f"stage-{self.index}"


def split(
    instructions: Sequence[Instruction], given: Mapping[str, str], escape: str
) -> tuple[list[Stage], dict[str, str]]:
    """(the stages, the arguments declared before the first FROM)."""
    before: dict[str, str] = {}
    stages: list[Stage] = []
    for step in instructions:
        if isinstance(step, i.From):
            stages.append(start(step, stages, platform_arguments() | before, escape))
        elif stages:
            stages[-1].steps.append(step)
        elif isinstance(step, i.Arg):
            for name, default in step.pairs:
                if name in given:
                    before[name] = given[name]
                elif default is not None:
                    before[name] = expanded(default, platform_arguments() | before, escape, step.at)
    return stages, platform_arguments() | before


def start(step: i.From, earlier: Sequence[Stage], values: Mapping[str, str], escape: str) -> Stage:
    """A stage whose base is known by name."""
    image = expanded(step.image, values, escape, step.at)
    if not image:
        raise step.at.error(f"FROM {step.image}: the name of the base is empty")
    platform = expanded(step.platform, values, escape, step.at)
    if platform and platform.split("/")[:2] != ["linux", architecture()]:
        raise step.at.error(f"--platform={platform}: this machine is linux/{architecture()}")
    if step.name == "scratch":
        raise step.at.error("no stage can be called scratch: that is the empty image")
    same = [stage.index for stage in earlier if stage.start.name == image.lower()]
    return Stage(len(earlier), step, image, same[-1] if same else None)


def taken_from(step: Instruction) -> list[str]:
    """The stages or images that an instruction takes files from, as it names them."""
    if isinstance(step, i.Copy):
        names = [step.source_stage]
    elif isinstance(step, i.Run):
        names = [fields.get("from", "") for fields in step.mounts]
    else:
        names = []
    return [name for name in names if name]


def stage_of(step: Instruction, name: str, stages: Sequence[Stage], current: int) -> int | None:
    """The stage that a from= means; None if it has to be an image."""
    wanted = name.lower()
    if wanted.isdecimal():
        if int(wanted) >= current:
            raise step.at.error(f"from={wanted}: only stages before this one can be used")
        return int(wanted)
    named = [stage.index for stage in stages if stage.start.name == wanted]
    before = [index for index in named if index < current]
    if named and not before:
        raise step.at.error(f"from={wanted}: that stage comes only later, or is this one")
    return before[-1] if before else None


def target_of(stages: Sequence[Stage], target: str | None) -> int:
    """The stage to build: the last, or the one of this name or number."""
    if target is None:
        return len(stages) - 1
    for stage in reversed(stages):
        if stage.start.name == target.lower() or str(stage.index) == target:
            return stage.index
    names = ", ".join(stage.start.name or f"number {stage.index}" for stage in stages)
    raise UsageError(f"no stage {target!r} in this Dockerfile; there are: {names}")


def needed(stages: Sequence[Stage], target: int) -> list[Stage]:
    """The stages that have to be built for the target, in order."""
    wanted, found = [target], set()
    while wanted:
        index = wanted.pop()
        if index in found:
            continue
        found.add(index)
        stage = stages[index]
        sources = [
            stage_of(step, name, stages, index) for step in stage.steps for name in taken_from(step)
        ]
        wanted += [one for one in (stage.base, *sources) if one is not None]
    return [stages[index] for index in sorted(found)]
