"""The verbs of images and their archives, as the command line takes them."""

from __future__ import annotations

from typing import Any

from realrun.usage.looks import add_inspect

BUDGET = "Refused if it unpacks to more than REALRUN_UNPACK_BYTES or REALRUN_UNPACK_ENTRIES allow."


def add_images(verbs: Any) -> None:
    """images, image tree, image df, history, tag, rmi, prune."""
    images = verbs.add_parser("images", help="list images")
    images.add_argument("image", nargs="?", metavar="NAME[:TAG]", help="only this, or a pattern")
    images.add_argument("-a", "--all", action="store_true", help="all of them (always so)")
    images.add_argument("--digests", action="store_true", help="with what a registry calls them")
    images.add_argument("-f", "--filter", action="append", default=[], metavar="KEY=VALUE",
                        help="only those whose label, reference, since, ... is this")  # fmt: skip
    history = verbs.add_parser("history", help="the instructions that made an image")
    history.add_argument("image")
    history.add_argument("-H", "--human", nargs="?", default="true", const="true",
                         help="false: sizes in bytes, times as dates")  # fmt: skip
    for listed in (images, history):
        listed.add_argument("--json", action="store_true", help="print it as JSON")
        listed.add_argument("-q", "--quiet", action="store_true", help="ids only")
        listed.add_argument("--no-trunc", action="store_true", help="nothing shortened")
        listed.add_argument("--format", default="", metavar="TEMPLATE", help="a Go template")
    image = verbs.add_parser("image", help="look into images: their layers, their disk bill")
    actions = image.add_subparsers(dest="action", required=True, metavar="ACTION")
    tree = actions.add_parser("tree", help="the layers, and what each does to those below")
    tree.add_argument("image")
    tree.add_argument("--json", action="store_true", help="print it as JSON")
    bill = actions.add_parser("df", help="what images take on the disk, and what they share")
    bill.add_argument("--json", action="store_true", help="print it as JSON")
    add_inspect(actions, "images").set_defaults(verb="inspect", type="image", size=False)
    tag = verbs.add_parser("tag", help="give an image one more name")
    tag.add_argument("image", metavar="SOURCE")
    tag.add_argument("new", metavar="NAME")
    remove = verbs.add_parser("rmi", help="remove images")
    remove.add_argument("-f", "--force", action="store_true", help="also the name of one in use")
    remove.add_argument("image", nargs="+")
    verbs.add_parser("prune", help="remove whatever killed commands have left behind")


def add_archives(verbs: Any) -> None:
    """save, load, import."""
    save = verbs.add_parser("save", help="write images to an archive")
    save.add_argument("image", nargs="+")
    save.add_argument("-o", "--output", metavar="FILE", help="the archive (default: the output)")
    save.add_argument("--format", default="docker", choices=["docker", "oci"],
                      help="of the archive (default: docker)")  # fmt: skip
    load = verbs.add_parser("load", help="read the images of an archive, of Docker's form or OCI's",
                            epilog=BUDGET)  # fmt: skip
    load.add_argument("-i", "--input", metavar="FILE", help="the archive (default: the input)")
    load.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    imports = verbs.add_parser("import", help="make an image of a root file system's archive",
                               epilog=BUDGET)  # fmt: skip
    imports.add_argument("file", help="the archive, or - for the input")
    imports.add_argument("name", nargs="?", help="name:tag for the image")
    imports.add_argument("-m", "--message", help="a comment for the history")
    imports.add_argument("-c", "--change", action="append", default=[], metavar="INSTRUCTION",
                         help="a Dockerfile's instruction that changes settings")  # fmt: skip
    imports.set_defaults(verb="imports")
