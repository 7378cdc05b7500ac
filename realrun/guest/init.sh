#!/bin/sh
# The first process in a guest. It runs from the initial ram disk, on a static busybox:
# load drivers, mount the image, run its command, tell the host how it ended, switch off.
#
# Channels lead to the host: 3 = control (lines), 4 = the program's output, 5 = its errors, and
# 6 = its input, if the host has any.
# `mark NAME` tells what has been reached and the kernel's own clock (seconds since it started).

now() { read -r uptime _ < /proc/uptime; }
mark() { now; echo "mark $1 $uptime" >&3; }

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

# The program's input comes in pieces, each asked for: how many bytes on a line, then these; 0 is
# the end.
feed() {
	while echo more >&3; until read -r count; do usleep 10000; done; [ "$count" -gt 0 ]; do
		dd bs="$count" count=1 iflag=fullblock 2> /dev/null
	done
}

all_exist() {
	for name; do [ -e "$name" ] || return 1; done
}

mount -t proc proc /proc
now; init_at=$uptime
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev 2>/dev/null || mdev -s
for module in /modules/*.ko; do
	[ -e "$module" ] && insmod "$module"
done
rm -rf /modules

. /instance/settings
# Unquoted on purpose: the names may be patterns.
tries=0
until set -- $CONTROL $OUTPUT $ERRORS $INPUT; all_exist "$@"; do
	tries=$((tries + 1)); [ $tries -gt 500 ] && echo "realrun: no channel to the host" && poweroff -f
	usleep 10000
done
if [ "$RAW" ]; then
	for line; do stty -F "$line" raw -echo; done
fi
# A port's name may appear a moment before the port can be opened. A failed `exec` would end the
# shell, and the first process must not end; with `command` in front it may be tried again.
until command exec 3<> "$1"; do usleep 1000; done
until command exec 4> "$2"; do usleep 1000; done
until command exec 5> "$3"; do usleep 1000; done
[ "$INPUT" ] && until command exec 6< "$4"; do usleep 1000; done
echo "mark kernel $init_at" >&3
mark drivers

mount -t ext4 -o noatime "$DISK" /root || { echo "fail cannot mount $DISK" >&3; poweroff -f; }
rmdir /root/lost+found 2> /dev/null # belongs to the file system, not to the image
for name in proc sys dev; do
	[ -d "/root/$name" ] || mkdir -p "/root/$name"
	mount --bind "/$name" "/root/$name"
done
hostname "$HOST_NAME"
ip link set lo up
[ -d "/root$CWD" ] || mkdir -p "/root$CWD"
mark "root-disk"

# The host asks what is held, and says goodbye when it has heard everything.
while read -r word <&3; do
	case $word in memory) tell_memory ;; bye) poweroff -f ;; esac
done &

input=/dev/null
if [ "$INPUT" ]; then
	input=/input
	mkfifo $input
	feed <&6 > $input 4>&- 5>&- 6>&- &
fi
sh /instance/command < $input >&4 2>&5 3>&- 4>&- 5>&- 6>&-
code=$?
for name in dev sys proc; do umount "/root/$name" 2> /dev/null; done
umount /root 2> /dev/null || mount -o remount,ro /root 2> /dev/null
# A sign behind all that the program wrote, since each channel has buffers of its own.
printf %s "$END" >&4
printf %s "$END" >&5
echo "exit $code" >&3
# The first process must never end: the kernel would panic.
while :; do
	wait
	usleep 100000
done
