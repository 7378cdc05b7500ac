# ruff: noqa: E501 - a line of a script is one line
"""What the program is told: environment, user, place, name."""

from __future__ import annotations

SETTINGS = {
    "-e": """
        $CLI run --rm -e A=1 -e B='two words' -e C= base sh -c 'echo "[$A][$B][$C]"'
        FROM_HOST='a b' $CLI run --rm -e FROM_HOST -e MISSING base sh -c 'echo "[$FROM_HOST]"; env | grep -c MISSING'
        $CLI run --rm -e A=1 -e A=2 base sh -c 'echo $A'
        $CLI run --rm --env A=a=b=c base sh -c 'echo $A'
        $CLI run --rm -e =x base true
        $CLI run --rm -e A=2 settings sh -c 'echo $A $B'
        $CLI run --rm -e A settings sh -c 'env | grep -c ^A='
        $CLI run --rm -e "A=$(printf 'line\\ntwo')" base sh -c 'echo "$A"'
        """,
    "the whole environment": """
        $CLI run --rm --hostname box base env
        $CLI run --rm --hostname box -u sue settings env
        $CLI run -t --rm --hostname box base env
        $CLI run --rm --hostname box -e PATH=/bin -e HOME=/h base env
        $CLI run --rm --hostname box -u 4321 base env
        """,
    "--env-file": """
        printf '# a comment\\nA=1\\n\\nB=two words \\n  C=3\\nHOSTS\\nD="quoted"\\nE=a#b\\n' > file
        HOSTS=h $CLI run --rm --env-file file base sh -c 'echo "[$A][$B][$C][$HOSTS][$D][$E]"'
        $CLI run --rm --env-file file base sh -c 'echo "[$HOSTS]"'
        $CLI run --rm --env-file file -e A=9 base sh -c 'echo $A'
        $CLI run --rm -e A=9 --env-file file base sh -c 'echo $A'
        echo A=second > other; $CLI run --rm --env-file file --env-file other base sh -c 'echo $A'
        $CLI run --rm --env-file file settings sh -c 'echo $A $B'
        """,
    "--env-file that is not right": """
        echo 'A B=1' > blank; $CLI run --rm --env-file blank base true
        $CLI run --rm --env-file nosuchfile base true
        echo '=x' > nameless; $CLI run --rm --env-file nameless base true
        $CLI create --name $N --env-file nosuchfile base true
        $CLI ps -aq --filter name=$N
        """,
    "-w": """
        $CLI run --rm base pwd
        $CLI run --rm -w /tmp base pwd
        $CLI run --rm -w /made/here base sh -c 'pwd; ls -ld . ..' | cut -c1-10
        $CLI run --rm -w relative base pwd
        $CLI run --rm -w /file base pwd
        $CLI run --rm --workdir /dir/../tmp/ base pwd
        $CLI run --rm -w /link settings pwd
        $CLI run --rm settings pwd
        $CLI run --rm -w /dir -u sue base pwd
        """,
    "-u": """
        $CLI run --rm base id
        $CLI run --rm -u sue base id
        $CLI run --rm -u sue:staff base id
        $CLI run --rm -u 1234 base id
        $CLI run --rm -u 1234:50 base id
        $CLI run --rm -u bob base id
        $CLI run --rm -u bob:77 base id
        $CLI run --rm -u 4321 base id
        $CLI run --rm -u 4321:4322 base id
        $CLI run --rm -u 4321:staff base id
        $CLI run --rm -u 3000 base id
        $CLI run --rm -u 0 base id
        $CLI run --rm -u :staff base id
        """,
    "-u of nobody": """
        $CLI run --rm -u stranger base id
        $CLI run --rm -u sue:strangers base id
        $CLI run --name $N -u stranger base id
        $CLI ps -a --filter name=$N --format '{{.Status}}'
        $CLI run --rm -u -1 base id
        $CLI run --rm -u 99999999999 base id
        $CLI run --rm stranger id
        $CLI run --rm -u sue stranger id -un
        """,
    "USER of the image": """
        $CLI run --rm settings
        $CLI run --rm -u root settings id -un
        $CLI run --rm -u 0:0 settings id
        $CLI run --rm number id
        """,
    "a user's rights": """
        $CLI run --rm -u sue base sh -c 'echo x > /file'
        $CLI run --rm -u sue base sh -c 'echo x > /dir/new && cat /dir/new'
        $CLI run --rm -u sue base sh -c 'echo $HOME; cd ~ 2>/dev/null || echo no home'
        $CLI run --rm -u sue base sh -c 'touch /tmp/x /dev/shm/x && ls -ln /tmp/x | cut -c1-20'
        $CLI run --rm -u bob base ls /dir
        $CLI run --rm -u sue base sh -c 'echo out > /dev/stdout; echo err > /dev/stderr' 2>&1 | sort
        """,
    "--entrypoint": """
        $CLI run --rm words
        $CLI run --rm words other words
        $CLI run --rm --entrypoint printf words '%s-' a b
        $CLI run --rm --entrypoint /bin/pwd words
        $CLI run --rm --entrypoint '' words echo plain
        $CLI run --rm --entrypoint '' words
        $CLI run --rm --entrypoint nothing-there words
        $CLI run --rm shellform
        $CLI run --rm shellform not seen
        $CLI run --rm -e who=you shellform
        $CLI run --rm --entrypoint 'echo two' base
        """,
    "--hostname": """
        $CLI run --rm --hostname box base sh -c 'hostname; cat /etc/hostname; echo $HOSTNAME'
        $CLI run --name $N base hostname > name; test $(cat name) = $($CLI ps -aq --filter name=$N) && echo the id
        $CLI run --rm -h box.example.org base hostname
        $CLI run --rm --hostname 'two words' base hostname
        $CLI run --rm --hostname $(printf %064d 0) base hostname
        """,
    "/etc/hosts and the like": """
        $CLI run --rm --network none base cat /etc/hosts
        $CLI run --rm base sh -c 'for f in hosts hostname resolv.conf; do test -f /etc/$f && echo $f; done'
        $CLI run --rm base sh -c 'echo 1.2.3.4 other >> /etc/hosts && tail -n 1 /etc/hosts'
        """,
    "--label": """
        printf 'from=file\\n# comment\\nbare\\n' > labels
        $CLI create --name $N --label a=1 -l b='two words' --label c -l a=2 --label-file labels settings
        $CLI inspect -f '{{json .Config.Labels}}' $N
        $CLI create --label =x base
        """,
    "settings of the image": """
        $CLI run --rm settings
        $CLI run --rm settings sh -c 'echo $B; pwd'
        $CLI run --rm longtail sh -c 'cat /built; ls /file /dir' 2>/dev/null
        """,
}
