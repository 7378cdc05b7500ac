"""An image on a host: layers are pulled and unpacked once, whoever asks, and shared from then on.

All layers that are missing are pulled at the same time, over the host's link; they are unpacked one
after the other, in the order of the image, as Docker does: processor time, then writing to the
disk. Who asks for a layer that is on its way waits for it. What an instance reads when it starts
comes from the disk the first time, and from the page cache as long as that holds it.
"""

from collections.abc import Generator, Mapping
from math import fsum
from typing import Any

import simpy

from sim.model.host import HostModel
from sim.profiles import Image, Layer

Process = Generator[simpy.Event, Any, None]


class ImageStore:
    """The layers on one host; `pulled_mib` has come over its link since the beginning."""

    def __init__(self, host: HostModel) -> None:
        self.host = host
        self.pulled_mib = 0.0
        self._layers: dict[str, simpy.Event] = {}  # happened: here; not yet: on its way

    def has(self, image: Image) -> bool:
        """Whether all layers are unpacked."""
        return all(
            layer.name in self._layers and self._layers[layer.name].processed
            for layer in image.layer
        )

    def fetch(self, image: Image) -> Process:
        """Pull and unpack what is missing; over when all layers are here."""
        env = self.host.env
        missing = [layer for layer in image.layer if layer.name not in self._layers]
        pulls = {layer.name: env.process(self._pull(layer)) for layer in missing}
        self._layers |= {layer.name: env.event() for layer in missing}
        for layer in image.layer:
            here = self._layers[layer.name]
            if layer.name in pulls:
                yield pulls[layer.name]
                yield from self._unpack(layer)
                here.succeed()
            if not here.processed:
                yield here

    def _pull(self, layer: Layer) -> Process:
        self.pulled_mib += layer.packed_mib
        if self.host.link is not None:
            yield self.host.link.transfer(layer.packed_mib)

    def _unpack(self, layer: Layer) -> Process:
        if layer.unpack_cpu_s:
            yield self.host.cpu.serve(layer.unpack_cpu_s)
        if self.host.disk is not None:
            yield self.host.disk.transfer(layer.unpacked_mib)


def files_of(image: Image) -> Mapping[str, float]:
    """What the page cache holds when an instance has started: the part of each layer it reads."""
    return {layer.name: layer.unpacked_mib * image.read_ratio for layer in image.layer}


def read(host: HostModel, image: Image) -> Process:
    """Read what a start needs: from the disk what the page cache does not have."""
    cold_mib = fsum(mib for name, mib in files_of(image).items() if not host.memory.holds(name))
    if host.disk is not None and cold_mib:
        yield host.disk.transfer(cold_mib)
