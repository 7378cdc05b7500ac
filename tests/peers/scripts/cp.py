# ruff: noqa: E501 - a line of a script is one line
"""cp, both ways."""

from __future__ import annotations

CP = {
    "cp a file out": """
        $CLI create --name $N base true
        $CLI cp $N:/file copied
        cat copied
        $CLI cp $N:/file .
        mkdir d; $CLI cp $N:/file d
        $CLI cp $N:file d/other
        $CLI cp $N:/file nosuch/x
        $CLI cp $N:/file nosuch/
        $CLI cp $N:/nosuch .
        $CLI cp nosuchone:/file .
        find . | sort
        """,
    "cp a file in": """
        echo new > f; chmod 640 f; mkdir d
        $CLI create --name $N base sh -c 'cat /f /file /dir/f /dir/g; stat -c "%a %u %g" /f'
        $CLI cp f $N:/
        $CLI cp f $N:/file
        $CLI cp f $N:/dir
        $CLI cp f $N:/dir/g
        $CLI cp f $N:/dir/f/
        $CLI cp f $N:/nosuch/
        $CLI cp f $N:/nosuch/x
        $CLI cp nosuch $N:/
        $CLI start -a $N
        """,
    "cp a directory out": """
        $CLI create --name $N base true
        $CLI cp $N:/dir new
        mkdir old; $CLI cp $N:/dir old
        mkdir into; $CLI cp $N:/dir/. into
        $CLI cp $N:/dir/. made
        $CLI cp $N:/dir/ slash
        echo x > file; $CLI cp $N:/dir file
        $CLI cp $N:/dir file/
        $CLI cp $N:/file/ x
        find . | sort
        """,
    "cp a directory in": """
        mkdir -p d/sub; echo 1 > d/one; echo 2 > d/sub/two; chmod 700 d/sub
        $CLI create --name $N base find /new /dir /made /tmp
        $CLI cp d $N:/new
        $CLI cp d $N:/dir
        $CLI cp d/. $N:/dir
        $CLI cp d/. $N:/made
        $CLI cp d/ $N:/tmp
        $CLI cp d $N:/file
        $CLI cp d $N:/nosuch/
        $CLI cp d $N:/nosuch/x
        $CLI cp d $N:/tmp/deeper/
        $CLI start -a $N | sort
        """,
    "cp of links": """
        $CLI create --name $N base sh -c 'readlink /l; cat /k; ls /dir'
        ln -s nowhere l; echo target > t; ln -s t k
        $CLI cp l $N:/
        $CLI cp k $N:/
        $CLI cp -L k $N:/
        $CLI cp t $N:/link
        $CLI cp $N:/flink .; readlink flink
        $CLI cp -L $N:/flink followed; cat followed
        $CLI cp $N:/link .; readlink link
        $CLI cp $N:/link/ dereferenced; ls dereferenced
        $CLI cp $N:/dangling .; readlink dangling
        $CLI cp -L $N:/dangling x
        $CLI start -a $N
        """,
    "cp through links stays inside": """
        $CLI create --name $N base sh -c 'ln -s /etc /abs; ln -s ../../../../etc /rel; ls /etc/mine'
        $CLI start -a $N
        echo mine > mine; $CLI cp mine $N:/abs
        $CLI cp mine $N:/rel/other
        $CLI cp $N:/abs/mine got; cat got
        $CLI cp $N:../../etc/mine got3; cat got3
        $CLI start -a $N
        """,
    "cp as a stream": """
        $CLI create --name $N base sh -c 'cat /dir/f; find /dir/d'
        $CLI cp $N:/file - | tar tf -
        $CLI cp $N:/dir - | tar tf - | sort
        $CLI cp $N:/dir/. - | tar tf - | sort
        echo in > f; tar cf - f | $CLI cp - $N:/dir
        mkdir -p d/e; tar cf - d | $CLI cp - $N:/dir
        tar cf - f | $CLI cp - $N:/nosuch
        tar cf - f | $CLI cp - $N:/file
        echo no archive | $CLI cp - $N:/dir
        $CLI cp - -
        $CLI cp f d
        $CLI cp $N:/file $N:/x
        $CLI start -a $N
        """,
    "cp of owners and modes": """
        $CLI create --name $N base sh -c 'chown 1234:77 /file; chmod 4750 /file; ln /file /hard; mkfifo /fifo; mkdir /x; touch /x/y; chmod 000 /x/y; chmod 500 /x'
        $CLI start -a $N
        $CLI cp $N:/file - | tar tvf - --numeric-owner | cut -c1-22
        $CLI cp $N:/file .; stat -c '%a %u %g' file
        $CLI cp -a $N:/file kept; stat -c '%a %u %g' kept
        $CLI cp $N:/x .; stat -c '%a' x x/y
        chown 55:66 file; $CLI cp file $N:/back; $CLI cp -a file $N:/kept
        $CLI cp $N:/back - | tar tvf - --numeric-owner | cut -c1-22
        $CLI cp $N:/kept - | tar tvf - --numeric-owner | cut -c1-22
        """,
    "cp of times": """
        touch -d @1500000000 f; $CLI create --name $N base stat -c %Y /f
        $CLI cp f $N:/
        $CLI start -a $N
        $CLI cp $N:/f back; stat -c %Y back
        """,
    "cp with a running container": """
        $CLI run -d --name $N --tmpfs /t -v /v base sh -c 'echo ready; sleep 60'
        ready $N
        echo x > f; $CLI cp f $N:/f
        $CLI exec $N cat /f
        $CLI exec $N sh -c 'echo inside > /g; echo in the volume > /v/g'
        $CLI cp $N:/g .; cat g
        $CLI cp $N:/v/g h; cat h
        $CLI cp f $N:/v/
        $CLI exec $N cat /v/f
        """,
    "cp into volumes and binds": """
        mkdir here; echo x > f
        $CLI create --name $N -v $PWD/here:/b -v $PWD/here:/ro:ro -v /v base sh -c 'cat /v/f'
        $CLI cp f $N:/b
        cat here/f
        $CLI cp f $N:/ro
        $CLI cp f $N:/v
        $CLI start -a $N
        $CLI cp $N:/b/f out; cat out
        """,
    "cp of odd names": """
        $CLI create --name $N base sh -c 'touch "/a b" /-dash "/c:d"; cat "/e f"'
        $CLI start -a $N
        $CLI cp "$N:/a b" .; ls
        $CLI cp "$N:/-dash" .; ls ./-dash
        $CLI cp "$N:/c:d" got; ls got
        echo colon > ./x:y; $CLI cp ./x:y $N:/xy
        echo blank > 'e f'; $CLI cp 'e f' $N:/
        $CLI start -a $N
        $CLI cp
        $CLI cp $N:/file
        """,
    "cp of everything": """
        $CLI create --name $N silent x
        $CLI cp $N:/ all; find all -type f | grep -v -e all/etc/ -e all/dev/ -e all/.dockerenv
        $CLI cp $N:/a.txt . && cat a.txt
        """,
}
