#!/bin/sh
# The first process in a guest. It runs from the initial ram disk, on a static busybox:
# load drivers, mount the image, run programs in it, tell the host how they ended, switch off.
#
# Channels lead to the host. One is for control: 3, lines in both directions. Each program has a
# number, a channel for its input and output (6), and, without a terminal, one for its errors (5).
# Number 0 is the guest's own program, others are run when the host asks.
# `mark NAME` tells what has been reached and the kernel's own clock (CLOCK_MONOTONIC, nanoseconds);
# before there is a channel, that is kept to be told later (`was`).
#
# At level `distro` it does the first half, and then makes way for the system on the second disk; that
# runs it again, as a service (`init guest`), for the second half. At level `snapshot` it waits between
# the halves until the machine has been saved; it goes on in another.

now() { { read -r _; read -r _; read -r _ _ time _; } < /proc/timer_list; }
mark() { now; echo "mark $1 $time" >&3; }
switch_off() { if [ $$ = 1 ]; then poweroff -f; else kill $$; fi; }

# The device of a disk; QEMU's are found by what they are called.
find_disk() {
	path=$1
	for folder in /sys/block/vd*; do
		read -r serial < "$folder/serial"
		[ "$serial" = "$1" ] && path=/dev/${folder##*/}
	done 2> /dev/null
}

# An answer to the host's question: what the guest's kernel and the program hold, in kB.
tell_memory() {
	while read -r key value _; do
		case $key in MemTotal:|MemFree:|Buffers:|Cached:|Shmem:|Slab:|KernelStack:|PageTables:)
			echo "memory $key $value" >&3 ;;
		esac
	done < /proc/meminfo
	program=0 program_files=0
	for folder in /proc/[0-9]*; do
		[ "$(readlink "$folder/root")" = /root ] || continue
		while read -r key value _; do
			case $key in
			Pss:) program=$((program + value)) ;;
			Pss_File:) program_files=$((program_files + value)) ;;
			esac
		done < "$folder/smaps_rollup"
	done
	echo "memory Program: $program" >&3
	echo "memory ProgramFiles: $program_files" >&3
	echo "memory end 0" >&3
}

# Find the device of a channel: its name may be a pattern, and appears late.
find_channel() {
	tries=0
	until set -- $PORT$1; [ -e "$1" ]; do # unquoted on purpose
		tries=$((tries + 1)); [ $tries -gt 3000 ] && return 1
		usleep 10000
	done
	[ "$RAW" ] && stty -F "$1" raw -echo
	path=$1
}

# A program's input comes in pieces, each asked for: a sign and how many bytes on a line, then
# these; 0 is the end. What an earlier program has left on the channel has another sign.
feed() {
	while echo "more $number" >&3; do
		until read -r begins count && [ "$begins" = "$SIGN" ]; do usleep 10000; done
		[ "$count" -gt 0 ] || break
		dd bs="$count" count=1 iflag=fullblock 2> /dev/null
	done <&6
}

# Run the program of a number, in a process of its own. Its arguments: the sign that ends its output
# (and begins it, if it is not the first on its channel), whether it has input, the size of its
# terminal (- for none).
program() {
	number=$1 SIGN=$2 has_input=$3 rows=$4 columns=$5
	folder=/programs/$number first=$((FIRST + 2 * number))
	# A port's name may appear a moment before the port can be opened. A failed `exec` would end
	# the shell; with `command` in front it may be tried again.
	find_channel $first && until command exec 6<> "$path"; do usleep 1000; done
	if [ "$number" = 0 ]; then tell_output "$path" & fi
	if [ "$rows" = - ]; then
		find_channel $((first + 1)) && until command exec 5> "$path"; do usleep 1000; done
	fi
	if [ "$number" != 0 ]; then
		printf %s "$SIGN" >&6
		[ "$rows" != - ] || printf %s "$SIGN" >&5
		feed > "$folder/command"
	fi
	if [ "$rows" = - ]; then with_pipes; else with_terminal; fi
	rm -f "$folder/pid"
	[ "$number" = 0 ] && settle
	# A sign behind all that the program wrote, since each channel has buffers of its own.
	printf %s "$SIGN" >&6
	[ "$rows" != - ] || printf %s "$SIGN" >&5
	echo "exit $number $code" >&3
}

# When the program has said its first word. What comes first may also be the sign of its end: the
# host knows whether there was any output.
tell_output() {
	helper - "$1"
	[ $? = 16 ] && mark first-word
}

with_pipes() {
	input=/dev/null
	if [ "$has_input" = 1 ]; then
		input=$folder/input
		rm -f "$input"
		mkfifo "$input"
		feed > "$input" &
		feeder=$!
	fi
	[ "$number" = 0 ] && mark command
	helper /bin/sh "$folder/command" < "$input" >&6 2>&5 3>&- 5>&- 6>&- &
	pid=$!
	echo $pid > "$folder/pid"
	wait $pid
	code=$?
	[ "$has_input" = 1 ] && kill $feeder 2> /dev/null
}

# The terminal's end for the program is 8, ours 7: it says that all is over when nobody has 8 open.
# The program is not the one to whom the terminal belongs: with that process goes what has not been
# read. So there is a leader, which has no 8, ends behind the reader, and a second after the program
# at the latest. Ctrl-C is not for it.
LEADER='
	trap "" INT QUIT
	helper /bin/sh "$0/command" <&8 >&8 2>&8 8>&- &
	pid=$!
	echo $pid > "$0/pid"
	exec < /dev/null > /dev/null 2>&1 8>&-
	wait $pid
	code=$?
	tries=0
	while [ -d "/proc/$1" ] && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		usleep 10000
	done
	exit $code'

