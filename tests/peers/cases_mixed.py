# ruff: noqa: E501 - a case is one line
"""Arguments against the environment, ports, and corners that a search for differences went through."""

from __future__ import annotations

MIXED = {
    # of an ARG and an ENV of one name the later counts
    "ARG after ENV": "ENV v=1\nARG v=2\nRUN echo $v > /x\nENV w=$v",
    "ARG without a value after ENV": "ENV v=1\nARG v\nRUN echo $v > /x\nLABEL l=$v",
    "ENV after ARG after ENV": "ENV v=1\nARG v=2\nENV v=3\nRUN echo $v > /x\nLABEL l=$v",
    "ARG after ENV after ARG": "ARG v=2\nENV v=1\nARG v=4\nRUN echo $v > /x\nLABEL l=$v",
    "ARG after ENV, one stage up": "FROM base AS s\nENV v=1\nARG v=2\nFROM s\nRUN echo $v > /x\nLABEL l=$v",
    "ARG after ENV, one stage up and again": "FROM base AS s\nENV v=1\nARG v=2\nFROM s\nARG v\nRUN echo $v > /x\nLABEL l=$v",
    "ENV after the ARG of the stage below": "FROM base AS s\nARG v=2\nFROM s\nENV v=1\nRUN echo $v > /x\nLABEL l=$v",
    "ARG from the ENV of its name": "ENV v=1\nARG v=$v-2\nRUN echo $v > /x\nLABEL l=$v",
    "ENV from the ARG of its name": "ENV v=1\nARG v=2\nENV w=$v v=$v-x\nRUN echo $v $w > /x\nLABEL l=$v",
    "ARG over the PATH of the base": "ARG PATH=/nope\nRUN echo $PATH > /x",
    "ARG again without a value": "ARG v=1\nARG v\nRUN echo $v > /x\nLABEL l=x$v",
    "ARG again, with one before FROM": "ARG v=1\nFROM base\nARG v=2\nARG v\nRUN echo $v > /x\nLABEL l=x$v",
    "ARG twice before FROM": "ARG v=1\nARG v=3\nFROM base\nARG v\nRUN echo $v > /x\nLABEL l=x$v",
    "ARG in single quotes": 'ARG a="x y"\nARG b=\'$a\'\nARG c=$a\nRUN echo "$a|$b|$c" > /x\nLABEL l=$b',
    # ports
    "EXPOSE with a port of the host": "EXPOSE 8080:80",
    "EXPOSE with an address": "EXPOSE 127.0.0.1:8080:81/udp 127.0.0.1::82 [::1]:8080:83",
    "EXPOSE with two ranges": "EXPOSE 8000-8002:9000-9002",
    "EXPOSE with a lone colon": "EXPOSE :84",
    "EXPOSE in capitals": "EXPOSE 80/TCP 81/SCTP",
    # other settings
    "HEALTHCHECK with all units": "HEALTHCHECK --interval=1h2m3s --timeout=1500ms CMD exit 0",
    "HEALTHCHECK in small letters": "healthcheck cmd x",
    "HEALTHCHECK taken back": "HEALTHCHECK CMD a\nHEALTHCHECK NONE",
    "LABEL over lines": 'LABEL multi="a\\\n  b" other=c\\\n d=e',
    "LABEL with quotes inside": 'LABEL a.b.c=1 "x y"="z\\"q" e=\'$a\'',
    "VOLUME from a variable": "ENV v='/x /y'\nVOLUME $v",
    "VOLUME with odd slashes": 'VOLUME [ "/a" ,"/b" ]\nVOLUME /c/ //d',
    "WORKDIR up and down": "WORKDIR a\nWORKDIR ../b\nWORKDIR ./c/..\nRUN pwd > /x",
    "WORKDIR through a link": "WORKDIR /link/new\nRUN pwd > /x",
    "WORKDIR in quotes": 'WORKDIR "/a b"\nRUN pwd > /x',
    "WORKDIR of a user": "USER sue\nWORKDIR /new/of/sue\nRUN stat -c '%u %g %a' /new /new/of /new/of/sue > /tmp/x",
    "STOPSIGNAL in real time": "STOPSIGNAL SIGRTMIN+3",
    # RUN
    "RUN and the whole environment": "RUN printenv | sort > /x",
    "RUN and HOME": "RUN echo $HOME > /x\nUSER sue\nRUN echo $HOME > /tmp/y",
    "RUN and HOME from ENV": "ENV HOME=/h\nRUN echo $HOME ~ > /x",
    "RUN and the umask": "RUN umask > /x",
    "RUN and its rights": "RUN grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status > /x",
    "RUN and its devices": "RUN ls -la /dev | awk '{print $1,$3,$4,$NF}' | sort > /x",
    "RUN as the first process": "RUN cat /proc/1/cmdline | tr '\\0' ' ' > /x; echo $$ >> /x",
    "RUN moves a directory": "RUN mv /dir /dir2 && mv /file /file2",
    "RUN with holes in a file": "RUN truncate -s 1M /sparse && dd if=/dev/zero of=/sparse bs=1 count=1 seek=2000000 2>/dev/null",
    "RUN with a long name": "RUN touch /$(printf 'x%.0s' $(seq 1 200)) && mkdir -p /$(printf 'd%.0s/' $(seq 1 60))",
    "RUN with old times": "RUN touch -d @0 /old; touch -d @1000000000 /dir/old",
    "RUN and a comment inside": "RUN echo a \\\n# comment\n b > /x",
    # RUN and the names of hosts, which are mounted
    "RUN and its name": "RUN hostname > /x; cat /etc/hosts > /y; cat /etc/hostname > /z 2>&1; true",
    "RUN and its name servers": "RUN cat /etc/resolv.conf > /x",
    "RUN cannot remove /etc/hosts": "RUN rm /etc/hosts; echo $? > /x",
    "RUN cannot write to /etc/hosts": "RUN echo a >> /etc/hosts; echo $? > /x",
    "RUN removes what it can of /etc": "RUN rm -rf /etc 2>/dev/null; ls -A /etc > /x",
    "RUN looks at /etc": "RUN ls -la /etc | awk '{print $1,$NF}' > /x",
    "RUN changes /etc itself": "RUN chown 5:6 /etc && chmod 711 /etc && stat -c '%u %g %a' /etc > /x",
    "COPY of files that are mounted": "COPY a.txt /etc/resolv.conf\nRUN cat /etc/resolv.conf > /x\nCOPY b.txt /etc/hosts",
    # ADD
    "ADD of an archive whose folder is a link": "RUN rm -r /dir && ln -s /open /dir\nADD t.tar /",
    "ADD of an archive twice": "ADD t.tar /\nADD t.tar /",
    "ADD of archives by a pattern": "ADD t.tar* /x/",
    "ADD of an archive, and RUN removes it": "ADD tgz.data /\nRUN rm -r /p",
    "ADD over what RUN made": "RUN mkdir -p /p/file/x\nADD t.tar /",
    # RUN after RUN
    "RUN makes anew what it removed": "RUN mkdir -p /a/b && echo 1 > /a/b/c\nRUN rm -r /a && mkdir -p /a/b\nRUN echo 2 > /a/b/d",
    "RUN empties a folder": "RUN mkdir /q && touch /q/1 /q/2\nRUN rm /q/*\nRUN rmdir /q",
    "RUN a file, a folder, a file": "RUN mkdir /q && touch /q/1\nRUN rm -r /q && touch /q\nRUN rm /q && mkdir /q && touch /q/2",
    "RUN writes to one of several names": "RUN ln /file /hard1 && ln /file /hard2\nRUN echo more >> /hard1",
    "RUN replaces a folder by its copy": "RUN cp -r /dir /dir.new && rm -r /dir && mv /dir.new /dir",
    # stages
    "a stage from two others": "FROM base AS a\nRUN echo a > /a\nFROM base AS b\nRUN echo b > /b\nFROM a\nCOPY --from=b /b /b\nRUN cat /a /b > /ab",
    "stages to and fro": "FROM base AS a\nRUN echo 1 > /f\nFROM base AS b\nCOPY --from=a /f /g\nRUN echo 2 >> /g\nFROM a\nCOPY --from=b /g /h",
    "stages on stages": "FROM base AS a\nWORKDIR /q\nENV x=1\nFROM a AS b\nRUN echo $x > y\nFROM a\nCOPY --from=b /q/y z",
    "all in small letters": "FROM base\nenv a=1\nrun echo $a > /x\ncopy a.txt /y\nlabel l=m",
    "lines that end as on Windows": "FROM base\r\nENV a=1\r\nRUN echo x > /x\r\n",
}
REFUSED = {
    "EXPOSE of too many parts": "EXPOSE 80:80:80:80",
    "EXPOSE of a host's port alone": "EXPOSE 80:",
    "WORKDIR below a file": "WORKDIR /file/x",
    "ADD of an archive whose folder is a file": "RUN rm -r /dir && echo f > /dir\nADD t.tar /",
}
