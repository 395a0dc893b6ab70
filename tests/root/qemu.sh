# SPDX-License-Identifier: GPL-2.0
# Debian's QEMU in the root partition: its file system is the second disk.
#
# A virtual machine NAME has a directory /tmp/vm/NAME: out is what its serial
# console said, in takes what is typed there; monitor and command are the same
# for QEMU's monitor; err is what QEMU itself said, status how it ended.

# Without the HPET Linux does not read its clock by exits; q35 has less to scan.
# The firmware speaks on the serial console.
machine() {
	case $1 in
	pc) echo pc,hpet=off,vmport=off,graphics=off ;;
	q35) echo q35,hpet=off,vmport=off,sata=off,smbus=off,graphics=off ;;
	esac
}

qemu_mount() {
	disk_mount || return
	mkdir -p /qemu /tmp/vm
	mount -t ext4 -o ro /dev/vdb /qemu || { echo "no file system with QEMU on /dev/vdb"; return 1; }
	for dir in dev proc sys tmp disk; do
		mount --bind "/$dir" "/qemu/$dir" || return
	done
	echo "QEMU $(cat /qemu/version)"
}

# vm_start NAME ARGUMENTS...: QEMU in the background, its console shown behind
# its name on the root's.
vm_start() {
	name=$1; shift
	vm=/tmp/vm/$name
	rm -rf "$vm"; mkdir -p "$vm"
	mkfifo "$vm/in" "$vm/command"
	: >"$vm/out"
	echo "$name: $*" >/dev/console
	{
		status=0
		LD_PRELOAD=$preload batch chroot /qemu /usr/bin/qemu-system-x86_64 -name "$name,debug-threads=on" -accel mshv \
			-display none -nodefaults \
			-chardev "file,id=console,path=$vm/out,input-path=$vm/in" -serial chardev:console \
			-chardev "file,id=monitor,path=$vm/monitor,input-path=$vm/command" -monitor chardev:monitor \
			"$@" 3<>"$vm/in" 4<>"$vm/command" </dev/null >"$vm/err" 2>&1 &
		echo $! >"$vm/pid"
		wait $! || status=$?
		echo "$status" >"$vm/status"
	} 2>/dev/null &
	{
		tail -f "$vm/out" 2>/dev/null &
		echo $! >"$vm/tail"
		wait
	} | tr -d '\r' | sed "s/^/$name| /" >/dev/console &
	until [ -s "$vm/pid" ] && [ -s "$vm/tail" ]; do usleep 10000; done
}

vm_over() { [ -e "/tmp/vm/$1/status" ]; }

# vm_wait NAME SECONDS CONDITION...: until it holds, as long as QEMU runs.
vm_wait() {
	name=$1 limit=$2; shift 2
	for tick in $(seq $((limit * 4))); do
		! "$@" || return 0
		! vm_over "$name" || break
		usleep 250000
	done
	"$@"
}

vm_said() { grep -Eq "$3" "/tmp/vm/$1/$2"; }

# vm_hear NAME PATTERN SECONDS: wait for these words on the console.
vm_hear() {
	vm_wait "$1" "$3" vm_said "$1" out "$2" ||
		{ echo "$1: no \"$2\" in $3 s; last: $(tail -n 1 "/tmp/vm/$1/out" | tr -d '\r')"; return 1; }
}

vm_type() { echo "$2" >"/tmp/vm/$1/in"; }

# vm_monitor NAME COMMAND PATTERN: type it and wait for what QEMU says to it.
vm_monitor() {
	echo "$2" >"/tmp/vm/$1/command"
	vm_wait "$1" 120 vm_said "$1" monitor "$3" ||
		{ echo "$1: \"$2\": $(tail -n 1 "/tmp/vm/$1/monitor")"; return 1; }
}

