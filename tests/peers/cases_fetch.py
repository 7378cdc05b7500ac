"""ADD from a server; URL stands for its address, which serves the context."""

from __future__ import annotations

FETCHES = {
    "ADD URL to a name": "ADD URL/a.txt /x",
    "ADD URL into a new folder": "ADD URL/d/one /new/folder/",
    "ADD URL into a folder that is there": "ADD URL/a.txt /dir",
    "ADD URL through a link": "ADD URL/a.txt /link/",
    "ADD URL over a file": "ADD URL/a.txt /file",
    "ADD URL below WORKDIR": "WORKDIR /w\nADD URL/a.txt in/x\nADD URL/b.txt .",
    "ADD URL and the user": "USER sue\nADD URL/a.txt /tmp/",
    "ADD URL --chown": "ADD --chown=sue:staff URL/a.txt /p/q/x",
    "ADD URL of an archive": "ADD URL/t.tar /x/",
    "ADD URL of a compressed archive to a name": "ADD URL/tgz.data /x",
    "ADD URL twice": "ADD URL/a.txt URL/b.txt /x/",
    "ADD URL beside a file and an archive": "ADD URL/a.txt c.md t.tar /x/",
    "ADD URL with a question": "ADD URL/a.txt?b=c/d /x/",
    "ADD URL with an anchor": "ADD URL/a.txt#b /x/",
    "ADD URL with codes": "ADD URL/sp%20ace URL/uni-%C3%A4 /x/",
    "ADD URL from variables": "ARG u=URL\nENV n=a\nADD $u/${n}.txt /$n.x",
    "ADD URL as JSON": 'ADD ["URL/a.txt", "/x y/"]',
    "ADD URL that moves": "ADD URL/d /x",
    "ADD URL in ONBUILD": "FROM base AS b\nONBUILD ADD URL/a.txt /x\nFROM b\nENV a=1",
}
REFUSED = {
    "ADD URL that is not there": "ADD URL/nowhere /x",
    "ADD URL on a folder": "ADD URL/a.txt /x\nADD URL/a.txt /dir/deep/x/y",
    "ADD URL without a server": "ADD http://127.0.0.1:1/x /x",
    "COPY URL": "COPY URL/a.txt /x",
}
