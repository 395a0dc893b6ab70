# SPDX-License-Identifier: GPL-2.0
# How a job says what it saw. Lines go to the console for people and to the
# second serial port for the judge, which does not trust the console.

report() {
	echo "$*"
	echo "$*" >/dev/ttyS1
	echo "$*" >>/tmp/report
}

# word NAME: the value of NAME=VALUE on the kernel command line.
word() { sed -n "s/.*\\b$1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }

ok() { report "ok $1"; }
not_ok() { report "not ok $1: $2"; }
skip() { report "skip $1: $2"; }

# check WHAT COMMAND...: the last line the command prints says why it failed.
check() {
	what=$1; shift
	if "$@" >/tmp/check.log 2>&1; then
		ok "$what"
	else
		status=$?
		cat /tmp/check.log
		not_ok "$what" "$(tail -n 1 /tmp/check.log) (status $status)"
		return 1
	fi
}

verdict() {
	if grep -q '^ok ' /tmp/report && ! grep -Eq '^(not ok|error) ' /tmp/report; then
		report "verdict pass"
	else
		report "verdict fail"
	fi
}

# --- what a root partition must show ---

is_root() { dmesg | grep 'Hyper-V: running as the root partition' || { echo "dmesg does not say so"; return 1; }; }

# Lines of a kernel log that it would not have when all was well.
trouble='^\[ *[0-9]+\.[0-9]+\] (WARNING: |BUG[: ]|watchdog: BUG|Oops|Kernel panic|-+\[ cut here|rcu: INFO: .*stall|unchecked MSR|UBSAN: |INFO: (task|trying|lockdep)|kmemleak: ([0-9]+ new|.*disabled)|.*No irq handler for)'

no_warning() { ! dmesg | grep -E "$trouble"; }

# Memory that nothing points to any more. What is younger than 5 s may be on its
# way into a list, so look, wait, and look again.
no_leak() {
	leaks=/sys/kernel/debug/kmemleak
	for second in 6 0; do
		echo scan >"$leaks" || return
		sleep $second
	done
	! grep . "$leaks"
}

disk_mount() { grep -q ' /disk ' /proc/mounts || mount -t ext4 -o ro /dev/vda /disk; }

disk_sums() {
	disk_mount || return
	(cd /disk && sha256sum -c manifest) >/tmp/sums && return
	grep -v ': OK$' /tmp/sums
	return 1
}

# The disk's interrupts must be MSI-X ones that arrived, not the poll of a timeout.
disk_interrupts() {
	awk '/virtio.*req/ { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i; if ($0 ~ /MSI/) msi = 1 }
	     END { print "virtio-blk request interrupts: " n + 0; exit !(n > 0 && msi) }' /proc/interrupts
}

mshv_there() { [ -c /dev/mshv ] || { echo "no /dev/mshv"; return 1; }; }

# guest KERNEL: boots it under the sample VMM, its words shown as they come. It
# keeps to warnings and worse: each character is an exit or two.
guest() {
	{
		status=0
		timeout -s KILL 120 /bin/mshv-vmm --kernel "$1" --initrd /disk/guest/initrd.cpio \
			--memory 256 --cmdline "console=ttyS0 panic=-1 loglevel=5 initcall_blacklist=hv_acpi_init" </dev/null 2>&1 || status=$?
		echo "$status" >/tmp/guest.status
	} | tee /tmp/guest.log | sed 's/\r$//; s/^/guest| /' >/dev/console
	status=$(cat /tmp/guest.status)
	tr -d '\r' </tmp/guest.log >/tmp/guest.txt
	[ "$status" -eq 0 ] || { echo "VMM: status $status, $(tail -n 1 /tmp/guest.txt)"; return 1; }
	! grep -E "$trouble" /tmp/guest.txt || { echo "guest kernel complains"; return 1; }
	grep '^Linux .* GNU/Linux' /tmp/guest.txt || { echo "guest did not print uname"; return 1; }
	grep '^guest: [0-9]* ok$' /tmp/guest.txt || { echo "guest did not say ok"; return 1; }
}

# A kernel that is none must end the VMM with one line and status 1.
guest_corrupt() {
	status=0
	timeout -s KILL 30 /bin/mshv-vmm --kernel /disk/guest/corrupt </dev/null >/tmp/corrupt.log 2>&1 || status=$?
	cat /tmp/corrupt.log
	[ "$status" -eq 1 ] || { echo "VMM: status $status, wanted 1"; return 1; }
	[ "$(wc -l </tmp/corrupt.log)" -eq 1 ] || { echo "VMM: wanted one line"; return 1; }
}

# Nothing of a partition is left: no page pinned, mapped or quarantined.
ledger_zero() {
	cat /sys/kernel/debug/mshv/ledger
	# The root itself has a directory there, but no ledger
	! ls -d /sys/kernel/debug/mshv/partition/*/ledger 2>/dev/null || { echo "a partition is left"; return 1; }
	awk '/^(pinned|mapped|state|quarantined|faults)/ && $NF != 0 { print "left: " $0; bad = 1 }
	     END { exit bad }' /sys/kernel/debug/mshv/ledger
}

check_root() {
	check "Linux is the root partition" is_root
	check "every CPU is inside the hypervisor" contained
	check "disk contents are right" disk_sums
	check "disk interrupts arrive as MSI-X" disk_interrupts
}

# --- devices of the root ---

# irqs PATTERN KIND: interrupts of these lines of /proc/interrupts, all of them
# of that kind ("MSI", "fasteoi"); fails when there are none.
irqs() {
	awk -v pattern="$1" -v kind="$2" '
	$0 ~ pattern {
		for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i
		if ($0 !~ kind) other = $0
	}
	END {
		if (other) print "not " kind ": " other
		else if (!n) print "no interrupt of " pattern
		else print n
		exit other || !n
	}' /proc/interrupts
}

# Reads what is there, writes a file, reads that back from the device.
disk_roundtrip() {
	disk=$1 at=/mnt/${1##*/}
	[ -b "$disk" ] || { echo "no $disk"; return 1; }
	mkdir -p "$at"
	mount -t ext4 "$disk" "$at" || { echo "cannot mount $disk"; return 1; }
	(cd "$at" && sha256sum -c manifest) >"/tmp/sums.${disk##*/}" || { grep -v ': OK$' "/tmp/sums.${disk##*/}"; return 1; }
	dd if=/dev/urandom of="/tmp/random.${disk##*/}" bs=64k count=64 2>/dev/null
	cp "/tmp/random.${disk##*/}" "$at/random" || return 1
	umount "$at" || return 1
	mount -t ext4 "$disk" "$at" || { echo "cannot mount $disk again"; return 1; }
	cmp "/tmp/random.${disk##*/}" "$at/random" || return 1
	rm -f "/tmp/random.${disk##*/}"
	umount "$at"
}