# The threads of QEMU that run VPs, by the name QEMU gives them.
vm_threads() { grep -l '^CPU' "/proc/$(cat "/tmp/vm/$1/pid")"/task/*/comm 2>/dev/null | cut -d / -f 5; }

# vm_signal NAME: send each VP's thread once more the signal that QEMU sends
# to get it out of MSHV_RUN_VP.
vm_signal() {
	for thread in $(vm_threads "$1"); do
		kill -USR1 "$thread" 2>/dev/null
	done
}

# vm_prod NAME COMMAND...: signals until the command succeeds. Each may be lost as the
# first was.
vm_prod() {
	prodded=$1; shift
	for try in $(seq 10); do
		vm_signal "$prodded"
		! vm_wait "$prodded" 10 "$@" || return 0
	done
	return 1
}

# vm_end NAME SECONDS: wait for QEMU's own end. A signal for a VP's thread that
# comes between two MSHV_RUN_VP is lost to QEMU, and no one sends another: the
# test does, and says so.
vm_end() {
	vm_wait "$1" "$2" vm_over "$1" || {
		for thread in $(vm_threads "$1"); do
			grep -E '^(Name|SigPnd|SigBlk)' "/proc/$(cat "/tmp/vm/$1/pid")/task/$thread/status"
		done | tr '\n' ' ' >"/tmp/vm/$1/threads"
		vm_prod "$1" vm_over "$1" || { vm_kill "$1"; echo "$1: does not end"; return 1; }
		skip "$1 ends by itself" "the signal to its VP came between two runs: $(cat "/tmp/vm/$1/threads")"
	}
	kill "$(cat "/tmp/vm/$1/tail")" 2>/dev/null
	sed "s/^/$1: /" "/tmp/vm/$1/err" >/dev/console
	[ "$(cat "/tmp/vm/$1/status")" -eq 0 ] ||
		{ echo "QEMU: status $(cat "/tmp/vm/$1/status"), $(tail -n 1 "/tmp/vm/$1/err")"; return 1; }
}

vm_kill() {
	kill -KILL "$(cat "/tmp/vm/$1/pid")"
	vm_wait "$1" 60 vm_over "$1" || { echo "$1: survives SIGKILL"; return 1; }
	kill "$(cat "/tmp/vm/$1/tail")" 2>/dev/null
}

# guest_start NAME MACHINE CPUS MEMORY WORDS MORE...: one with a kernel. Debian's
# does not start with less than 72 MiB, the one of this tree does.
guest_start() {
	name=$1 machine=$2 cpus=$3 memory=$4 words=$5; shift 5
	image=${kernel:-vmlinuz-cloud}
	[ "$memory" -ge 72 ] || image=bzImage
	vm_start "$name" -M "$(machine "$machine")" -smp "$cpus" -m "$memory" \
		-kernel "/disk/guest/$image" -initrd /disk/guest/initrd.cpio \
		-append "console=ttyS0 panic=-1 loglevel=5 $words" "$@"
}

# guest_qemu NAME MACHINE CPUS MEMORY WORDS MORE...: a guest from start to end.
guest_qemu() {
	guest_start "$@" -no-reboot
	vm_hear "$1" '^guest: [0-9]+ ok|not ok' 600 && vm_end "$1" 60 || { vm_over "$1" || vm_kill "$1"; return 1; }
	guest_judge "$1" "$3" "$4"
}

# guest_judge NAME CPUS MEMORY: what it said, among it what it was given.
guest_judge() {
	out=/tmp/vm/$1/said
	tr -d '\r' <"/tmp/vm/$1/out" >"$out"
	! grep -E "$trouble" "$out" || { echo "guest kernel complains"; return 1; }
	grep '^Linux .* GNU/Linux' "$out" || { echo "guest did not print uname"; return 1; }
	grep '^guest: [0-9]* ok$' "$out" || { echo "guest did not say ok"; return 1; }
	grep "^guest: $2 CPUs, [0-9]* KiB" "$out" || { grep '^guest: .* CPUs' "$out"; return 1; }
	has=$(sed -n 's/^guest: .* CPUs, \([0-9]*\) KiB/\1/p' "$out")
	[ "$has" -le $(($3 * 1024)) ] && [ "$has" -ge $((($3 - 60 - $3 / 32) * 1024)) ] ||
		{ echo "guest has $has KiB of $3 MiB"; return 1; }
}

# The command line of README.md, as a user types it.
guest_typed() {
	status=0
	batch chroot /qemu /usr/bin/qemu-system-x86_64 -accel mshv -M pc,hpet=off,vmport=off -m 128 -smp 2 \
		-nographic -nodefaults -serial stdio -no-reboot \
		-kernel /disk/guest/vmlinuz-cloud -initrd /disk/guest/initrd.cpio \
		-append "console=ttyS0 panic=-1 quiet guest.end=reset" </dev/null >/tmp/vm/typed 2>&1 || status=$?
	tr -d '\r' </tmp/vm/typed | sed 's/^/typed| /' | tee /dev/console
	[ "$status" -eq 0 ] || { echo "QEMU: status $status"; return 1; }
	tr -d '\r' </tmp/vm/typed | grep '^guest: 3 ok'
}

# counted FILE PATTERN N: it stands there that often.
counted() { [ "$(grep -Ec "$2" "$1")" -ge "$3" ]; }

# guest_matrix GUEST...: MACHINE:VPS:MEMORY:END each, one after the other.
guest_matrix() {
	for guest in "$@"; do
		IFS=: read -r machine cpus memory end <<-END
			$guest
		END
		name=$machine-$cpus-$memory
		check "$machine, $cpus VPs, $memory MiB, $end" \
			guest_qemu "$name" "$machine" "$cpus" "$memory" "guest.end=$end"
		check "nothing of it is left" ledger_zero
	done
}

# guest_resets NAME MACHINE CPUS: a guest that resets comes up again in the same QEMU.
guest_resets() {
	guest_start "$1" "$2" "$3" 128 guest.end=reset
	vm_hear "$1" '^guest: 3 ok' 600 || { vm_kill "$1"; return 1; }
	reset_again "$1"
}

# Reset by the monitor, while the guest is at work: the state is all new but for
# a halt, which QEMU does not end.
monitor_resets() {
	guest_start "$1" "$2" 1 128 guest.shell
	vm_hear "$1" '# ' 600 || { vm_kill "$1"; return 1; }
	vm_type "$1" 'while :; do :; done'
	sleep 2
	echo system_reset >"/tmp/vm/$1/command"
	reset_again "$1"
}

reset_again() {
	vm_wait "$1" 60 counted "/tmp/vm/$1/out" SeaBIOS 2 || {
		vm_prod "$1" counted "/tmp/vm/$1/out" SeaBIOS 2
		skip "$1 resets at the first signal" "it came between two runs of its VP"
	}
	vm_wait "$1" 600 counted "/tmp/vm/$1/out" '^guest: [0-9]* CPUs' 2
	again=$?
	vm_kill "$1"
	[ "$again" -eq 0 ] || { echo "not up again: $(tail -n 1 "/tmp/vm/$1/out")"; return 1; }
	! tr -d '\r' <"/tmp/vm/$1/out" | grep -E "$trouble" || { echo "guest kernel complains"; return 1; }
}

# Each starts, runs the firmware until it idles, is asked to end, leaves nothing.
start_stop() {
	for round in $(seq "$1"); do
		vm_start "stop$round" -M "$(machine pc)" -m 128
		vm_hear "stop$round" 'No bootable device' 120 || { vm_kill "stop$round"; return 1; }
		kill -TERM "$(cat "/tmp/vm/stop$round/pid")"
		vm_end "stop$round" 60 || return
		ledger_zero >/tmp/left || { echo "round $round: $(tail -n 1 /tmp/left)"; return 1; }
		deposited "$round" || return
		rm -rf "/tmp/vm/stop$round"
	done
	echo "$1 rounds"
}

# The root's own pool may keep what the first partition needed, and no more.
deposited() {
	now=$(awk '/^deposited/ { print $NF }' /sys/kernel/debug/mshv/ledger)
	[ "$1" -gt 1 ] || first=$now
	[ "$now" -le "$first" ] || { echo "round $1: the root's pool grew from $first to $now pages"; return 1; }
}

# kill_at SEED...: SIGKILL so many milliseconds after the start, from the seed.
# SeaBIOS maps memory anew in the first two seconds: each second seed is there.
kill_at() {
	for seed in "$@"; do
		after=$((seed * 7919 % (seed % 2 ? 2000 : 12000)))
		guest_start "kill$seed" pc 2 128 guest.end=hang
		usleep "$((after * 1000))"
		vm_kill "kill$seed" || return
		ledger_zero >/tmp/left || { echo "seed $seed, $after ms: $(tail -n 1 /tmp/left)"; return 1; }
		rm -rf "/tmp/vm/kill$seed"
	done
}

two_guests() {
	guest_qemu one pc 1 128 "" >/tmp/one &
	first=$!
	guest_qemu two q35 1 128 "" >/tmp/two
	second=$?
	wait "$first" || { cat /tmp/one; return 1; }
	[ "$second" -eq 0 ] || { cat /tmp/two; return 1; }
}

# What guests fetch from the root.
serve() {
	ifconfig lo 127.0.0.1 up
	httpd -p 127.0.0.1:8080 -h /disk/guest
	sum=$(sha256sum </disk/guest/initrd.cpio | cut -d ' ' -f 1)
}

# virtio-blk and virtio-net: what is read, written and fetched has the right sum.
devices() {
	dd if=/dev/zero of=/tmp/written bs=1M count=2 2>/dev/null
	kernel=bzImage guest_qemu "$1" "$2" 2 128 \
		"guest.disk=$sum guest.net=http://10.0.2.2:8080/initrd.cpio,$sum" \
		-object iothread,id=t0 \
		-drive file=/disk/guest/initrd.cpio,format=raw,if=none,id=d0,readonly=on \
		-device virtio-blk-pci,drive=d0,iothread=t0 \
		-drive file=/tmp/written,format=raw,if=none,id=d1 -device virtio-blk-pci,drive=d1,iothread=t0 \
		-netdev user,id=n0 -device virtio-net-pci,netdev=n0,romfile= || return
	grep '^guest: 5 ok$' "/tmp/vm/$1/said" || { echo "a device is missing"; return 1; }
	[ "$(head -c "$(stat -c %s /disk/guest/initrd.cpio)" /tmp/written | sha256sum | cut -d ' ' -f 1)" = "$sum" ] ||
		{ echo "what the guest wrote is not what it read"; return 1; }
}

# --- migration ---

# What the guest does meanwhile: it writes page after page.
work='n=0; while :; do n=$((n+1)); echo $n | sha256sum >/r$((n % 97)); echo "done $n"; usleep 50000; done'

# Slowly, so that the guest writes pages which have been sent. When QEMU has asked
# twice which, the guest stops, for a busy machine may never catch up with it.
migrate_out() {
	guest_start "$1" "$2" "$3" 128 guest.shell
	vm_hear "$1" '# ' 600 && vm_type "$1" "$work" && vm_hear "$1" '^done 3' 300 || return
	echo 'migrate_set_parameter max-bandwidth 30M' >"/tmp/vm/$1/command"
	echo 'migrate -d file:/tmp/vm/state' >"/tmp/vm/$1/command"
	migrate_until "$1" 'dirty_syncs=([2-9]|[1-9][0-9])' 150
	migrate_stop "$1" || { vm_kill "$1"; return 1; }
	tr -d '\r' <"/tmp/vm/$1/monitor" | sed -n '/Status:/,$p' | tail -n 14
	vm_said "$1" monitor 'Status:[[:space:]]*completed' || { vm_kill "$1"; echo "not completed"; return 1; }
	vm_said "$1" monitor 'dirty_syncs=([2-9]|[1-9][0-9])' || { echo "dirty pages were not asked for"; return 1; }
	migrate_state "$1"
}

# migrate_until NAME PATTERN TIMES: ask how it goes until that is the answer.
migrate_until() {
	for second in $(seq "$3"); do
		echo 'info migrate' >"/tmp/vm/$1/command"
		sleep 2
		tr -d '\r' <"/tmp/vm/$1/monitor" | grep -E '^Status|dirty_syncs' | tail -n 2 | tr '\n' ' ' >/dev/console
		! vm_said "$1" monitor "$2" || return 0
	done
	return 1
}

# migrate_stop NAME: the guest stops, what is left is sent. The signal that stops
# a VP may be lost, see vm_end.
migrate_stop() {
	ended='Status:[[:space:]]*(completed|failed)'
	echo stop >"/tmp/vm/$1/command"
	migrate_until "$1" "$ended" 30 && return
	vm_prod "$1" migrate_until "$1" "$ended" 1 || { echo "$1: does not stop"; return 1; }
	skip "$1 stops by itself" "the signal to its VP came between two runs"
}

# migrate_state NAME: all memory and the registers of a guest that stands still.
# RFLAGS is left out: it was once seen to differ, why is not known.
migrate_state() {
	echo 'info registers -a' >"/tmp/vm/$1/command"
	echo "pmemsave 0 0x8000000 \"/tmp/vm/$1.memory\"" >"/tmp/vm/$1/command"
	echo 'info version' >"/tmp/vm/$1/command"
	vm_wait "$1" 120 vm_said "$1" monitor '^[0-9.]+Debian' || { vm_kill "$1"; echo "$1: no memory"; return 1; }
	[ "$(stat -c %s "/tmp/vm/$1.memory")" -eq $((128 << 20)) ] || { vm_kill "$1"; echo "$1: not all memory"; return 1; }
	tr -d '\r' <"/tmp/vm/$1/monitor" >"/tmp/vm/$1.text"
	grep -E '^([ER][A-Z0-9]+ *=|[CDEFGS]S *=|LDT|TR *=|[GI]DT|CR0|EFER|FCW|FPR|XMM)' "/tmp/vm/$1.text" |
		sed 's/ RFL=.*//' >"/tmp/vm/$1.state"
	echo quit >"/tmp/vm/$1/command"
	vm_end "$1" 60
}

