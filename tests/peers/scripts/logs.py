# ruff: noqa: E501 - a line of a script is one line
"""logs."""

from __future__ import annotations

LOGS = {
    "logs": """
        $CLI run -d --name $N base sh -c 'echo out 1; sleep 0.1; echo err 1 >&2; sleep 0.1; printf "out 2"' >/dev/null; $CLI wait $N
        $CLI logs $N 2>&1
        $CLI logs $N 2>/dev/null
        $CLI logs $N 2>&1 >/dev/null
        $CLI logs nosuchone
        $CLI logs
        $CLI logs $N $N
        """,
    "logs --tail": """
        $CLI run --name $N base seq 5 >/dev/null
        $CLI logs --tail 2 $N
        $CLI logs --tail 0 $N
        $CLI logs --tail all $N
        $CLI logs --tail 99 $N
        $CLI logs -n 1 $N
        $CLI logs --tail=-1 $N
        """,
    "logs --tail of both streams": """
        $CLI run --name $N base sh -c 'echo 1; sleep 0.1; echo 2 >&2; sleep 0.1; echo 3; sleep 0.1; echo 4 >&2' >/dev/null 2>&1
        $CLI logs --tail 2 $N 2>/dev/null
        $CLI logs --tail 3 $N 2>&1 >/dev/null
        """,
    "logs -t": """
        $CLI run --name $N base sh -c 'echo one; sleep 0.1; echo two >&2; sleep 0.1; printf three' >/dev/null 2>&1
        $CLI logs -t $N 2>&1
        $CLI logs --timestamps --tail 1 $N
        """,
    "logs -f of one that has ended": """
        $CLI run --name $N base sh -c 'echo one; exit 3' >/dev/null
        $CLI logs -f $N
        $CLI logs --follow --tail 0 $N
        """,
    "logs -f goes on until the end": """
        $CLI run -d --name $N base sh -c 'for i in 1 2 3 4; do echo $i; sleep 0.2; done'
        $CLI logs -f $N
        $CLI inspect -f '{{.State.Status}}' $N
        """,
    "logs -f ends with the container": """
        $CLI run -d --name $N trap
        $CLI logs -f $N & ready $N; sleep 0.3; $CLI stop -t 5 $N >/dev/null; wait $!; echo $?
        $CLI start $N
        repeat told $N ready 2
        ($CLI logs -f --tail 1 $N; echo over) & sleep 0.5; $CLI kill $N >/dev/null; wait
        """,
    "logs of a terminal": """
        $CLI run -t --name $N base sh -c 'echo out; echo err >&2' >/dev/null
        $CLI logs $N | od -c
        $CLI logs $N 2>&1 >/dev/null
        """,
    "logs of a very long line": """
        $CLI run -d --name $N base sh -c 'head -c 50000 /dev/zero | tr "\\0" x; echo; head -c 20000 /dev/zero | tr "\\0" y' >/dev/null; $CLI wait $N
        $CLI logs $N | cksum
        """,
    "logs keep every byte": """
        $CLI run -d --name $N base printf 'a\\033[0m\\ttab "quoted" \\\\ \\303\\244\\r\\n\\001' >/dev/null; $CLI wait $N
        $CLI logs $N | od -c
        """,
    "logs of several starts": """
        $CLI create --name $N base sh -c 'echo ran; echo $((1+1))'
        $CLI logs $N
        $CLI start -a $N
        $CLI start -a $N
        $CLI logs $N
        $CLI logs --tail 3 $N
        """,
    "logs of what nobody looked at": """
        $CLI run -d --name $N base sh -c 'i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done' >/dev/null; $CLI wait $N
        $CLI logs $N | cksum
        $CLI logs --tail 1 $N
        $CLI logs $N | head -n 1
        """,
}
