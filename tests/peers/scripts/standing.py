"""pause, unpause, restart, attach."""

from __future__ import annotations

STANDING = {
    "paused, it stands still": """
        $CLI run -d --name $N trap
        ready $N
        $CLI pause $N
        $CLI inspect -f '{{.State.Status}} {{.State.Paused}} {{.State.Running}}' $N
        $CLI ps --filter name=$N --format '{{.Status}}'
        $CLI ps --filter name=$N --filter status=paused --format '{{.State}}'
        $CLI exec $N true
        $CLI pause $N
        $CLI rm $N
        $CLI unpause $N
        $CLI unpause $N
        $CLI exec $N echo on
        $CLI stop -t 5 $N
        $CLI wait $N
        $CLI pause $N
        $CLI unpause $N
        $CLI pause nosuchone
        $CLI pause
        """,
    "what ends a paused one": """
        $CLI run -d --name $N trap
        ready $N
        $CLI pause $N
        $CLI stop -t 5 $N
        $CLI inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Paused}}' $N
        $CLI start $N
        $CLI pause $N
        $CLI kill $N
        $CLI wait $N
        $CLI inspect -f '{{.State.Status}} {{.State.Paused}}' $N
        """,
    "several are paused, and one is not there": """
        $CLI run -d --name $N-a trap
        $CLI run -d --name $N-b trap
        $CLI pause $N-a nosuchone $N-b
        $CLI ps --filter name=$N --format '{{.State}}'
        $CLI unpause $N-a $N-b
        $CLI rm -f $N-a $N-b
        """,
    "restart": """
        $CLI run -d --name $N trap
        ready $N
        $CLI restart -t 5 $N
        repeat told $N ready 2
        $CLI logs $N
        $CLI inspect -f '{{.State.Status}} {{.State.ExitCode}}' $N
        $CLI stop -t 5 $N
        $CLI restart --time 1 $N
        repeat told $N ready 3
        $CLI inspect -f '{{.State.Status}}' $N
        $CLI create --name $N-b trap
        $CLI restart $N-b nosuchone
        ready $N-b
        """,
    "attach stays to the end": """
        $CLI run -d --name $N base sh -c 'sleep 1; echo said; echo err >&2; exit 3'
        $CLI attach --no-stdin $N; echo $?
        $CLI attach --no-stdin $N
        $CLI attach nosuchone
        $CLI attach
        """,
    "attach passes signals on": """
        $CLI run -d --name $N trap
        ready $N
        $CLI attach --no-stdin $N & sleep 1; kill -TERM $!; wait $!; echo $?
        $CLI wait $N
        """,
    "attach to a paused one": """
        $CLI run -d --name $N trap
        ready $N
        $CLI pause $N
        $CLI attach --no-stdin $N
        $CLI rm -f $N
        """,
}
