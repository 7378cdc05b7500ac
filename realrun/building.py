"""The builder with our own containers in it: each RUN runs in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from realrun import build as builder
from realrun import engine
from realrun.build.progress import Listener, silent
from realrun.image import Image, Layer, Store
from realrun.runtime.run import drive
from realrun.runtime.spec import DEFAULT_PATH, Spec
from realrun.runtime.start import Starter


def build(
    context: Path,
    tags: Sequence[str],
    starter: Starter,
    *,
    dockerfile: Path | None = None,
    build_args: Mapping[str, str] | None = None,
    target: str | None = None,
    no_cache: bool = False,
    labels: Mapping[str, str] | None = None,
    progress: Listener = silent,
) -> Image:
    """Build an image in the default store with `starter` for RUN; see `realrun.build.build`.

    `labels` go on top of the Dockerfile's.
    """
    return builder.build(
        context,
        store=LabellingStore(labels or {}),
        run_step=step_runner(starter),
        tags=tags,
        dockerfile=dockerfile,
        build_args=build_args,
        target=target,
        no_cache=no_cache,
        progress=progress,
    )


class LabellingStore(Store):
    """The default store; the image that a build adds to it gets labels of the command line.

    As in BuildKit they stand in the configuration only, not in the history.
    """

    def __init__(self, labels: Mapping[str, str]) -> None:
        super().__init__()
        self._labels = dict(labels)

    def add(
        self, config: Mapping[str, Any], layers: Sequence[Layer], ref: str | None = None
    ) -> Image:
        document = dict(config)
        if self._labels:
            settings = dict(document.get("config", {}))
            settings["Labels"] = {**settings.get("Labels", {}), **self._labels}
            document["config"] = settings
        return super().add(document, layers, ref)


def step_runner(starter: Starter) -> builder.RunStep:
    """Carries out RUN in a container whose writable layer becomes the image's next layer.

    As in Docker, a step sees the network; without a bridge of our own that is the host's.
    """

    def run_step(
        *,
        layers: Sequence[Path],
        upper: Path,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        user: str,
        network: str = "default",
        on_output: Callable[[bytes], None],
    ) -> int:
        spec = Spec(
            layers=tuple(map(str, layers)),
            argv=tuple(argv),
            env={"PATH": DEFAULT_PATH} | dict(env),
            cwd=cwd,
            user=user,
            hostname="build",
            network="none" if network == "none" else "host",
            upper=str(upper),
        )
        run = engine.begin(spec, starter, on_output, on_output)
        try:
            drive([run], starter)
        finally:
            run.close()
        try:
            return engine.exit_code(run)
        except engine.StartFailed as error:
            on_output(f"{error}\n".encode())
            return error.code

    return run_step