# Name of the network interface that a driver has.
net_of() {
	for net in /sys/class/net/*; do
		[ "$(basename "$(readlink "$net/device/driver")")" = "$1" ] || continue
		basename "$net"
		return
	done
	echo "no interface of $1"
	return 1
}

# net_up DRIVER SUBNET: QEMU's own network behind the card, 10.0.SUBNET.0.
net_up() {
	net=$(net_of "$1") || { echo "$net"; return 1; }
	ifconfig "$net" "10.0.$2.15" netmask 255.255.255.0 up || return 1
	for second in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(cat "/sys/class/net/$net/carrier")" = 1 ] && return
		sleep 1
	done
	echo "$net has no carrier after $second s"
	return 1
}

# net_get SUBNET: the guest's initramfs as QEMU sends it must be the one whose
# sum the disk's manifest has.
net_get() {
	disk_mount || return
	# Our side stays open until the other one is up: a FIN that overtakes it ends the transfer
	sum=$(sleep 1 | timeout 60 nc "10.0.$1.100" 9 | sha256sum | cut -d ' ' -f 1)
	grep -q "^$sum .*guest/initrd.cpio" /disk/manifest || { echo "wrong sum of what 10.0.$1.100 sent: $sum"; return 1; }
}

# hv_say LINE: to the hypervisor, on the port of its log, a byte at a time.
hv_say() {
	words=$1
	while [ -n "$words" ]; do
		printf %c "$words" | dd of=/dev/port bs=1 seek=233 conv=notrunc 2>/dev/null || return
		words=${words#?}
	done
	echo | dd of=/dev/port bs=1 seek=233 conv=notrunc 2>/dev/null
}

# Routes as the kernel sees them, and as the hypervisor: the judge compares.
routes_report() {
	routes >/tmp/routes || { tail -n 1 /tmp/routes; return 1; }
	cat /tmp/routes
	cat /tmp/routes >/dev/ttyS1
}

# Only where the hypervisor was told to refuse some, refused=N, may it have done so;
# that can lead to a few more.
refusals() {
	want=$(sed -n 's/.*\brefused=\([0-9]*\).*/\1/p' /proc/cmdline)
	have=$(dmesg | grep -c 'cannot \(un\)\?map device')
	dmesg | grep 'cannot \(un\)\?map device'
	echo "$have interrupts could not be mapped or unmapped, wanted ${want:-0}"
	[ "$have" -ge "${want:-0}" ] && [ "$((have > 0))" -eq "$((${want:-0} > 0))" ]
}

no_timeout() {
	! dmesg | grep -iE 'timeout, completion polled|QID .* timeout|exception Emask|Detected Tx Unit Hang|NETDEV WATCHDOG|blocked for more|nobody cared|lost its interrupt' |
		grep .
}