# Into another QEMU, where it stands still: memory and registers are the same.
migrate_in() {
	guest_start "$2" "$3" "$4" 128 guest.shell -S -incoming file:/tmp/vm/state
	for second in $(seq 60); do
		echo 'info status' >"/tmp/vm/$2/command"
		sleep 2
		! vm_said "$2" monitor 'status: (paused|running)( .prelaunch.)?[[:space:]]*$' || break
	done
	migrate_state "$2" || return
	cat "/tmp/vm/$2.state"
	[ "$(wc -l <"/tmp/vm/$2.state")" -gt 20 ] || { echo "no registers"; return 1; }
	diff "/tmp/vm/$1.state" "/tmp/vm/$2.state" && memory_same "/tmp/vm/$1.memory" "/tmp/vm/$2.memory" &&
		rm "/tmp/vm/$1.memory" "/tmp/vm/$2.memory" /tmp/vm/state
}

# All of it, but for the first words of one page: a reference TSC page is the
# hypervisor's and says something else in a new partition.
memory_same() {
	sha256sum "$@"
	cmp -l "$@" | awk '
	{ at = $1 - 1; page = int(at / 4096); if (at % 4096 >= 24 || (n++ && page != only)) bad++; only = page }
	END { print n + 0 " bytes differ, " bad + 0 " of them beyond a reference TSC page"; exit bad > 0 }'
}

