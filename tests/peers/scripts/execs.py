# ruff: noqa: E501 - a line of a script is one line
"""exec, and terminals."""

from __future__ import annotations

EXEC = {
    "exec": """
        $CLI run -d --name $N -e A=1 -w /tmp base sleep 60
        $CLI exec $N echo hi
        $CLI exec $N sh -c 'echo out; echo err >&2' 2>/dev/null
        $CLI exec $N sh -c 'exit 7'
        $CLI exec $N sh -c 'echo $A; pwd; id -u'
        $CLI exec $N nothing-there >/dev/null 2>&1; test $? -ge 126 && echo refused
        $CLI exec $N /etc >/dev/null 2>&1; test $? -ge 126 && echo refused
        $CLI exec $N /etc/passwd >/dev/null 2>&1; test $? -ge 126 && echo refused
        $CLI exec $N
        $CLI exec nosuchone true
        $CLI exec $N sh -c 'kill -9 $$'
        $CLI exec $N sh -c 'kill -TERM $$'
        """,
    "exec -e -u -w": """
        $CLI run -d --name $N base sleep 60
        $CLI exec -e A=1 -e B=2 $N sh -c 'echo $A $B'
        $CLI exec -u sue $N id
        $CLI exec -u 1234:50 $N id
        $CLI exec -u stranger $N id >/dev/null 2>&1; test $? -ge 125 && echo refused
        $CLI exec -w /dir $N pwd
        $CLI exec -w /nosuch $N pwd >/dev/null 2>&1; test $? -ge 125 && echo refused
        $CLI exec -w relative $N pwd >/dev/null 2>&1; test $? -ge 125 && echo refused
        $CLI exec -u sue $N sh -c 'echo $HOME'
        $CLI exec --user sue --workdir /tmp --env X=y $N sh -c 'id -un; pwd; echo $X'
        echo Y=file > f; $CLI exec --env-file f $N sh -c 'echo $Y'
        """,
    "exec -i": """
        $CLI run -d --name $N base sleep 60
        echo in | $CLI exec -i $N cat
        echo in | $CLI exec $N cat
        head -c 200000 /dev/zero | $CLI exec -i $N wc -c
        $CLI exec $N head -c 200000 /dev/zero | wc -c
        echo 'exit 4' | $CLI exec -i $N sh
        """,
    "exec -t": """
        $CLI run -d --name $N base sleep 60
        $CLI exec -t $N sh -c 'test -t 1 && echo yes; tty'
        $CLI exec $N tty
        $CLI exec -it $N true
        $CLI exec -t $N sh -c 'echo $TERM; exit 3'
        """,
    "exec -d": """
        $CLI run -d --name $N base sleep 60
        $CLI exec -d $N sh -c 'echo done > /done'
        repeat $CLI exec $N test -f /done
        $CLI exec $N cat /done
        $CLI exec -d $N nothing-there
        $CLI logs $N
        """,
    "exec where nothing runs": """
        $CLI create --name $N base true
        $CLI exec $N true
        $CLI start -a $N
        $CLI exec $N true
        """,
    "exec sees and changes the container": """
        $CLI run -d --name $N --hostname box base sh -c 'echo secret > /x; echo ready; sleep 60'
        ready $N
        $CLI exec $N cat /x
        $CLI exec $N hostname
        $CLI exec $N sh -c 'ps | grep -c "[s]leep 60"'
        $CLI exec $N sh -c 'echo changed > /x'
        $CLI exec $N cat /x
        $CLI exec $N sh -c 'test $$ -ne 1 && echo not the first'
        $CLI diff $N
        """,
    "exec as the image's user and place": """
        $CLI run -d --name $N settings sleep 60
        $CLI exec $N sh -c 'id -un; id -gn; pwd; echo $A $B'
        $CLI exec -u root $N sh -c 'id -un; pwd'
        $CLI exec -u 0 -w / $N pwd
        """,
    "exec has the container's rights": """
        $CLI run -d --name $N --cap-drop ALL --security-opt no-new-privileges --pids-limit 20 base sleep 60
        $CLI exec $N grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status
        $CLI run -d --name $N-b base sleep 60
        $CLI exec $N-b grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status
        $CLI exec -u sue $N-b grep -E 'Cap' /proc/self/status
        $CLI exec $N-b mount -t tmpfs none /tmp
        """,
    "exec ends with its container": """
        $CLI run -d --name $N base sleep 60
        $CLI exec $N sh -c 'touch /there; exec sleep 50' & repeat $CLI exec $N test -f /there; $CLI kill $N; wait $!; echo $?
        """,
}

TERMINALS = {
    "run -it in a window": """
        $TERMINAL '' $CLI run -it --rm base sh -c 'until test "$(stty size 2>/dev/null)" = "33 77"; do sleep 0.05; done; echo so large'
        $TERMINAL 'typed\\n' $CLI run -it --rm base sh -c 'echo ready; read x; echo "got $x"'
        $TERMINAL '' $CLI run -it --rm base sh -c 'exit 7'; echo $?
        $TERMINAL '\\x03' $CLI run -it --rm base sh -c 'trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.05; done'; echo $?
        $TERMINAL '\\x04' $CLI run -it --rm base sh -c 'echo ready; cat; echo end of file'
        """,
    "a window that changes its size": """
        $TERMINAL '^W' $CLI run -it --rm base sh -c 'until test "$(stty size 2>/dev/null)" = "33 77"; do sleep 0.05; done; echo ready; until test "$(stty size)" = "20 50"; do sleep 0.05; done; echo smaller'
        """,
    "exec -it in a window": """
        $CLI run -d --name $N base sleep 60
        $TERMINAL 'typed\\n' $CLI exec -it $N sh -c 'echo ready; read x; echo "got $x"; tty'
        $TERMINAL '' $CLI exec -it $N sh -c 'until test "$(stty size 2>/dev/null)" = "33 77"; do sleep 0.05; done; exit 3'; echo $?
        """,
    "start -ai in a window": """
        $CLI create -it --name $N base sh -c 'echo ready; read x; echo "got $x"'
        $TERMINAL 'typed\\n' $CLI start -ai $N
        $CLI logs $N
        """,
    "run -i without -t in a window": """
        $TERMINAL 'typed\\n\\x04' $CLI run -i --rm base sh -c 'echo ready; cat; echo over'
        $TERMINAL '\\x03' $CLI run --rm base sh -c 'trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.05; done'; echo $?
        """,
}
