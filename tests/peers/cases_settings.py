# ruff: noqa: E501 - a case is one line
"""What an image is told: ENV, CMD, ENTRYPOINT and the others, and how their text is read."""

from __future__ import annotations

FORMS = {"none": "", "shell": "exec_me p1", "exec": '["exec_me", "p1"]'}
GRID = {
    f"ENTRYPOINT {entry} with CMD {command}": "\n".join(
        f"{name} {form}"
        for name, form in (("ENTRYPOINT", FORMS[entry]), ("CMD", FORMS[command]))
        if form
    )
    or "LABEL nothing=here"
    for entry in FORMS
    for command in FORMS
}

SETTINGS = {
    **GRID,
    "CMD before ENTRYPOINT stays": "CMD one\nENTRYPOINT two",
    "ENTRYPOINT forgets the base's CMD": 'ENTRYPOINT ["two"]',
    "CMD empty list": "CMD []",
    "ENTRYPOINT empty list": 'CMD ["x"]\nENTRYPOINT []',
    "CMD with single quotes is shell": "CMD ['a', 'b']",
    "CMD with a comma too many is shell": 'CMD ["a",]',
    "CMD with blanks": 'CMD   [ "a" ,  "b c" ]  ',
    "CMD with escapes in JSON": r'CMD ["a\tb", "\u00e4", "\"q\""]',
    "CMD twice": "CMD one\nCMD two",
    "CMD does not expand": "ENV a=1\nCMD echo $a ${a}\nENTRYPOINT echo $a",
    "SHELL changes the shell form": 'SHELL ["/bin/sh", "-ec"]\nCMD one\nENTRYPOINT two\nRUN true',
    "SHELL is used by RUN": 'SHELL ["/bin/sh", "-c", "echo $0 > /x; eval \\"$0\\""]\nRUN echo hi > /y',
    "ENV forms": "ENV a=1 b='2 3' c=\"4 5\" d=6\\ 7 e=\nENV f g h  i\nENV j   k",
    "ENV sees what was before": "ENV a=1\nENV a=2 b=$a\nENV c=$a",
    "ENV one two= three": "ENV ONE TWO= THREE=x",
    "ENV quoting": 'ENV a="x$HOME" b=\'$PATH\' c=\\$x d="\\$x" e=\'a"b\' f="a\'b" g=a"b"c',
    "ENV order": "ENV b=1\nENV a=1\nENV b=2",
    "ENV of PATH": "ENV PATH=/new:$PATH",
    "ENV with a variable as the name": "ENV n=x\nENV $n=1",
    "ENV modifiers": "ENV a=1 e=\nENV b=${a:-w} c=${u:-w} d=${e:-w} g=${a:+w} h=${e:+w} i=${u:+w}"
    " k=${u:-$a} l=${u:-${a}x} m=${u:-'q s'} n=${u:-a\\}b}",
    "ENV empty and odd variables": "ENV a=$ b=$% c=x$1y d=$_x e=${a}",
    "ENV backslashes": 'ENV a=\\\\ b=a\\b c=\'a\\b\' d="a\\b" e="a\\\\b"',
    "ENV with a hash": "ENV a=x#y b=z#",
    "ENV with equals": "ENV a=b=c d==",
    "ENV in the old form with quotes": 'ENV a "x y"  z',
    "LABEL forms": 'LABEL a=1 "b c"=\'d e\' f.g="h\\\ni"\nLABEL a=2\nLABEL old form here',
    "LABEL expands": "ENV v=1\nLABEL $v=$v k='$v' q=\"$v\"",
    "LABEL of many lines": "LABEL a=1 \\\n  b=2 \\\n# a comment\n\n  c=3",
    "EXPOSE forms": "ENV p=99\nEXPOSE 80 443/tcp 53/UDP 8000-8002 $p ${p}/udp 7/sctp",
    "VOLUME forms": 'ENV v=/vv\nVOLUME /a /b\nVOLUME ["/c d", "$v"]\nVOLUME $v/x',
    "USER forms": "ENV u=sue\nUSER $u:staff",
    "USER number": "USER 12:34",
    "WORKDIR relative": "WORKDIR /a\nWORKDIR b\nWORKDIR ../c/./d//e\nWORKDIR $HOME",
    "WORKDIR with a blank": "WORKDIR /a b/c",
    "WORKDIR quoted": 'WORKDIR "/q w"',
    "WORKDIR variable": "ENV d=/x e=y\nWORKDIR $d/$e",
    "WORKDIR of a user": "USER sue\nWORKDIR /a/b",
    "WORKDIR of a user and group": "USER sue:staff\nWORKDIR /a/b",
    "WORKDIR of a number": "USER 12\nWORKDIR /n",
    "WORKDIR through a link": "WORKDIR /link/w\nWORKDIR /rel",
    "WORKDIR to a new place through up": "WORKDIR /up/w",
    "STOPSIGNAL name": "STOPSIGNAL SIGKILL",
    "STOPSIGNAL short": "STOPSIGNAL KILL",
    "STOPSIGNAL number": "ENV s=9\nSTOPSIGNAL $s",
    "STOPSIGNAL real time": "STOPSIGNAL SIGRTMIN+3",
    "HEALTHCHECK shell": "HEALTHCHECK CMD curl -f x || exit 1",
    "HEALTHCHECK exec": 'HEALTHCHECK CMD ["a", "b"]',
    "HEALTHCHECK options": "HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=1h"
    " --retries=4 CMD x",
    "HEALTHCHECK none": "HEALTHCHECK CMD x\nHEALTHCHECK NONE",
    "HEALTHCHECK with SHELL": 'SHELL ["/bin/ash", "-c"]\nHEALTHCHECK CMD x $y',
    "MAINTAINER": "MAINTAINER Some One <one@example.com>",
    "ONBUILD is kept": "ONBUILD RUN echo $x\nonbuild copy  a.txt   /x\nONBUILD ENV a=b",
    "defaults with quotes": 'ENV a=${u:-"q r"} b="${u:-\'q\'}" c=\'${u:-q}\' d="${u:-a b}"',
    "quoted keys": "ENV \"a\"=1 'b'=2\nLABEL 'x y'=1 \"z\"=2",
    "keys with blanks": "LABEL a\\ b=c",
    "EXPOSE quoted": "EXPOSE \"80\" '81/udp'",
    "USER quoted": 'USER "sue"',
    "STOPSIGNAL quoted": 'STOPSIGNAL "9"',
    "VOLUME quoted": "VOLUME \"/a\" '/b'",
    "tabs between words": "ENV a=1\tb=2\nCOPY\ta.txt\t/x",
    "ARG joined quotes": "ARG a=\"x\"y'z'\nENV b=$a",
    "a dollar at the end": 'ENV a=x$ b="$"\nENV c=$$a d=$a$a e=${a}b',
    "single quotes and backslash": "ENV a='x\\' b=y",
    "CMD of spaces and quotes": 'CMD echo  "a   b"   c\\ d',
    "continued CMD": 'CMD echo a \\\n   b\nENTRYPOINT [ "x", \\\n  "y" ]',
    "RUN with an escaped newline in quotes": "RUN echo 'a \\\n b' > /x",
    "RUN with exported things": "ENV a='x y'\nRUN env | grep -v -e HOSTNAME -e SHLVL | sort > /x",
    "RUN sees which user and home": "USER bob\nRUN echo $HOME > /tmp/x; umask >> /tmp/x",
    "HOME set": "ENV HOME=/other\nRUN echo $HOME > /x",
    "RUN proc and hosts": "RUN ls -a / > /x; ls /proc/self/fd | wc -l >> /x",
    "empty COPY dir": "COPY empty/ /e/\nCOPY empty /dir",
    "ENV of an empty old form": "ENV a  b  ",
    "LABEL empty": 'LABEL a= b=""',
    "names in any case": 'env a=1\nWorkDir /x\ncmd ["y"]',
    "continuations": "ENV a=1 \\\n# comment\n  # indented\n\n b=2 \\  \n c=3\nRUN echo a \\\n  b > /x",
    "continued word": "ENV abc=d\\\nef",
    "escape directive": "# escape=`\nFROM base\nENV a=`$x b=c:\\d `\n e=f\nRUN echo a `\n b > /x",
    "comment ends the directives": "# first\n# escape=`\nFROM base\nENV a=b\\\nc",
    "syntax of blanks": "FROM base\n\n\n   ENV    a=1\n\t\tENV b=2   \n",
    "windows line ends": "FROM base\r\nENV a=1\r\nRUN echo x \\\r\n y > /x\r\n",
    "a byte order mark": "\ufeffFROM base\nENV a=1\n",
    "no line end": "FROM base\nENV a=1 \\",
    "a comment behind RUN is the shell's": "RUN echo x > /x # y > /z",
    "scratch with a file": "FROM scratch\nCOPY a.txt /\nCMD x",
    "scratch with WORKDIR": "FROM scratch\nWORKDIR /a\nCOPY a.txt .",
}
