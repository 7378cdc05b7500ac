# ruff: noqa: E501 - a case is one line
"""RUN, ARG, stages, ONBUILD, and what both have to refuse."""

from __future__ import annotations

STAGES = {
    # RUN
    "RUN sees ENV and ARG": 'ARG a=1\nARG b\nENV e=2\nRUN echo "$a-${b-unset}-$e" > /x',
    "RUN exec form expands nothing": 'ENV e=2\nRUN ["/bin/sh", "-c", "echo $0 > /x", "$e"]',
    "RUN as a user": "USER sue\nRUN (id -u; id -g; echo ~) > /tmp/id",
    "RUN as a user and a group": "USER sue:extra\nRUN (id -u; id -g) > /tmp/id",
    "RUN as a number": "USER 4000\nRUN (id -u; id -g) > /tmp/id",
    "RUN as a number with a name": "USER 2000\nRUN (id -u; id -g; id -G | tr ' ' '\\n' | grep 51) > /tmp/id",
    "RUN in WORKDIR": "WORKDIR /w\nRUN pwd > here",
    "RUN adds, changes, removes": "RUN rm /file /link; rm -r /dir/deep; chmod 711 /dir; ln -s x /new;"
    " mkfifo /pipe; echo 1 > /h; ln /h /hh; chown 5:6 /h; chmod 6755 /hh",
    "RUN replaces a directory": "RUN rm -r /dir && mkdir /dir && echo n > /dir/n\nRUN rm -r /dir",
    "RUN a file where a directory was": "RUN rm -r /dir && echo f > /dir && rm /file && mkdir /file",
    "RUN changes nothing": "RUN true",
    "RUN touches what COPY brought": "COPY d /d\nRUN chmod 600 /d/one && rm /d/two",
    "COPY over what RUN removed": "RUN rm -r /dir\nCOPY d /dir",
    "COPY over what RUN linked": "RUN rm -r /dir && ln -s /open /dir\nCOPY a.txt /dir/",
    "COPY of a file over a link to a directory": "COPY a.txt b.txt /rel/",
    "VOLUME keeps what comes later": "VOLUME /v\nRUN mkdir -p /v && echo x > /v/x\nCOPY a.txt /v/",
    "USER does not own what COPY brings": "USER sue\nCOPY a.txt /tmp/\nADD t.tar /tmp/t",
    "xattrs of modes": "COPY su /s\nRUN cp -p /s /t",
    # ARG
    "ARG before FROM": "ARG v=base\nFROM $v\nARG v\nENV a=$v",
    "ARG before FROM is not inside": "ARG v=base\nFROM ${v}\nENV a=x$v",
    "ARG before FROM, default inside wins": "ARG v=base\nFROM $v\nARG v=in\nENV a=$v",
    "ARG after its use": "ENV a=x$v\nARG v=1\nENV b=x$v",
    "ENV after ARG": "ARG v=arg\nENV v=env-$v\nRUN echo $v > /x",
    "ARG of another ARG": "ARG a=1\nARG b=${a}2\nENV c=$b",
    "ARG several": "ARG a=1 b=$a c\nENV d=$a-$b-$c",
    "ARG with quotes": 'ARG a="x y" b=\'p q\' c=r\\ s\nENV d="$a$b$c"',
    "ARG of another stage is not here": "FROM base AS one\nARG v=1\nFROM base\nENV a=x$v",
    "ARG of the stage below is here": "FROM base AS one\nARG v=1\nFROM one\nENV a=x$v\nRUN echo $v > /x",
    "platform arguments": "FROM base\nARG TARGETARCH\nARG TARGETOS\nENV a=$TARGETOS/$TARGETARCH",
    # stages
    "COPY --from a stage": "FROM base AS One\nRUN echo made > /m && chown 3:4 /m\nFROM base\n"
    "COPY --from=one /m /x\nCOPY --from=0 m /y/",
    "COPY --from keeps owners of directories": "FROM base AS b\nRUN mkdir -p /o/p && chown -R 3:4 /o"
    " && chmod 700 /o/p\nFROM base\nCOPY --from=b /o /x\nCOPY --from=b /o/ /n/new/\n",
    "COPY --from of links": "FROM base AS b\nRUN ln -s /file /l && ln -s dir /dl\nFROM base\n"
    "COPY --from=b /l /x\nCOPY --from=b /dl /y\nCOPY --from=b /flin* /z/",
    "COPY --from an image": "FROM scratch\nCOPY --from=base /file /dir/old /x/",
    "COPY --from with --chown": "FROM base AS b\nFROM base\nCOPY --from=b --chown=sue:staff /dir /x",
    "COPY --from a pattern": "FROM base AS b\nFROM scratch\nCOPY --from=b /etc/*s* /x/",
    "COPY --from a relative name": "FROM base AS b\nWORKDIR /dir\nFROM scratch\nCOPY --from=b file /x",
    "COPY --from hard links": "FROM base AS b\nRUN mkdir /hl && echo x > /hl/a && ln /hl/a /hl/b\n"
    "FROM scratch\nCOPY --from=b /hl /hl",
    "COPY --from over what is there": "FROM base AS b\nRUN mkdir -p /s/dir/deep /s/open && chmod 711 /s/dir"
    " && chown -R 5:6 /s\nFROM base\nCOPY --from=b /s /\nCOPY --from=b /s/dir /open",
    "COPY --from the sticky place": "FROM base AS b\nFROM scratch\nCOPY --from=b /open /x\n"
    "COPY --from=b /tmp /t/",
    "FROM a stage inherits": "FROM base AS b\nENV a=1\nLABEL l=1\nUSER sue\nWORKDIR /w\nCMD x\n"
    "EXPOSE 1\nFROM b\nENV c=$a",
    "COPY --from hands no settings down": "FROM base AS b\nENV a=1\nLABEL l=1\nFROM base\nCOPY --from=b /file /x",
    "a stage that nobody needs is not run": "FROM base AS bad\nRUN false\nFROM base\nENV a=1",
    "a name given twice": "FROM base AS s\nENV a=1\nFROM base AS s\nENV a=2\nFROM s\nENV b=$a",
    "ENTRYPOINT in the stage below": 'FROM base AS b\nENTRYPOINT ["e"]\nCMD ["c"]\nFROM b\nENTRYPOINT ["n"]',
    "CMD in the stage below": 'FROM base AS b\nENTRYPOINT ["e"]\nFROM b\nCMD ["c"]',
    # ONBUILD
    "ONBUILD fires in the stage above": "FROM base AS b\nONBUILD ENV a=1\nONBUILD COPY a.txt /x\n"
    "ONBUILD RUN echo $a > /y\nFROM b\nENV c=$a",
    "ONBUILD fires once": "FROM base AS b\nONBUILD ENV a=1\nFROM b AS c\nFROM c\nENV d=1",
    "ONBUILD with expansion": "FROM base AS b\nENV a=1\nONBUILD ENV c=$a\nFROM b\nENV a=2",
    "ONBUILD beside its own": "FROM base AS b\nONBUILD ENV a=1\nFROM b\nONBUILD ENV z=1",
}

