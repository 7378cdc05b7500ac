# ruff: noqa: E501 - a line of a script is one line
"""commit, export and import."""

from __future__ import annotations

COMMIT = {
    "commit": """
        $CLI run --name $N base sh -c 'echo new > /new; rm /file; mkdir /d; echo x > /d/x'
        $CLI commit $N $N-image
        $CLI run --rm $N-image sh -c 'cat /new /d/x; ls /file' 2>/dev/null
        $CLI run --name $N-b $N-image sh -c 'echo newer > /new'
        $CLI commit $N-b $N-image:second
        $CLI run --rm $N-image:second cat /new
        $CLI run --rm $N-image cat /new
        $CLI inspect -f '{{len .RootFS.Layers}}' $N-image:second
        $CLI commit nosuchone x
        $CLI commit $N UPPER
        $CLI commit
        """,
    "commit keeps the settings": """
        $CLI create --name $N -e X=1 -w /tmp -u sue --label l=v --stop-signal USR1 --entrypoint echo words a b
        $CLI commit $N $N-image
        $CLI inspect -f '{{json .Config.Env}} {{.Config.WorkingDir}} {{.Config.User}} {{json .Config.Labels}}' $N-image
        $CLI inspect -f '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' $N-image
        $CLI run --rm $N-image
        $CLI run --rm $N-image c
        """,
    "commit -m -a": """
        $CLI run --name $N base true
        $CLI commit -m 'what I did' -a 'A Student <a@example.org>' $N $N-image
        $CLI inspect -f '{{.Author}}|{{.Comment}}' $N-image
        $CLI commit $N
        """,
    "commit -c": """
        $CLI run --name $N base sh -c 'mkdir /here'
        $CLI commit -c 'CMD ["echo", "from commit"]' -c 'ENV A=1 B=2' -c 'WORKDIR /here' -c 'LABEL x=y' $N $N-image
        $CLI run --rm $N-image
        $CLI run --rm $N-image sh -c 'echo $A $B; pwd'
        $CLI inspect -f '{{json .Config.Labels}}' $N-image
        $CLI commit --change 'ENTRYPOINT ["echo", "entry"]' --change 'USER sue' --change 'EXPOSE 80' --change 'VOLUME /v' $N $N-two
        $CLI commit -c 'STOPSIGNAL USR1' $N $N-three
        $CLI inspect -f '{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{.Config.User}} {{json .Config.ExposedPorts}} {{json .Config.Volumes}}' $N-two
        $CLI run --rm $N-two x
        $CLI commit -c 'RUN true' $N $N-three
        $CLI commit -c 'nonsense' $N $N-three
        $CLI inspect $N-three
        """,
    "commit of a running one": """
        $CLI run -d --name $N base sh -c 'echo x > /x; echo ready; sleep 60'
        ready $N
        $CLI commit $N $N-image
        $CLI inspect -f '{{.State.Status}}' $N
        $CLI run --rm $N-image cat /x
        """,
    "commit leaves volumes out": """
        $CLI run --name $N -v /v --tmpfs /t base sh -c 'echo x > /v/x; echo x > /t/x; echo x > /x'
        $CLI commit $N $N-image
        $CLI run --rm $N-image ls /v /t /x
        $CLI run --name $N-b kept sh -c 'echo x > /data/x'
        $CLI commit $N-b $N-two
        $CLI run --rm $N-two ls /data
        """,
    "what is in a committed image": """
        $CLI run --name $N --hostname box -v $PWD:/b base sh -c 'echo x > /etc/hosts; echo y > /etc/resolv.conf; touch /dev/shm/x'
        $CLI commit $N $N-image
        $CLI run --rm $N-image sh -c 'grep -c "^x" /etc/hosts; hostname | wc -c; ls /b'
        $CLI diff $N
        """,
}

EXPORT = {
    "export": """
        $CLI run --name $N base sh -c 'echo new > /new; rm /file'
        $CLI export $N | tar tf - | grep -E '^(new|file|dir/.*|link|bin/busybox)$' | sort
        $CLI export -o out.tar $N
        tar xOf out.tar new
        tar tvf out.tar --numeric-owner dir | cut -c1-23
        $CLI export nosuchone
        $CLI export --output nosuch/x $N
        $CLI export
        """,
    "export without mounts": """
        $CLI run --name $N -v /v --tmpfs /t base sh -c 'touch /v/x /t/x /x'
        $CLI export $N | tar tf - | grep -E '^(v|t|x)' | sort
        """,
    "import": """
        $CLI create --name $N base true
        $CLI export $N | $CLI import - $N-image
        $CLI run --rm $N-image /bin/cat /file
        $CLI run --rm $N-image
        $CLI export -o out.tar $N; $CLI import out.tar $N-two:tagged
        $CLI run --rm $N-two:tagged /bin/echo runs
        $CLI inspect -f '{{len .RootFS.Layers}} {{json .Config.Cmd}}' $N-image
        $CLI import nosuchfile $N-three
        echo no archive | $CLI import - $N-three
        $CLI import out.tar UPPER
        """,
    "import -c -m": """
        mkdir tree; echo hi > tree/f; tar -C tree -cf t.tar .
        $CLI import -m 'by hand' -c 'CMD ["/f"]' -c 'ENV A=1' -c 'LABEL k=v' t.tar $N-image
        $CLI inspect -f '{{json .Config.Cmd}} {{json .Config.Env}} {{json .Config.Labels}} {{.Comment}}' $N-image
        $CLI create --name $N $N-image
        $CLI cp $N:/f - | tar xOf -
        gzip -k t.tar; $CLI import t.tar.gz $N-two; $CLI create --name $N-b $N-two /f; $CLI cp $N-b:/f - | tar xOf -
        """,
    "save and load": """
        $CLI run --name $N base sh -c 'echo new > /new'
        $CLI commit $N $N-image
        $CLI save $N-image -o out.tar
        $CLI rm $N
        $CLI rmi $N-image > /dev/null
        $CLI inspect $N-image
        $CLI load -i out.tar
        $CLI run --rm $N-image cat /new
        """,
    "an image in use": """
        $CLI run --name $N base sh -c 'echo new > /new'
        $CLI commit $N $N-image
        $CLI create --name $N-b $N-image true
        $CLI rmi $N-image
        $CLI start -a $N-b
        $CLI rm $N-b
        $CLI rmi $N-image > /dev/null; echo $?
        """,
}
