"""Cards about what lies on the disk: M3, M4, M5, M6, M15."""

from __future__ import annotations

from course.problems import Draw, Task, part


def what_comes_back(draw: Draw) -> Task:
    """M3. Belief: "image and container are the same"."""
    image_mb = draw.whole(80, 400, 10)
    written = draw.mixed(range(5, 60))[:3]
    gone = draw.whole(1, 3)
    freed = part(
        written[gone - 1],
        "What did this container alone have on the disk?",
        (image_mb + written[gone - 1], "Does the image go with the container? Who else uses it?"),
        (image_mb, "Which layers are the image's, and which one is the container's?"),
        (0, "A container has a layer of its own. What becomes of it?"),
        (sum(written), "Only one container was removed."),
    )
    return Task(
        "From an image of {image} MB three containers are created. The first writes {first} MB of new files, the second\n"
        "{second} MB, the third {third} MB. Then container {gone} is removed. How many MB of disk come back?",
        {
            "image": image_mb,
            "first": written[0],
            "second": written[1],
            "third": written[2],
            "gone": gone,
        },
        (freed,),
    )


def two_images(draw: Draw) -> Task:
    """M4. Belief: "two images of 180 MB take 360 MB"."""
    base_mb = draw.whole(60, 140, 2)
    first_mb, second_mb = (base_mb + own for own in draw.mixed(range(15, 95))[:2])
    disk = part(
        first_mb + second_mb - base_mb,
        "Write down every layer once, with its size, and add them up.",
        (first_mb + second_mb, "How often does the disk hold the base that both begin with?"),
        (
            first_mb + second_mb - 2 * base_mb,
            "You left the base out altogether. It is shared, not free.",
        ),
        (max(first_mb, second_mb), "Does the smaller image have nothing of its own?"),
    )
    return Task(
        "A list of images shows two, one of {first} MB and one of {second} MB. Both are FROM the same base, which has {base} MB.\n"
        "How many MB do the two images take on the disk?",
        {"first": first_mb, "second": second_mb, "base": base_mb},
        (disk,),
    )


def deleted_later(draw: Draw) -> Task:
    """M5. Belief: "deleting a file in a later step shrinks the image"."""
    base_mb, download_mb, program_mb = (
        draw.whole(40, 90),
        draw.whole(100, 300, 5),
        draw.whole(10, 60),
    )
    whole, lean = base_mb + download_mb + program_mb, base_mb + program_mb
    steps = part(
        whole,
        "Image A: write down what each step adds as a layer. Can a layer take something out of one below?",
        (lean, "Image A: a later layer hides a file. Is it gone from the layer below?"),
        (base_mb + program_mb - download_mb, "Image A: no layer has a size below zero."),
        (base_mb + download_mb, "Image A: what did make install write?"),
    )
    at_once = part(
        lean,
        "Image B: what is there when its one RUN step has ended?",
        (
            whole,
            "Image B: a layer holds what is there when its step has ended. Was the archive there then?",
        ),
        (base_mb, "Image B: what did make install write?"),
    )
    return Task(
        "Two Dockerfiles do the same work. The base has {base} MB, the archive that fetch writes {download} MB,\n"
        "and make install writes a program of {program} MB.\n\n"
        "Dockerfile A               Dockerfile B\n"
        "FROM base                  FROM base\n"
        "RUN fetch archive          RUN fetch archive && make install && rm archive\n"
        "RUN make install\n"
        "RUN rm archive\n\n"
        "How many MB has (1) image A, (2) image B?",
        {"base": base_mb, "download": download_mb, "program": program_mb},
        (steps, at_once),
    )


TOOLS = ("git", "curl", "gcc", "make", "python3", "sqlite", "nginx")
AFTER = ("compile", "test", "pack")


def order_of_lines(draw: Draw) -> Task:
    """M6. Belief: "reordering Dockerfile lines does not matter"."""
    tools = [f"RUN install {tool}" for tool in draw.mixed(TOOLS)[: draw.whole(2, 5)]]
    after = [f"RUN {verb} /app" for verb in AFTER[: draw.whole(2, 3)]]
    copy_first = ["FROM base", "COPY . /app", *tools, *after]
    copy_late = ["FROM base", *tools, "COPY . /app", *after]
    early, late = 1 + len(tools) + len(after), 1 + len(after)
    first = part(
        early,
        "Dockerfile A: find the first step that sees the changed file. What becomes of the steps after it?",
        (
            1,
            "Dockerfile A: a step's key holds that of the step before. What becomes of those after it?",
        ),
        (early - 1, "Dockerfile A: the step that copies the changed file is itself a miss."),
        (early + 1, "Dockerfile A: does FROM depend on your file?"),
        (late, "Dockerfile A: how many steps stand below COPY here?"),
    )
    second = part(
        late,
        "Dockerfile B: find the first step that sees the changed file. What stands above it?",
        (early, "Dockerfile B: the tools stand above COPY. Does their key know of your file?"),
        (
            1,
            "Dockerfile B: a step's key holds that of the step before. What becomes of those after it?",
        ),
        (late - 1, "Dockerfile B: the step that copies the changed file is itself a miss."),
    )
    rows = [f"{a:<24}{b}" for a, b in zip(copy_first, copy_late, strict=True)]
    return Task(
        "Both Dockerfiles were built. Now you change one source file in the folder that is copied, and build both again.\n\n"
        "Dockerfile A            Dockerfile B\n{lines}\n\n"
        "How many steps are carried out anew (cache misses), (1) of A, (2) of B?",
        {"lines": "\n".join(rows)},
        (first, second),
    )


LIVES = {  # what is done, and whether what the program wrote can be read afterwards
    "create, start, stop": True,
    "run, stop, start": True,
    "run, commit, rm": True,
    "run --volume notes:/data, rm": True,
    "run, rm": False,
    "run --rm": False,
    "create, start, stop, rm": False,
    "create, rm": False,
}
ONLY_CREATED = "create"


def what_survives(draw: Draw) -> Task:
    """M15. Beliefs: "data survives removal"; "create, start and run are synonyms"."""
    kept = draw.mixed(life for life, keeps in LIVES.items() if keeps)[:2]
    lost = draw.mixed(life for life, keeps in LIVES.items() if not keeps)[:2]
    lives = dict(zip("abcde", draw.mixed([*kept, *lost, ONLY_CREATED]), strict=True))

    def letters(*wanted: str) -> frozenset[str]:
        return frozenset(letter for letter, life in lives.items() if life in wanted)

    survivors = part(
        letters(*kept),
        "For each: did the program run at all? Is its writable layer still there, or a copy of the data?",
        (
            letters(*kept, ONLY_CREATED),
            "Which of these commands starts the program, and which one only makes the container?",
        ),
        (letters(*kept, *lost), "What does rm remove together with the container?"),
        (frozenset(lives), "What does rm remove, and what does create not do?"),
        (
            frozenset(),
            "A container that has ended is still there, with its layer, until it is removed.",
        ),
        (letters(kept[0]), "One more has kept it. A layer, an image or a volume can hold data."),
        (letters(kept[1]), "One more has kept it. A layer, an image or a volume can hold data."),
    )
    return Task(
        "When its program runs, a container of this image writes the file /data/result.\n"
        "These were done, each with a container of its own, from left to right:\n\n{lives}\n\n"
        "After which of them can the file still be read: from the container, an image, or a volume?",
        {"lives": "\n".join(f"  {letter})  {life}" for letter, life in lives.items())},
        (survivors,),
    )