# --- Debian on a disk ---

# A device with a thread of its own raises its interrupts by eventfd.
disk_boot() {
	name=$1 machine=$2; shift 2
	echo 1 >/sys/kernel/tracing/events/mshv/mshv_interrupt/enable
	vm_start "$name" -M "$(machine "$machine")" -smp 2 -m 512 \
		-object iothread,id=t0 \
		-drive file=/dev/vdc,format=raw,if=none,id=d0 -device virtio-blk-pci,drive=d0,iothread=t0 \
		-netdev user,id=n0 -device virtio-net-pci,netdev=n0,romfile= "$@"
	vm_hear "$name" 'GRUB starts Debian' 300 && vm_hear "$name" 'guest login:' 1200 ||
		{ tail -n 3 "/tmp/vm/$name/err"; vm_kill "$name"; return 1; }
	vm_type "$name" root
	vm_hear "$name" 'bash-.*# ' 300
}

disk_command() {
	vm_type "$1" 'echo $(nproc) CPUs, $(uname -r), $(cat /etc/debian_version)'
	vm_hear "$1" '^2 CPUs, .*cloud-amd64, 13' 120 || return
	vm_type "$1" 'grep virtio /proc/interrupts'
	vm_hear "$1" 'PCI-MSI.*virtio0-req' 120
}

