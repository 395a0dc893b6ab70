# SPDX-License-Identifier: GPL-2.0
# Debian's QEMU in the root partition: its file system is the second disk.

qemu_mount() {
	disk_mount || return
	mkdir -p /qemu
	mount -t ext4 -o ro /dev/vdb /qemu || { echo "no file system with QEMU on /dev/vdb"; return 1; }
	for dir in dev proc sys tmp disk; do
		mount --bind "/$dir" "/qemu/$dir" || return
	done
	echo "QEMU $(cat /qemu/version)"
}


# guest_qemu LOG SECONDS MACHINE CPUS MEMORY WORDS MORE...: a guest from start to
# end, its console in LOG and, behind its name, on the root's.
guest_qemu() {
	log=$1 limit=$2 machine=$3 cpus=$4 memory=$5 words=$6; shift 6
	{
		status=0
		timeout -s KILL "$limit" batch chroot /qemu /usr/bin/qemu-system-x86_64 -accel mshv \
			-M "$machine" -smp "$cpus" -m "$memory" -nographic -nodefaults -serial stdio -no-reboot \
			-kernel /disk/guest/vmlinuz-cloud -initrd /disk/guest/initrd.cpio \
			-append "console=ttyS0 panic=-1 loglevel=5 $words" "$@" </dev/null 2>&1 || status=$?
		echo "$status" >"$log.status"
	} | tr -d '\r' | tee "$log" | sed "s/^/${log##*/}| /" >/dev/console
	guest_judge "$log"
}

guest_judge() {
	[ "$(cat "$1.status")" -eq 0 ] || { echo "QEMU: status $(cat "$1.status"), $(tail -n 1 "$1")"; return 1; }
	! grep -E "$trouble" "$1" || { echo "guest kernel complains"; return 1; }
	grep '^Linux .* GNU/Linux' "$1" || { echo "guest did not print uname"; return 1; }
	grep '^guest: [0-9]* ok$' "$1" || { echo "guest did not say ok"; return 1; }
}

# guest_cpus LOG N: what the guest counted.
guest_cpus() { grep "^guest: $2 CPUs" "$1" || { grep '^guest: .* CPUs' "$1"; return 1; }; }

# Nothing of a partition is left: no page pinned, mapped or quarantined.
ledger_zero() {
	cat /sys/kernel/debug/mshv/ledger
	[ -z "$(ls /sys/kernel/debug/mshv/partition)" ] || { echo "a partition is left"; return 1; }
	awk '/^(pinned|mapped|state|quarantined|faults)/ && $NF != 0 { print "left: " $0; bad = 1 }
	     END { exit bad }' /sys/kernel/debug/mshv/ledger
}
