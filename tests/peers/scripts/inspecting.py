# ruff: noqa: E501 - a line of a script is one line
"""inspect, and the templates of its --format."""

from __future__ import annotations

INSPECT = {
    "inspect: the state": """
        $CLI create --name $N base sh -c 'exit 3'
        $CLI inspect -f '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.Dead}} {{.State.OOMKilled}} {{.State.Pid}} {{.State.ExitCode}} {{.State.Error}}' $N
        $CLI inspect --format '{{.State.StartedAt}} {{.State.FinishedAt}}' $N
        $CLI start -a $N
        $CLI inspect -f '{{.State.Status}} {{.State.Running}} {{.State.Pid}} {{.State.ExitCode}}' $N
        $CLI inspect -f '{{.State.FinishedAt}} {{.Created}}' $N
        $CLI inspect -f '{{.RestartCount}} {{.Platform}} {{.Driver}}' $N
        """,
    "inspect: what was asked for": """
        $CLI create --name $N -e A=1 -w /tmp -u sue --hostname box --label l=v --entrypoint echo --stop-signal HUP base one 'two three'
        $CLI inspect -f '{{json .Config.Env}}' $N
        $CLI inspect -f '{{json .Config.Cmd}} {{json .Config.Entrypoint}}' $N
        $CLI inspect -f '{{.Config.Cmd}} {{.Config.Entrypoint}}' $N
        $CLI inspect -f '{{.Config.WorkingDir}} {{.Config.User}} {{.Config.Hostname}} {{.Config.StopSignal}}' $N
        $CLI inspect -f '{{.Config.Image}} {{json .Config.Labels}}' $N
        $CLI inspect -f '{{.Config.Tty}} {{.Config.OpenStdin}} {{.Config.AttachStdout}}' $N
        $CLI inspect -f '{{.Name}} {{.Path}} {{.Args}} {{len .Args}}' $N
        $CLI inspect -f '{{index .Config.Labels "l"}} {{index .Args 1}}' $N
        $CLI inspect -f '{{range .Config.Env}}{{println .}}{{end}}' $N
        $CLI inspect -f '{{range $i, $e := .Config.Env}}{{if $i}}, {{end}}{{$e}}{{end}}' $N
        """,
    "inspect: the limits": """
        $CLI create --name $N --memory 64m --cpus 1.5 --pids-limit 20 --ulimit nofile=64:128 --read-only --cap-add NET_ADMIN --cap-drop CHOWN --security-opt no-new-privileges --network none --init base true
        $CLI inspect -f '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}} {{.HostConfig.ReadonlyRootfs}}' $N
        $CLI inspect -f '{{json .HostConfig.CapAdd}} {{json .HostConfig.CapDrop}} {{json .HostConfig.SecurityOpt}}' $N
        $CLI inspect -f '{{.HostConfig.NetworkMode}} {{.HostConfig.Init}} {{.HostConfig.AutoRemove}} {{.HostConfig.Privileged}}' $N
        $CLI inspect -f '{{json .HostConfig.Ulimits}}' $N
        $CLI create --name $N-more -m 20m --memory-reservation 10m -c 512 --cpuset-cpus 0 --device /dev/loop0:/dev/a:r --device-read-bps /dev/loop0:1m --device-write-iops /dev/loop0:5 base true
        $CLI inspect -f '{{.HostConfig.MemorySwap}} {{.HostConfig.MemoryReservation}} {{.HostConfig.CpuShares}} {{.HostConfig.CpusetCpus}} {{.HostConfig.BlkioWeight}}' $N-more
        $CLI inspect -f '{{json .HostConfig.Devices}} {{json .HostConfig.BlkioDeviceReadBps}} {{json .HostConfig.BlkioDeviceWriteIOps}}' $N-more
        $CLI inspect -f '{{json .HostConfig.BlkioDeviceWriteBps}} {{json .HostConfig.BlkioDeviceReadIOps}}' $N-more
        """,
    "inspect: the mounts": """
        mkdir here
        $CLI create --name $N -v $PWD/here:/b -v $N-vol:/v:ro --mount type=bind,source=$PWD/here,target=/c,readonly --tmpfs /t base true
        $CLI inspect -f '{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}}{{println}}{{end}}' $N | sort
        $CLI inspect -f '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}}{{end}}{{end}}' $N
        $CLI inspect -f '{{json .HostConfig.Tmpfs}}' $N
        $CLI inspect -f '{{len .Mounts}}' $N
        """,
    "inspect: of an image": """
        $CLI inspect -f '{{json .Config.Env}} {{json .Config.Cmd}}' settings
        $CLI inspect -f '{{.Config.User}} {{.Config.WorkingDir}} {{json .Config.Labels}} {{json .Config.ExposedPorts}}' settings
        $CLI inspect -f '{{json .RepoTags}}' settings
        $CLI inspect -f '{{.Os}} {{.Architecture}} {{.RootFS.Type}} {{len .RootFS.Layers}}' longtail
        $CLI inspect -f '{{json .Config.Healthcheck}}' checked
        $CLI inspect -f '{{json .Config.Volumes}} {{json .Config.Entrypoint}}' kept
        """,
    "inspect: what is not there": """
        $CLI inspect nosuchone
        $CLI inspect -f '{{.Id}}' nosuchone
        $CLI inspect
        $CLI create --name $N base true
        $CLI inspect -f '{{.NoSuchField}}' $N
        $CLI inspect -f '{{.State.NoSuchField}}' $N
        $CLI inspect -f '{{.Id' $N
        $CLI inspect -f '{{.Name}}' $N nosuchone
        $CLI inspect -f '{{.Name}}' nosuchone $N
        $CLI inspect -f '{{nosuchfunction .Id}}' $N
        """,
    "inspect: words of the templates": """
        $CLI create --name $N --label 'a.b=c d' base echo x
        $CLI inspect -f 'plain text' $N
        $CLI inspect -f '{{if .State.Running}}up{{else}}down{{end}}' $N
        $CLI inspect -f '{{with .Config}}{{.Image}}{{end}}' $N
        $CLI inspect -f '{{if and (eq .State.Status "created") (not .State.Running)}}new{{end}}' $N
        $CLI inspect -f '{{upper .Config.Image}} {{join .Args ","}} {{printf "%s-%d" .Config.Image .State.ExitCode}}' $N
        $CLI inspect -f '{{.Name | len}} {{- " trimmed " -}} {{slice .Name 1}}' $N
        $CLI inspect -f '{{/* nothing */}}{{"quoted"}} {{`raw`}} {{1}} {{true}}' $N
        $CLI inspect -f '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}' $N
        $CLI inspect -f '{{json .State.Status}} {{json .Config.Labels}} {{json .NoSuchThing}}' $N
        $CLI inspect -f '{{.State.Health}} {{.Config.Healthcheck}}' $N
        $CLI inspect -f '{{split .Config.Image "a"}} {{title .Config.Image}} {{lower "ABC"}}' $N
        $CLI inspect -f '{{ne .State.ExitCode 0}} {{gt .State.ExitCode -1}} {{or .State.Error "no error"}}' $N
        """,
    "inspect of several": """
        $CLI create --name $N-a base true
        $CLI create --name $N-b base true
        $CLI inspect -f '{{.Name}}' $N-a $N-b
        $CLI inspect $N-a $N-b | grep -c '"Id":'
        $CLI inspect -f '{{.Config.Image}}' $($CLI ps -aq --filter name=$N)
        $CLI inspect $N-a | head -c 10
        """,
    "a first name for an image": """
        $CLI inspect -f '{{.Config.Image}}' $($CLI create --name $N base:latest true)
        $CLI ps -a --filter name=$N --format '{{.Image}}'
        """,
}
