# ruff: noqa: E501 - a line of a script is one line
"""stop and kill, and signals on their way through."""

from __future__ import annotations

SIGNALS = {
    "stop asks first": """
        $CLI run -d --name $N trap
        ready $N
        $CLI stop -t 5 $N
        $CLI wait $N
        $CLI logs $N
        $CLI inspect -f '{{.State.Status}} {{.State.ExitCode}}' $N
        """,
    "stop kills what does not listen": """
        $CLI run -d --name $N deaf
        ready $N
        $CLI stop -t 1 $N
        $CLI wait $N
        $CLI ps -a --filter name=$N --format '{{.Status}}'
        """,
    "stop --time 0": """
        $CLI run -d --name $N deaf
        ready $N
        $CLI stop --time 0 $N
        $CLI inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' $N
        """,
    "stop of a plain sleep, which has no ear as the first process": """
        $CLI run -d --name $N base sleep 60
        $CLI stop -t 1 $N
        $CLI wait $N
        """,
    "stop of several, of stopped, of unknown ones": """
        $CLI run -d --name $N-a trap
        $CLI run -d --name $N-b trap
        ready $N-a && ready $N-b
        $CLI stop -t 1 $N-a $N-b
        $CLI stop $N-a
        $CLI create --name $N-c base true
        $CLI stop $N-c
        $CLI inspect -f '{{.State.Status}}' $N-c
        $CLI stop nosuchone
        $CLI stop nosuchone $N-a
        $CLI stop
        """,
    "started again after a stop": """
        $CLI run -d --name $N trap
        ready $N
        $CLI stop -t 2 $N
        $CLI start $N
        repeat is $N running
        $CLI inspect -f '{{.State.ExitCode}}' $N
        $CLI kill $N
        $CLI wait $N
        $CLI run -d --name $N-b trap
        ready $N-b
        $CLI stop -t 5 $N-b
        $CLI start -a $N-b & repeat told $N-b ready 2; $CLI stop -t 5 $N-b; wait $!; echo $?
        """,
    "--stop-signal": """
        $CLI run -d --name $N --stop-signal USR1 trap
        ready $N
        $CLI inspect -f '{{.Config.StopSignal}}' $N
        $CLI stop -t 5 $N
        $CLI wait $N
        $CLI logs $N
        $CLI run --rm --stop-signal NOPE base true
        """,
    "--stop-signal as a number": """
        $CLI run -d --name $N --stop-signal 10 trap
        ready $N
        $CLI stop -t 5 $N
        $CLI wait $N
        """,
    "STOPSIGNAL of the image": """
        $CLI run -d --name $N-a usr1
        $CLI run -d --name $N-b --stop-signal SIGTERM usr1
        ready $N-a && ready $N-b
        $CLI stop -t 5 $N-a $N-b
        $CLI wait $N-a $N-b
        $CLI inspect -f '{{.Config.StopSignal}}' $N-a $N-b
        """,
    "kill": """
        $CLI run -d --name $N base sleep 60
        $CLI kill $N
        $CLI wait $N
        $CLI kill $N
        $CLI kill nosuchone
        $CLI kill
        """,
    "kill -s, by every spelling": """
        $CLI run -d --name $N-a trap
        $CLI run -d --name $N-b trap
        $CLI run -d --name $N-c trap
        ready $N-a && ready $N-b && ready $N-c
        $CLI kill -s TERM $N-a
        $CLI kill --signal=SIGUSR1 $N-b
        $CLI kill -s 9 $N-c
        $CLI wait $N-a $N-b $N-c
        $CLI logs $N-a
        """,
    "kill with a signal that is let through": """
        $CLI run -d --name $N trap
        ready $N
        $CLI kill -s WINCH $N
        $CLI kill -s NOPE $N
        $CLI kill -s 0 $N
        $CLI kill -s 65 $N
        $CLI inspect -f '{{.State.Status}}' $N
        $CLI kill -s usr1 $N
        $CLI wait $N
        """,
    "kill of several": """
        $CLI run -d --name $N-a base sleep 60
        $CLI run -d --name $N-b base sleep 60
        $CLI kill $N-a $N-b
        $CLI wait $N-a $N-b
        $CLI run -d --name $N-c base sleep 60
        $CLI kill nosuchone $N-c
        $CLI wait $N-c
        $CLI create --name $N-d base true
        $CLI kill $N-d
        """,
    "signals reach the program": """
        $CLI run --name $N trap & ready $N; kill -TERM $!; wait $!; echo $?
        $CLI inspect -f '{{.State.ExitCode}}' $N
        $CLI rm $N
        $CLI run --name $N trap & ready $N; kill -USR1 $!; wait $!; echo $?
        $CLI rm $N
        $CLI run --name $N --rm base sh -c 'trap "echo hup; exit 6" HUP; echo ready; while :; do sleep 0.05; done' & ready $N; kill -HUP $!; wait $!; echo $?
        """,
    "a program may take its time to end": """
        $CLI run --name $N base sh -c 'trap "sleep 1.3; echo cleaned up; exit 5" TERM; echo ready; while :; do sleep 0.05; done' & ready $N; kill -TERM $!; wait $!; echo $?
        """,
    "signals reach a started program": """
        $CLI create --name $N trap
        $CLI start -a $N & ready $N; kill -TERM $!; wait $!; echo $?
        $CLI logs $N
        """,
    "a program that another one ends": """
        $CLI run --name $N deaf >/dev/null & ready $N; $CLI kill $N; wait $!; echo $?
        $CLI inspect -f '{{.State.Status}} {{.State.ExitCode}}' $N
        $CLI rm $N
        $CLI run --name $N deaf >/dev/null & ready $N; $CLI rm -f $N; wait $!; echo $?
        """,
}
