# ruff: noqa: E501 - a line of a script is one line
"""ps, top, stats and diff."""

from __future__ import annotations

PS = {
    "ps in columns": """
        $CLI ps -a --filter name=$N
        $CLI create --name $N-a base echo one two
        $CLI run --name $N-b base sh -c 'exit 3'
        $CLI run -d --name $N-c words
        $CLI wait $N-c
        $CLI ps -a --filter name=$N
        $CLI ps --filter name=$N
        """,
    "ps tells the running ones only": """
        $CLI create --name $N-a base true
        $CLI run -d --name $N-b base sleep 60
        $CLI ps -q --filter name=$N | wc -l
        $CLI ps -aq --filter name=$N | wc -l
        $CLI ps --filter name=$N
        $CLI ps --all --quiet --filter name=$N
        $CLI ps --filter name=$N --format '{{.Names}} {{.Status}} {{.State}}'
        """,
    "ps --no-trunc": """
        $CLI create --name $N base sh -c 'echo a very long command line that no column can hold'
        $CLI ps -a --filter name=$N
        $CLI ps -a --no-trunc --filter name=$N
        $CLI ps -aq --no-trunc --filter name=$N
        $CLI ps -a --no-trunc --filter name=$N --format '{{.ID}} {{.Command}}'
        """,
    "ps --format": """
        $CLI create --name $N --label a=1 --label b=2 base echo one two
        $CLI ps -a --filter name=$N --format '{{.ID}}|{{.Image}}|{{.Command}}|{{.Names}}|{{.Status}}|{{.State}}'
        $CLI ps -a --filter name=$N --format '{{.Labels}}' | tr , '\\n' | sort
        $CLI ps -a --filter name=$N --format '{{.Label "a"}}'
        $CLI ps -a --filter name=$N --format 'table {{.Names}}\\t{{.Image}}\\t{{.Status}}'
        $CLI ps -a --filter name=$N --format '{{json .Names}}'
        $CLI ps -a --filter name=$N --format '{{.NoSuchField}}'
        $CLI ps -a --filter name=$N --format '{{.Names'
        $CLI ps -a --filter name=$N --format '{{.RunningFor}} {{.CreatedAt}}'
        """,
    "ps --filter": """
        $CLI create --name $N-a --label who=$N --label kind=x base true
        $CLI run --name $N-b --label who=$N base sh -c 'exit 3'
        $CLI run -d --name $N-c --label who=$N --label kind=y words
        $CLI wait $N-c
        $CLI run -d --name $N-d --label who=$N base sleep 60
        $CLI ps -a --filter label=who=$N --format '{{.Names}}'
        $CLI ps -a --filter label=who=$N --filter label=kind --format '{{.Names}}'
        $CLI ps -a --filter label=who=$N --filter label=kind=y --format '{{.Names}}'
        $CLI ps -a --filter label=who=$N --filter status=exited --format '{{.Names}}'
        $CLI ps --filter label=who=$N --filter status=exited --format '{{.Names}}'
        $CLI ps --filter label=who=$N --filter status=created --filter status=running --format '{{.Names}}'
        $CLI ps -a --filter label=who=$N --filter exited=3 --format '{{.Names}}'
        $CLI ps -a --filter label=who=$N --filter ancestor=words --format '{{.Names}}'
        $CLI ps -a --filter label=who=$N --filter name=$N-a --filter name=$N-d --format '{{.Names}}'
        $CLI ps -a --filter id=$($CLI inspect -f '{{.Id}}' $N-a) --format '{{.Names}}'
        $CLI ps -a --filter name=^/$N-a$ --format '{{.Names}}'
        $CLI ps -a -f status=nonsense
        $CLI ps -a -f nonsense=x
        $CLI ps -a -f nonsense
        """,
    "ps -n": """
        $CLI create --name $N-a --label who=$N base true
        $CLI create --name $N-b --label who=$N base true
        $CLI ps -n 1 --filter label=who=$N --format '{{.Names}}'
        $CLI ps -n 0 --filter label=who=$N --format '{{.Names}}'
        """,
    "how a command is shown": """
        $CLI create --name $N-a base
        $CLI create --name $N-b words
        $CLI create --name $N-c words other words
        $CLI create --name $N-d shellform
        $CLI create --name $N-e --entrypoint cat base /file
        $CLI create --name $N-f base echo 'a  b' '$x'
        $CLI ps -a --no-trunc --filter name=$N --format '{{.Names}} {{.Command}}'
        $CLI inspect -f '{{.Path}} {{json .Args}}' $N-a $N-b $N-c $N-d $N-e $N-f
        """,
}

OTHER = {
    "top": """
        $CLI run -d --name $N base sh -c 'echo ready; sleep 60 & wait'
        ready $N
        $CLI top $N | head -n 1
        $CLI top $N | wc -l
        $CLI top $N -o pid,comm | tr -s ' ' | cut -d' ' -f2
        $CLI top $N -o pid,args | sed 's/^ *[0-9]* *//'
        $CLI kill $N
        $CLI wait $N
        $CLI top $N
        $CLI top nosuchone
        $CLI top
        """,
    "stats --no-stream": """
        $CLI run -d --name $N base sh -c 'echo ready; sleep 60 & wait'
        ready $N
        $CLI stats --no-stream --format '{{.Name}} {{.PIDs}}' $N
        $CLI stats --no-stream $N | head -n 1
        $CLI stats --no-stream $N | wc -l
        $CLI stats --no-stream nosuchone
        """,
    "stats knows the limit": """
        $CLI run -d --name $N --memory 64m base sh -c 'echo ready; sleep 60 & wait'
        ready $N
        $CLI stats --no-stream --format '{{.MemUsage}}' $N | sed 's,.*/,/,'
        $CLI stats --no-stream --format '{{.ID}} {{.Container}}' $N
        """,
    "stats of one that does not run": """
        $CLI create --name $N base true
        $CLI stats --no-stream --format '{{.Name}} {{.PIDs}}' $N
        """,
    "diff": """
        $CLI create --name $N base sh -c 'echo new > /new; rm /file; echo more >> /dir/old; mkdir -p /made/deep; rm -r /dir/deep; chmod 700 /open; touch /tmp/x'
        $CLI diff $N
        $CLI start -a $N
        $CLI diff $N | sort
        $CLI diff nosuchone
        $CLI diff
        """,
    "diff of a replaced directory": """
        $CLI run --name $N base sh -c 'rm -r /dir && mkdir /dir && echo x > /dir/new; rm /link; echo file > /link'
        $CLI diff $N | sort
        """,
    "diff of mounts and of nothing": """
        $CLI run --name $N -v /v --tmpfs /t base sh -c 'touch /v/x /t/x /dev/shm/x; true > /dev/null'
        $CLI diff $N | sort
        """,
    "diff of a running one": """
        $CLI run -d --name $N base sh -c 'echo x > /now; echo ready; sleep 60'
        ready $N
        $CLI diff $N
        """,
    "a container of an image that has a health check": """
        $CLI create --name $N checked
        $CLI inspect -f '{{json .Config.Healthcheck}}' $N
        $CLI ps -a --filter name=$N --format '{{.Status}}'
        """,
}
