# ruff: noqa: E501 - a case is one line
"""RUN --mount: what the command sees, and what is left of it in the layer."""

from __future__ import annotations

MOUNTS = {
    # bind
    "bind of the context": "RUN --mount=target=/c cat /c/a.txt /c/d/sub/three > /x",
    "bind by its other names": "RUN --mount=type=bind,src=d,dst=/c cat /c/one > /x\nRUN --mount=type=bind,source=/d,destination=/c cat /c/two > /y",
    "bind of a file": "RUN --mount=source=a.txt,target=/f cat /f > /x",
    "bind of a link to a file": "RUN --mount=source=link,target=/f cat /f > /x",
    "bind below WORKDIR": "WORKDIR /w\nRUN --mount=target=c cat c/a.txt > /x",
    "bind over what is there": "RUN --mount=source=d,target=/dir ls /dir > /x\nRUN ls /dir > /y",
    "bind over a file": "RUN --mount=source=a.txt,target=/file cat /file > /x\nRUN cat /file > /y",
    "bind is read-only": "RUN --mount=target=/c touch /c/new; echo $? > /x",
    "bind with rw": "RUN --mount=target=/c,rw echo new > /c/a.txt && rm -r /c/d && ls /c/a.txt > /x && cat /c/a.txt >> /x\nRUN --mount=target=/c cat /c/a.txt /c/d/one > /y",
    "bind with readonly=false": "RUN --mount=target=/c,readonly=false echo new > /c/a.txt && cat /c/a.txt > /x",
    "bind of a stage": "FROM base AS s\nRUN mkdir /m && echo made > /m/f\nFROM base\nRUN --mount=from=s,target=/s cat /s/m/f > /x",
    "bind of a part of a stage": "FROM base AS s\nRUN mkdir -p /m/n && echo made > /m/n/f && chmod 711 /m && chown 5:6 /m/n\nFROM base\nRUN --mount=from=s,source=/m,target=/s stat -c '%a %u %g %n' /s /s/n /s/n/f > /x",
    "bind of an image": "FROM scratch AS e\nFROM base\nRUN --mount=from=base,source=/dir,target=/s ls -A /s > /x",
    "bind of layers on layers": "FROM base AS s\nRUN rm /file && mkdir /file && echo 1 > /file/a\nRUN rm -r /dir && echo 2 > /file/b\nFROM base\nRUN --mount=from=s,target=/s ls /s /s/file > /x; test -e /s/dir; echo $? >> /x",
    "owners and modes of a bind": "RUN --mount=target=/c cd /c && stat -c '%a %u %g %n' c.md script.sh su d/sub empty . > /x",
    "links in a bind": "RUN --mount=target=/c ls -l /c | grep -- '->' | sed 's/.* //' > /x; readlink /c/link >> /x",
    "two binds": "RUN --mount=target=/c --mount=source=d,target=/c2 cat /c/a.txt /c2/one > /x",
    "a bind inside a bind's place": "RUN --mount=type=tmpfs,target=/t --mount=source=a.txt,target=/t/in/f cat /t/in/f > /x",
    "a bind on a link": "RUN --mount=source=d,target=/link ls /dir > /x\nRUN ls /dir > /y",
    # what is left
    "nothing is left of a new place": "RUN --mount=target=/new/deep/place true\nRUN echo x > /x",
    "nothing is left of a new place in an old folder": "RUN --mount=target=/dir/deep/place true",
    "nothing is left of a place for a file": "RUN --mount=source=a.txt,target=/new/f true",
    "nothing is left of memory": "RUN --mount=type=tmpfs,target=/tmp/t echo x > /tmp/t/x",
    "what is written beside a place stays": "RUN --mount=target=/new/deep/c echo x > /new/deep/x",
    "a place that was there stays": "RUN mkdir /there\nRUN --mount=target=/there ls /there > /x",
    # tmpfs
    "tmpfs": "RUN --mount=type=tmpfs,target=/t stat -f -c %T /t > /x; echo gone > /t/x",
    "tmpfs hides what is there": "RUN --mount=type=tmpfs,target=/dir ls -A /dir > /x",
    # cache
    "cache keeps": "RUN --mount=type=cache,id=keeps,target=/c echo 1 > /c/f\nRUN --mount=type=cache,id=keeps,target=/d cat /d/f > /x",
    "cache known by its place": "RUN --mount=type=cache,target=/var/known echo 1 >> /var/known/f\nRUN --mount=type=cache,target=/var/known cat /var/known/f > /x",
    "cache from a stage": "FROM base AS s\nRUN mkdir /m && echo made > /m/f && chmod 711 /m\nFROM base\nRUN --mount=type=cache,id=from,from=s,source=/m,target=/c cat /c/f > /x && echo 2 > /c/g\nRUN --mount=type=cache,id=from,from=s,source=/m,target=/d ls /d > /y",
    "cache of somebody": "RUN --mount=type=cache,id=whose,target=/c,uid=5,gid=6,mode=0711 stat -c '%a %u %g' /c > /x",
    "cache by default": "RUN --mount=type=cache,id=default,target=/c stat -c '%a %u %g' /c > /x",
    "cache read-only": "RUN --mount=type=cache,id=ro,target=/c,ro touch /c/x; echo $? > /x",
    "cache locked": "RUN --mount=type=cache,id=lock,target=/c,sharing=locked echo 1 > /c/f\nRUN --mount=type=cache,id=lock,target=/c,sharing=locked cat /c/f > /x",
    "cache private": "RUN --mount=type=cache,id=priv,target=/c,sharing=private echo 1 > /c/f\nRUN --mount=type=cache,id=priv,target=/c,sharing=private cat /c/f > /x",
    # secret
    "secret": "RUN --mount=type=secret,id=tok cat /run/secrets/tok > /x && stat -c '%a %u %g' /run/secrets/tok >> /x",
    "secret at a place": "RUN --mount=type=secret,id=tok,target=/etc/new/tok cat /etc/new/tok > /x",
    "secret below WORKDIR": "WORKDIR /w\nRUN --mount=type=secret,id=tok,target=in/tok cat in/tok > /x",
    "secret of somebody": "RUN --mount=type=secret,id=tok,target=/s,mode=0440,uid=5,gid=6 stat -c '%a %u %g' /s > /x",
    "secret known by its place": "RUN --mount=type=secret,target=/any/tok cat /any/tok > /x",
    "secret that is not given": "RUN --mount=type=secret,id=none ls /run/secrets > /x 2>&1; echo $? > /x",
    "secret cannot be changed": "RUN --mount=type=secret,id=tok echo x > /run/secrets/tok; echo $? > /x",
    "secret for a user": "USER sue\nRUN --mount=type=secret,id=tok cat /run/secrets/tok > /tmp/x; echo $? > /tmp/y",
    # with other flags and forms
    "mount in exec form": 'RUN --mount=target=/c ["cp", "/c/a.txt", "/x"]',
    "mount as a user": "USER sue\nWORKDIR /tmp/w\nRUN --mount=target=/c cat /c/a.txt > x",
    "mount in ONBUILD": "FROM base AS b\nONBUILD RUN --mount=target=/c cat /c/a.txt > /x\nFROM b\nENV a=1",
}

REFUSED = {
    "mount of an unknown type": "RUN --mount=type=volume,target=/x true",
    "mount without a place": "RUN --mount=type=cache true",
    "mount on the root": "RUN --mount=type=tmpfs,target=/ true",
    "mount from what is not there": "RUN --mount=source=nowhere,target=/x true",
    "mount with an unknown key": "RUN --mount=target=/x,what=ever true",
    "mount with a word alone": "RUN --mount=target=/x,what true",
    "mount from a variable": "ARG s=base\nRUN --mount=from=$s,target=/x true",
    "secret that is required": "RUN --mount=type=secret,id=none,required true",
    "cache with an unknown sharing": "RUN --mount=type=cache,target=/x,sharing=what true",
    "a directory mounted on a file": "RUN --mount=target=/file true",
}