GIVEN = {
    "--build-arg over a default": ("ARG a=1\nENV b=$a", {"a": "2"}),
    "--build-arg without a default": ("ARG a\nENV b=$a\nRUN echo $a > /x", {"a": "2"}),
    "--build-arg empty": ("ARG a=1\nENV b=x${a:-d}\nRUN echo ${a-u} > /x", {"a": ""}),
    "--build-arg of nothing declared": ("ENV b=x$a\nRUN echo x$a > /x", {"a": "2"}),
    "--build-arg before FROM": ("ARG v=nothing\nFROM $v\nARG v\nENV b=$v", {"v": "base"}),
    "--build-arg not expanded": ("ARG a\nENV b=$a", {"a": '$PATH "q" \\x'}),
    "--build-arg of a proxy": ("RUN echo $HTTP_PROXY > /x", {"HTTP_PROXY": "http://p"}),
}

MANY = "FROM base AS one\nENV a=1\nFROM one AS two\nENV b=1\nFROM base AS Three\nRUN false\n"
TARGETS = ("one", "two", "ONE")

REFUSED = {
    "unknown instruction": "FROMM base",
    "instruction before FROM": "# c\nENV a=1\nFROM base",
    "ENV without a value": "ENV a",
    "ENV without equals": "ENV a=1 b",
    "ENV with an empty name": "ENV =1",
    "nested JSON": 'CMD [["a"]]\nRUN [1]',
    "ONBUILD ONBUILD": "ONBUILD ONBUILD RUN x",
    "ONBUILD FROM": "ONBUILD FROM x",
    "ONBUILD MAINTAINER": "ONBUILD MAINTAINER x",
    "a failing RUN": "RUN exit 3",
    "a missing program": 'RUN ["/nothing"]',
    "an unclosed brace": "ENV a=${x",
    "an unknown modifier": "ENV a=${x:!y}",
    "empty braces": "ENV a=${}",
    "an unclosed quote": "ENV a=\"b\nENV c=$d'",
    "EXPOSE nonsense": "EXPOSE eighty",
    "EXPOSE too large": "EXPOSE 70000",
    "STOPSIGNAL nonsense": "STOPSIGNAL NOTHING",
    "HEALTHCHECK of nothing": "HEALTHCHECK CMD []",
    "HEALTHCHECK nonsense": "HEALTHCHECK SOMETIMES x",
    "HEALTHCHECK duration": "HEALTHCHECK --interval=1 CMD x",
    "HEALTHCHECK retries": "HEALTHCHECK --retries=x CMD x",
    "SHELL as text": "SHELL /bin/sh -c",
    "FROM with too much": "FROM base a b c",
    "FROM nothing": "FROM",
    "FROM an empty name": "ARG v\nFROM $v",
    "a stage with a bad name": "FROM base AS 1x",
    "USER nobody knows": "USER who\nRUN true",
    "WORKDIR on a file": "WORKDIR /file",
    "VOLUME of nothing": 'VOLUME [""]',
    "COPY --from of a heredoc": "COPY --from=base <<E /x\nE",
    "ARG with an empty name": "ARG =1",
    "a directive twice": "# escape=`\n# escape=`\nFROM base",
    "a directive with nonsense": "# escape=x\nFROM base",
    "USER without a name": "USER",
    "STOPSIGNAL of two": "STOPSIGNAL 1 2",
}