disk_fetch() {
	vm_type "$1" 'wget -q -O - http://10.0.2.2:8080/initrd.cpio | sha256sum'
	vm_hear "$1" "^$sum" 300
}

disk_off() {
	vm_type "$1" 'systemctl start poweroff.target'
	vm_end "$1" 600 && tr -d '\r' <"/tmp/vm/$1/out" | grep 'reboot: Power down'
}

# Interrupts that the driver asserted for an eventfd, and doorbells that came.
events_used() {
	interrupts=$(grep -c 'mshv_interrupt:.*ret=0' /sys/kernel/tracing/trace)
	doorbells=$(sed -n 's/^doorbells *: //p' /sys/kernel/debug/mshv/synic)
	echo "$interrupts interrupts of eventfds (of those that the trace holds), $doorbells doorbells"
	[ "$interrupts" -gt 100 ] && [ "$doorbells" -gt 100 ]
}

# --- the register page ---

# guest_words NAME: what the guest said that depends on nothing but the guest.
guest_words() { grep -E '^(Linux|guest: [0-9]* (CPUs|ok)|numbers)' "/tmp/vm/$1/said"; }

# With the register page, and with a QEMU that cannot map it.
same_guest() {
	guest_qemu page pc 2 128 guest.end=reset || return
	cp /lib/no-register-page.so /tmp/
	preload=/tmp/no-register-page.so guest_qemu calls pc 2 128 guest.end=reset || return
	grep -i 'register page' /tmp/vm/calls/err || { echo "the page was mapped"; return 1; }
	! grep -i 'register page' /tmp/vm/page/err || return
	[ "$(guest_words page)" = "$(guest_words calls)" ] || { guest_words page; guest_words calls; return 1; }
}
