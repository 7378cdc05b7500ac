# ruff: noqa: E501 - a line of a script is one line
"""What the program may do: memory, processes, rights, devices, network."""

from __future__ import annotations

LIMITS = {
    "--memory": """
        $CLI run --rm --memory 16m base sh -c 'x=$(yes | head -c 64000000); echo $?'
        $CLI run --name $N -m 16m base sh -c 'x=$(yes | head -c 64000000)'
        $CLI inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}} {{.HostConfig.Memory}}' $N
        $CLI run --rm -m 64M base echo fits
        $CLI run --rm -m 1k base true
        $CLI run --rm -m nonsense base true
        $CLI run --rm -m -1 base true
        $CLI run --rm -m 0 base true
        """,
    "--cpus": """
        $CLI run --rm --cpus 0.5 base true
        $CLI run --rm --cpus nonsense base true
        $CLI run --rm --cpus 10000 base true
        $CLI run --rm --cpus 0 base true
        $CLI run --rm --cpus -1 base true
        $CLI run --rm --cpus 0.0000000001 base true
        """,
    "--pids-limit": """
        $CLI run --rm --pids-limit 5 base sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 0.3 & done; wait' 2>/dev/null
        $CLI run --rm --pids-limit 50 base sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 0.1 & done; wait; echo all'
        $CLI run --rm --pids-limit x base true
        $CLI run --rm --pids-limit -1 base true
        $CLI run --rm --pids-limit 0 base true
        """,
    "--memory-swap and --memory-reservation": """
        $CLI run --rm --memory-swap 20m base true
        $CLI run --rm --memory-swap -1 base true
        $CLI run --rm -m 20m --memory-swap 10m base true
        $CLI run --rm -m 20m --memory-swap 20m base true
        $CLI run --rm -m 20m --memory-swap 0 base true
        $CLI run --rm -m 20m --memory-swap -2 base true
        $CLI run --rm -m 20m --memory-swap x base true
        $CLI run --rm --memory-reservation 1m base true
        $CLI run --rm -m 20m --memory-reservation 30m base true
        $CLI run --rm --memory-reservation 30m base true
        $CLI inspect -f '{{.HostConfig.MemorySwap}}' $($CLI create -m 20m --name $N-a base true)
        $CLI inspect -f '{{.HostConfig.MemorySwap}}' $($CLI create -m 20m --memory-swap -1 --name $N-b base true)
        $CLI inspect -f '{{.HostConfig.MemorySwap}}' $($CLI create -m 20m --memory-swap 30m --name $N-c base true)
        """,
    "out of memory, but not the first process": """
        $CLI run --name $N -m 16m base sh -c 'tail /dev/zero; exit 5'
        $CLI inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' $N
        $CLI run --name $N-a -m 16m base sh -c 'sleep 100 & kill -9 $!; wait $!'
        $CLI inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' $N-a
        """,
    "--cpu-shares and --cpuset-cpus": """
        $CLI run --rm --cpu-shares 2 base true
        $CLI run --rm -c 512 base true
        $CLI run --rm -c 0 base true
        $CLI run --rm -c 1 base true
        $CLI run --rm -c -5 base true
        $CLI run --rm -c 999999 base true
        $CLI run --rm -c x base true
        $CLI run --rm --cpuset-cpus 0 base grep Cpus_allowed_list /proc/self/status
        $CLI run --rm --cpuset-cpus '' base true
        $CLI run --rm --cpuset-cpus 0-999 base true
        $CLI run --rm --cpuset-cpus x base true
        $CLI run --rm --cpuset-cpus 1-0 base true
        """,
    "--device-read-bps and its kin": """
        $CLI run --rm --device-read-bps /dev/loop0:1m base true
        $CLI run --rm --device-write-iops /dev/loop0:10 --device-write-iops /dev/loop0:20 base true
        $CLI run --rm --device-read-bps loop0:1m base true
        $CLI run --rm --device-read-bps /dev/loop0 base true
        $CLI run --rm --device-read-bps /dev/null:1m base true
        $CLI run --rm --device-write-bps /dev/loop0:0 base true
        $CLI run --rm --device-write-bps /dev/loop0:-1 base true
        $CLI run --rm --device-read-iops /dev/loop0:x base true
        $CLI run --rm --device-read-iops /dev/loop0:1k base true
        """,
    "--device": """
        $CLI run --rm --device /dev/loop0 base sh -c 'ls -l /dev/loop0 | cut -c1-10; head -c 0 /dev/loop0 && echo open'
        $CLI run --rm --device /dev/loop0:/dev/mine:r base sh -c 'head -c 0 /dev/mine && echo read; : > /dev/mine && echo written'
        $CLI run --rm --device /dev/loop0:r base sh -c ': > /dev/loop0 && echo written'
        $CLI run --rm --device /dev/loop0:/a/b/mine base sh -c 'ls -l /a/b/mine | cut -c1-10'
        $CLI run --rm -u 5 --device /dev/loop0 base sh -c 'head -c 0 /dev/loop0'
        $CLI run --rm base sh -c 'mknod /d b 7 0 && head -c 0 /d'
        $CLI run --rm --cap-drop MKNOD base mknod /d b 7 0
        $CLI run --rm --device loop0 base true
        $CLI run --rm --device /etc/passwd base true
        $CLI run --rm --device /dev/loop0:x base true
        $CLI run --rm --device /dev/loop0:/dev/a:rr base true
        $CLI run --rm --device /dev/loop0: base true
        $CLI run --rm --device /dev/loop0:/dev/a:m:x base true
        $CLI run --rm --device :/dev/x base true
        """,
    "--ulimit": """
        $CLI run --rm --ulimit nofile=64:128 base sh -c 'ulimit -n; ulimit -Hn'
        $CLI run --rm --ulimit nofile=64 base sh -c 'ulimit -n; ulimit -Hn'
        $CLI run --rm --ulimit core=0 --ulimit fsize=1024:2048 base sh -c 'ulimit -c; ulimit -f'
        $CLI run --rm --ulimit nofile=128:64 base true
        $CLI run --rm --ulimit nosuch=1 base true
        $CLI run --rm --ulimit nofile base true
        $CLI run --rm --ulimit nofile=x base true
        $CLI run --rm --ulimit core=-1 base sh -c 'ulimit -c'
        """,
    "capabilities": """
        $CLI run --rm base grep Cap /proc/self/status
        $CLI run --rm --cap-drop ALL base grep Cap /proc/self/status
        $CLI run --rm --cap-drop ALL --cap-add CHOWN base grep Cap /proc/self/status
        $CLI run --rm --cap-add NET_ADMIN base grep Cap /proc/self/status
        $CLI run --rm --cap-add CAP_SYS_TIME --cap-drop cap_chown base grep Cap /proc/self/status
        $CLI run --rm --cap-drop chown base sh -c 'chown 5 /file'
        $CLI run --rm --cap-add NOSUCH base true
        $CLI run --rm --cap-drop NOSUCH base true
        $CLI run --rm -u sue base grep Cap /proc/self/status
        $CLI run --rm -u sue --cap-add NET_ADMIN base grep Cap /proc/self/status
        """,
    "--security-opt": """
        $CLI run --rm base grep -E 'NoNewPrivs|Seccomp:' /proc/self/status
        $CLI run --rm --security-opt no-new-privileges base grep NoNewPrivs /proc/self/status
        $CLI run --rm --security-opt no-new-privileges=true base grep NoNewPrivs /proc/self/status
        $CLI run --rm --security-opt no-new-privileges:false base grep NoNewPrivs /proc/self/status
        $CLI run --rm --security-opt seccomp=unconfined base grep Seccomp: /proc/self/status
        $CLI run --rm --security-opt nonsense base true
        $CLI run --rm --security-opt no-new-privileges=maybe base true
        """,
    "what is forbidden": """
        $CLI run --rm base mount -t tmpfs none /tmp
        $CLI run --rm base sh -c 'echo x > /proc/sys/kernel/hostname'
        $CLI run --rm base sh -c 'echo x > /sys/x'
        $CLI run --rm base hostname new
        $CLI run --rm base sh -c 'mknod /n c 1 3 && echo made'
        $CLI run --rm base unshare -m true
        $CLI run --rm base cat /proc/kcore
        $CLI run --rm base sh -c 'ls /proc/acpi; cat /proc/timer_list | wc -c'
        """,
    "devices": """
        $CLI run --rm base ls /dev
        $CLI run -t --rm base ls -1 /dev
        $CLI run --rm base sh -c 'ls -l /dev/null /dev/zero /dev/tty /dev/random | cut -c1-10'
        $CLI run --rm base sh -c 'readlink /dev/fd /dev/stdin /dev/ptmx /dev/core'
        $CLI run --rm base sh -c 'echo x > /dev/null; head -c 3 /dev/zero | od -c; echo x > /dev/full'
        """,
    "mounts that are always there": """
        $CLI run --rm base sh -c 'cut -d" " -f2,3 /proc/mounts | grep -E "^/(dev|proc|sys)( |/pts|/shm|/mqueue)" | sort'
        $CLI run --rm base sh -c 'stat -c "%a %n" / /proc /dev /dev/shm /dev/pts /sys'
        $CLI run --rm base sh -c 'grep -c . /proc/self/mountinfo >/dev/null; ls /proc/self/fd | wc -l'
        $CLI run --rm base sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2'
        """,
    "the process it is": """
        $CLI run --rm base sh -c 'echo $$; umask; cat /proc/self/oom_score_adj; cat /proc/1/comm'
        $CLI run --rm base ps
        $CLI run --rm base sh -c 'grep -E "^(SigBlk|NSpid|Groups):" /proc/1/status'
        $CLI run --rm base sh -c 'cat /proc/1/cmdline | tr "\\0" " "'
        """,
    "--network": """
        $CLI run --rm --network none base ls /sys/class/net
        $CLI run --rm --network none base ip -4 addr show lo
        $CLI run --rm --network=host base ls /sys/class/net
        $CLI run --rm --net none base sh -c 'ls /sys/class/net'
        $CLI run --rm --network nosuchnet base true
        $CLI run --rm --network host base hostname | sed "s/$(hostname)/the machine/"
        $CLI run --rm --network host --hostname box base hostname
        $CLI run --rm --network none base ping -c 1 -W 1 127.0.0.1 | grep -c 'bytes from'
        """,
    "--read-only": """
        $CLI run --rm --read-only base sh -c 'echo x > /x'
        $CLI run --rm --read-only base sh -c 'touch /dev/shm/x && echo shared memory is no file system of the image'
        $CLI run --rm --read-only --tmpfs /tmp base sh -c 'echo x > /tmp/x && cat /tmp/x'
        $CLI run --rm --read-only -v /v base sh -c 'echo x > /v/x && cat /v/x'
        $CLI run --rm --read-only base sh -c 'echo x > /etc/hosts'
        $CLI run --rm --read-only -w /made base pwd
        """,
}
