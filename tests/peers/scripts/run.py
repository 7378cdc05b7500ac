# ruff: noqa: E501 - a line of a script is one line
"""run and create: exit codes, names, input and output."""

from __future__ import annotations

RUN = {
    "run prints what the command prints": """
        $CLI run --rm base echo hi there
        $CLI run --rm base sh -c 'echo out; echo err >&2' 2>/dev/null
        $CLI run --rm base sh -c 'echo out; echo err >&2' 2>&1 >/dev/null
        $CLI run --rm base printf 'no newline'
        $CLI run --rm base echo -n -e 'a\\tb' "c  d" '$HOME' '*'
        $CLI run --rm base cat /dev/null
        """,
    "run without a command": """
        $CLI run --rm base
        echo 'echo from $0' | $CLI run -i --rm base
        $CLI run --rm silent
        $CLI run --name $N silent
        $CLI ps -aq --filter name=$N
        """,
    "exit codes of a command": """
        for n in 0 1 2 3 124 125 126 127 128 129 137 143 254 255; do $CLI run --rm base sh -c "exit $n"; echo $n gives $?; done
        $CLI run --rm base false
        $CLI run --rm base sh -c 'exit 256'
        """,
    "a command that cannot be run": """
        $CLI run --rm base nothing-there
        $CLI run --rm base /etc
        $CLI run --rm base /etc/passwd
        $CLI run --rm base ./relative
        $CLI run --rm base ''
        $CLI run --rm -w /bin base ./echo by a relative path
        """,
    "a command that cannot be run leaves a container": """
        $CLI run --name $N base nothing-there
        $CLI inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Running}}' $N
        $CLI ps -a --filter name=$N --format '{{.Names}}: {{.Status}}'
        $CLI start $N
        $CLI start -a $N
        $CLI logs $N
        $CLI rm $N
        """,
    "what the engine itself refuses": """
        $CLI run --no-such-flag base true
        $CLI run --rm UPPER true
        $CLI run --rm localhost:1/nosuch true
        $CLI run
        $CLI run --rm
        $CLI run --rm --name 'a b' base true
        $CLI run --rm --name x base true
        $CLI run --rm --name .hidden base true
        $CLI run -d --name $N -w relative base true
        $CLI ps -aq --filter name=$N
        """,
    "signals inside give 128 and more": """
        $CLI run --rm base sh -c 'sh -c "kill -9 \\$\\$"; echo $?'
        $CLI run --rm base sh -c 'sh -c "kill -TERM \\$\\$"; echo $?'
        $CLI run --rm base sh -c 'kill -TERM $$; kill -USR1 $$; echo the first process is spared'
        """,
    "run -d prints the id and goes on": """
        $CLI run -d --name $N base sh -c 'echo ready; exec sleep 60' > id
        cat id
        ready $N
        $CLI inspect -f '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}}' $N
        test $(cat id) = $($CLI inspect -f '{{.Id}}' $N) && echo the same
        test $(cut -c1-12 id) = $($CLI ps -q --filter name=$N) && echo the beginning
        $CLI logs $(cut -c1-12 id)
        $CLI logs $(cut -c1-5 id)
        $CLI rm -f $(cat id) >/dev/null; echo $?
        $CLI inspect $N
        """,
    "run -d of a short command": """
        $CLI run -d --name $N base sh -c 'echo done; exit 5'
        $CLI wait $N
        $CLI logs $N
        $CLI ps -a --filter name=$N --format '{{.Status}}'
        """,
    "run -d of what cannot be run": """
        $CLI run -d --name $N base nothing-there
        $CLI ps -a --filter name=$N --format '{{.Status}}'
        $CLI run -d --name $N-b base /etc/passwd >/dev/null; echo $?
        """,
    "run -i reads, without it nothing is read": """
        printf 'one\\ntwo\\n' | $CLI run -i --rm base cat
        printf 'one\\ntwo\\n' | $CLI run --rm base cat
        printf abc | $CLI run -i --rm base wc -c
        head -c 300000 /dev/zero | $CLI run -i --rm base wc -c
        head -c 300000 /dev/zero | $CLI run -i --rm base cat | wc -c
        yes | $CLI run -i --rm base head -n 2
        """,
    "a long output arrives whole": """
        $CLI run --rm base sh -c 'i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done' | cksum
        $CLI run --rm base head -c 3000000 /dev/zero | wc -c
        $CLI run --rm base sh -c 'head -c 1000000 /dev/zero >&2' 2>&1 >/dev/null | wc -c
        """,
    "bytes that are no text": """
        $CLI run --rm base printf '\\377\\000\\001\\033[1mx' | od -c
        printf '\\377\\000\\r\\n' | $CLI run -i --rm base cat | od -c
        """,
    "run -t is a terminal": """
        $CLI run -t --rm base sh -c 'test -t 1 && echo yes; tty'
        $CLI run --rm base sh -c 'test -t 1 || echo no; tty'
        $CLI run -t --rm base sh -c 'echo out; echo err >&2' 2>/dev/null
        $CLI run -it --rm base true
        $CLI run -t --rm base sh -c 'exit 3'
        $CLI run -t --rm base sh -c 'echo $TERM'
        """,
    "run --rm leaves nothing": """
        $CLI run --rm --name $N base true
        $CLI ps -aq --filter name=$N
        $CLI inspect $N
        $CLI run --rm --name $N base sh -c 'exit 3'
        $CLI ps -aq --filter name=$N
        $CLI run -d --rm --name $N base sh -c 'echo ready; sleep 60' >/dev/null; ready $N
        $CLI stop -t 0 $N
        repeat gone $N
        $CLI logs $N
        """,
    "run --init": """
        $CLI run --rm --init base sh -c 'test $$ -ne 1 && echo a child'
        $CLI run --rm base sh -c 'test $$ -eq 1 && echo the first'
        $CLI run --rm --init base sh -c 'exit 4'
        $CLI run --rm --init base nothing-there
        $CLI run -d --init --name $N base sh -c 'echo ready; exec sleep 60'
        ready $N
        $CLI kill -s TERM $N
        $CLI wait $N
        """,
    "run --init takes in orphans": """
        $CLI run --rm --init base sh -c '(sleep 0.1 &); sleep 0.4; ps -o stat,comm | grep -c ^Z'
        $CLI run --rm --init base sh -c 'kill -9 $$'
        """,
    "names are unique": """
        $CLI create --name $N base true
        $CLI create --name $N base true
        $CLI run --name $N base echo no
        $CLI run -d --name $N base true
        $CLI rm $N
        $CLI run --rm --name $N base echo free again
        $CLI create --name $N base true >/dev/null; $CLI rm $N
        """,
    "an id will do where a name does": """
        $CLI create --name $N base echo ran > id
        $CLI start -a $(cat id)
        $CLI inspect -f '{{.Name}}' $(cut -c1-7 id)
        $CLI rm $(cut -c1-12 id) >/dev/null; echo $?
        """,
}

