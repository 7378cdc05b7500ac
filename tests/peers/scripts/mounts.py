# ruff: noqa: E501 - a line of a script is one line
"""Volumes, binds and file systems in memory."""

from __future__ import annotations

MOUNTS = {
    "-v of a directory of the host": """
        mkdir here; echo host > here/f
        $CLI run --rm -v $PWD/here:/b base sh -c 'cat /b/f; echo inside > /b/g'
        cat here/g
        $CLI run --rm -v $PWD/here:/b:ro base sh -c 'cat /b/f; echo no > /b/g'
        $CLI run --rm -v $PWD/here:/b:rw base sh -c 'echo yes > /b/g'; cat here/g
        $CLI run --rm -v $PWD/here/f:/file base cat /file
        $CLI run --rm -v $PWD/here:/dir base ls /dir
        $CLI run --rm -v $PWD/made:/b base sh -c 'echo x > /b/x'; cat made/x
        $CLI run --rm -v $PWD/here:/b:nonsense base true
        $CLI run --rm -v $PWD/here:relative base true
        $CLI run --rm -v $PWD/here:/ base true
        """,
    "-v of a named volume": """
        $CLI run --rm -v $N-vol:/v base sh -c 'ls /v; echo kept > /v/f'
        $CLI run --rm -v $N-vol:/other base cat /other/f
        $CLI run --rm -v $N-vol:/v:ro base sh -c 'cat /v/f; echo no > /v/g'
        $CLI run --name $N -v $N-vol:/v base true
        $CLI inspect -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}}{{end}}' $N
        $CLI rm -v $N
        $CLI run --rm -v $N-vol:/v base cat /v/f
        $CLI run --rm -v 'bad name':/v base true
        """,
    "a new volume gets what the image has there": """
        $CLI run --rm -v $N-vol:/data kept sh -c 'cat /data/seed; stat -c "%a %u %g" /data; echo more > /data/more'
        $CLI run --rm -v $N-vol:/data kept ls /data
        $CLI run --rm -v $N-two:/dir base ls /dir
        $CLI run --rm -v $N-three:/dir:nocopy base ls /dir
        $CLI run --rm --mount type=volume,source=$N-four,target=/dir base ls /dir
        $CLI run --rm --mount type=volume,source=$N-five,target=/dir,volume-nocopy base ls /dir
        """,
    "volumes without a name": """
        $CLI create --name $N -v /v base sh -c 'ls /v; echo x > /v/x'
        $CLI start -a $N
        $CLI start -a $N
        $CLI inspect -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}}{{end}}' $N
        $CLI rm -v $N
        """,
    "VOLUME of the image": """
        $CLI create --name $N kept sh -c 'cat /data/seed; cat /data/x 2>/dev/null; echo x > /data/x'
        $CLI start -a $N
        $CLI start -a $N
        $CLI diff $N
        $CLI run --rm kept sh -c 'ls /data; stat -c "%a %u %g" /data'
        mkdir here; $CLI run --rm -v $PWD/here:/data kept ls /data
        $CLI run --rm --tmpfs /data kept ls /data
        """,
    "--mount": """
        mkdir here; echo host > here/f
        $CLI run --rm --mount type=bind,source=$PWD/here,target=/b base cat /b/f
        $CLI run --rm --mount type=bind,src=$PWD/here,dst=/b,readonly base sh -c 'cat /b/f; echo x > /b/g'
        $CLI run --rm --mount type=bind,source=$PWD/here,destination=/b,ro=true base sh -c 'echo x > /b/g'
        $CLI run --rm --mount type=bind,source=$PWD/nosuch,target=/b base true
        $CLI run --rm --mount source=$N-vol,target=/v base sh -c 'echo x > /v/x; cat /v/x'
        $CLI run --rm --mount type=volume,target=/v base sh -c 'echo x > /v/x; cat /v/x'
        $CLI run --rm --mount type=volume,source=$N-vol,target=/v,readonly base sh -c 'echo y > /v/x'
        $CLI run --rm --mount '"type=bind","source='$PWD'/here","target=/b"' base cat /b/f
        """,
    "--mount that is not right": """
        $CLI run --rm --mount type=nonsense,target=/b base true
        $CLI run --rm --mount type=bind,source=/tmp base true
        $CLI run --rm --mount type=bind,target=/b base true
        $CLI run --rm --mount type=bind,source=relative,target=/b base true
        $CLI run --rm --mount type=tmpfs,source=/tmp,target=/b base true
        $CLI run --rm --mount nonsense base true
        $CLI run --rm --mount type=bind,source=/tmp,target=/b,nonsense=1 base true
        $CLI run --rm --mount type=bind,source=/tmp,target=/b,readonly=maybe base true
        $CLI run --rm --mount type=tmpfs,target=/t,tmpfs-size=nonsense base true
        $CLI run --rm --mount type=volume,source=x,target=relative base true
        $CLI run --rm -v $PWD:/t --mount type=tmpfs,target=/t base true
        """,
    "--tmpfs": """
        $CLI run --rm --tmpfs /t base sh -c 'echo x > /t/x && cat /t/x; stat -c %a /t'
        $CLI run --rm --tmpfs /t base sh -c 'grep " /t " /proc/mounts | cut -d" " -f1-3'
        $CLI run --rm --tmpfs /t:size=1m,mode=700 base sh -c 'stat -c %a /t; head -c 2000000 /dev/zero > /t/x; wc -c < /t/x'
        $CLI run --rm --tmpfs /dir base ls /dir
        $CLI run --rm --tmpfs /t:ro base sh -c 'echo x > /t/x'
        $CLI run --rm --tmpfs /t base sh -c 'cp /bin/busybox /t/ && /t/busybox echo run'
        $CLI run --rm --tmpfs /t:exec base sh -c 'cp /bin/busybox /t/echo && /t/echo ran'
        $CLI run --rm --tmpfs relative base true
        $CLI run --rm --tmpfs /t:nonsense base true
        """,
    "--mount of tmpfs": """
        $CLI run --rm --mount type=tmpfs,target=/t base sh -c 'stat -c %a /t; echo x > /t/x && cat /t/x'
        $CLI run --rm --mount type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=0700 base sh -c 'stat -c %a /t; df -k /t | tail -n 1 | tr -s " " | cut -d" " -f2'
        $CLI run --rm --mount type=tmpfs,destination=/t,readonly base sh -c 'echo x > /t/x'
        """,
    "several mounts, one in the other": """
        mkdir -p a/b c; echo a > a/f; echo c > c/f
        $CLI run --rm -v $PWD/c:/m/b -v $PWD/a:/m base sh -c 'cat /m/f /m/b/f'
        $CLI run --rm -v $PWD/a:/m -v $PWD/c:/m base true
        $CLI run --rm --tmpfs /m -v $PWD/a:/m/deep/er base cat /m/deep/er/f
        $CLI run --rm -v $PWD/a:/link/mounted base cat /dir/mounted/f
        """,
}
