"""The runtime by the command line and the configuration that the OCI specified.

Engines that keep images and names themselves (Docker, podman, containerd) hand over a *bundle*, a
root file system with a `config.json`, and ask for `create`, `start`, `kill`, `delete`.

Source: the OCI runtime specification, https://github.com/opencontainers/runtime-spec; the command
line is runc's, which all those engines know.
"""

DEFAULT_ROOT = "/run/realrun"  # where containers are noted down: gone with the next boot