CREATE = {
    "create does not run the command": """
        $CLI create --name $N base echo hello
        $CLI inspect -f '{{.State.Status}} {{.State.Pid}} {{.State.ExitCode}}' $N
        $CLI logs $N
        $CLI ps -q --filter name=$N
        $CLI ps -a --filter name=$N --format '{{.Status}}'
        $CLI start $N
        $CLI wait $N
        $CLI logs $N
        $CLI inspect -f '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}}' $N
        """,
    "create without a name, or of nothing": """
        $CLI rm $($CLI create base true) >/dev/null; echo $?
        $CLI create localhost:1/nosuch
        $CLI create
        $CLI create --name $N silent
        $CLI create --name $N UPPER
        $CLI ps -aq --filter name=$N
        """,
    "start -a": """
        $CLI create --name $N base sh -c 'echo out; echo err >&2; exit 9'
        $CLI start -a $N
        $CLI start -a $N 2>/dev/null
        $CLI start -a $N 2>&1 >/dev/null
        $CLI logs $N 2>/dev/null
        """,
    "start -i": """
        $CLI create -i --name $N base cat
        echo word | $CLI start -i $N
        echo again | $CLI start -a -i $N
        $CLI start -ai $N < /dev/null
        $CLI logs $N
        """,
    "start of several, of unknown ones": """
        $CLI create --name $N-a base true
        $CLI create --name $N-b base true
        $CLI start $N-a $N-b
        $CLI wait $N-a $N-b
        $CLI start $N-a nosuchone
        $CLI start nosuchone
        $CLI start
        $CLI start -a $N-a $N-b
        """,
    "start of a running one changes nothing": """
        $CLI run -d --name $N base sleep 60
        $CLI inspect -f '{{.State.StartedAt}}' $N > one
        $CLI start $N
        $CLI inspect -f '{{.State.StartedAt}}' $N | cmp - one && echo the same start
        """,
    "started again it keeps its files": """
        $CLI create --name $N base sh -c 'echo x >> /log; cat /log; rm -f /file; ls /file'
        $CLI start -a $N
        $CLI start -a $N
        $CLI start -a $N 2>/dev/null
        $CLI logs $N 2>/dev/null
        """,
    "temporary files do not outlive a stop": """
        $CLI create --name $N --tmpfs /t base sh -c 'ls /t /dev/shm; touch /t/x /dev/shm/y'
        $CLI start -a $N
        $CLI start -a $N
        """,
    "wait": """
        $CLI run -d --name $N-a base sh -c 'exit 3'
        $CLI run -d --name $N-b base sh -c 'sleep 0.3; exit 4'
        $CLI wait $N-a $N-b
        $CLI wait $N-a
        $CLI wait nosuchone
        $CLI wait $N-a nosuchone
        $CLI wait
        $CLI run -d --name $N-c base sleep 60
        (sleep 0.3; $CLI kill $N-c >/dev/null) & $CLI wait $N-c
        """,
    "rm": """
        $CLI create --name $N-a base true
        $CLI create --name $N-b base true
        $CLI rm $N-a $N-b
        $CLI rm $N-a
        $CLI rm -f $N-a
        $CLI rm
        $CLI run -d --name $N-c base sleep 60
        $CLI rm $N-c
        $CLI inspect -f '{{.State.Status}}' $N-c
        $CLI rm -f nosuchone $N-c
        $CLI inspect $N-c
        """,
    "rm of one that has ended": """
        $CLI run --name $N base sh -c 'echo x > /x'
        $CLI rm $N
        $CLI start $N
        $CLI rm $N
        """,
}