with_terminal() {
	exec 7<> /dev/ptmx
	helper <&7 # it is locked
	while read -r key value; do
		[ "$key" = tty-index: ] && terminal=/dev/pts/$value
	done < /proc/self/fdinfo/7
	feed >&7 &
	feeder=$!
	exec 8<> "$terminal"
	stty rows "$rows" cols "$columns" <&8
	echo "$terminal" > "$folder/terminal"
	cat <&7 >&6 3>&- 7>&- 8>&- 2> /dev/null &
	reader=$!
	[ "$number" = 0 ] && mark command
	helper /bin/setsid -c sh -c "$LEADER" "$folder" $reader <&8 >&8 2>&8 3>&- 6>&- 7>&- &
	leader=$!
	exec 8>&-
	wait $leader
	code=$?
	wait $reader
	kill $feeder 2> /dev/null
}

# Nothing of what was written is to be on its way any more. What was mounted last goes first.
settle() {
	places=
	while read -r _ place _; do
		case $place in /root|/root/*|/shares*) places="$place $places" ;; esac
	done < /proc/mounts
	for place in $places; do umount "$place" 2> /dev/null; done
	mount -o remount,ro /root 2> /dev/null
	sync
}

# A program may be asked for and not have begun.
pid_of() {
	tries=0
	until read -r pid < "/programs/$1/pid"; do
		tries=$((tries + 1)); [ $tries -gt 100 ] && return 1
		usleep 10000
	done 2> /dev/null
}

# The system on the second disk becomes the root, with what we need of ours in its /run.
give_way() {
	now; echo "was drivers $time" >> /instance/marks
	find_disk "$SYSTEM"
	if ! mount -t ext4 -o noatime "$path" /system; then
		echo "realrun: cannot mount $SYSTEM"
		poweroff -f
	fi
	now; echo "was system-disk $time" >> /instance/marks
	mount -t tmpfs -o mode=755 run /system/run
	ours=/system/run/realrun units=/system/run/systemd/system
	mkdir -p $ours $units/multi-user.target.wants
	cp -a /bin /etc /init /instance /programs $ours
	for name in dev proc sys root; do mkdir $ours/$name; done
	cp /instance/unit $units/realrun.service
	ln -s ../realrun.service $units/multi-user.target.wants/
	echo "$HOST_NAME" > /system/etc/hostname
	for name in dev proc sys; do mount --move /$name /system/$name; done
	exec switch_root /system /sbin/init
}

# Saved here, and on from here in another machine: it is told what time it is, what to run, and
# something that only it knows, for the random numbers. They are made of a seed that all machines
# that go on from here share, and that is renewed when it is older than it may be
# (drivers/char/random.c): so first we wait until it is, and then the news come before the first use.
go_on() {
	now; sleep $((2 + time / 1000000000))
	mark saved
	read -r _ <&3
	mark restore
	read -r seconds rest seed size <&3
	echo "$seed" > /dev/urandom
	# The clock is set to whole seconds: behind by a part of one, which it makes up for when the
	# next one begins; unless that is so little that a moment's delay would set it back.
	date -s "@$seconds" > /dev/null
	now; set_at=$time
	{
		usleep "$rest"
		now
		[ $((time - set_at)) -lt 950000000 ] && date -s "@$((seconds + 1))" > /dev/null
	} &
	dd bs="$size" count=1 iflag=fullblock <&3 2> /dev/null | cpio -iu 2> /dev/null
	. /instance/settings
	mark resume
}

if [ "$1" != guest ]; then
	mount -t proc proc /proc
	now; echo "was kernel $time" > /instance/marks
	mount -t sysfs sysfs /sys
	mount -t devtmpfs dev /dev 2>/dev/null || mdev -s
	for module in /modules/*.ko; do
		[ -e "$module" ] && insmod "$module"
	done
	rm -rf /modules
fi

. /instance/settings
[ "$LEVEL $1" = "distro " ] && give_way
if ! find_channel $((FIRST - 1)); then
	echo "realrun: no channel to the host"
	switch_off
fi
until command exec 3<> "$path"; do usleep 1000; done
while read -r line; do echo "$line"; done < /instance/marks >&3
if [ "$1" = guest ]; then mark system; else mark drivers; fi
[ "$LEVEL" = snapshot ] && go_on

find_disk "$DISK"
mount -t ext4 -o noatime "$path" /root || { echo "fail cannot mount $DISK" >&3; switch_off; }
rmdir /root/lost+found 2> /dev/null # belongs to the file system, not to the image
mkdir /dev/pts /dev/shm 2> /dev/null
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o "mode=1777,size=$SHM" shm /dev/shm
for name in proc sys dev dev/pts dev/shm; do
	[ -d "/root/$name" ] || mkdir -p "/root/$name"
	mount --bind "/$name" "/root/$name"
done
hostname "$HOST_NAME"
ip link set lo up
[ -d "/root$CWD" ] || mkdir -p "/root$CWD"
. /instance/mounts
mark "root-disk"

# The host asks what is held, sends signals and more programs, and says goodbye when it has heard
# everything.
while read -r word number rest <&3; do
	case $word in
	memory) tell_memory ;;
	run)
		mkdir -p "/programs/$number"
		rm -f "/programs/$number/pid"
		program "$number" $rest & ;;
	signal) pid_of "$number" && kill "-$rest" "$pid" && echo "heard $number" >&3 ;;
	size)
		read -r terminal < "/programs/$number/terminal" &&
			stty -F "$terminal" rows "${rest% *}" cols "${rest#* }" ;;
	clock) now; echo "clock $time" >&3 ;;
	bye) switch_off ;;
	esac
done 2> /dev/null &

program 0 "$END" "$INPUT" "$ROWS" "$COLUMNS" &
# The first process must never end: the kernel would panic.
while :; do
	wait
	usleep 100000
done
