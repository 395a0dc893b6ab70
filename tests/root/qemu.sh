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
			-kernel "/disk/guest/${kernel:-vmlinuz-cloud}" -initrd /disk/guest/initrd.cpio \
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

# bare: QEMU without a guest kernel, in the background; sets pid.
bare() {
	batch chroot /qemu /usr/bin/qemu-system-x86_64 -accel mshv -M pc,hpet=off,vmport=off -m 128 \
		-nographic -nodefaults -serial stdio "$@" </dev/null >/tmp/bare 2>&1 &
	pid=$!
}

# Each starts, runs the firmware until it idles, is asked to end and leaves
# nothing. While it does port I/O it may miss the signal.
start_stop() {
	for round in $(seq "$1"); do
		bare
		bare_idles || { kill -KILL "$pid"; echo "round $round: no firmware"; return 1; }
		kill -TERM "$pid"
		bare_ends || { kill -KILL "$pid"; echo "round $round: does not end"; return 1; }
		ledger_zero >/tmp/left || { echo "round $round: $(tail -n 1 /tmp/left)"; return 1; }
	done
	echo "$1 rounds"
}

bare_idles() {
	for second in $(seq 60); do
		! grep -q 'No bootable device' /tmp/bare || return 0
		sleep 1
	done
	return 1
}

bare_ends() {
	for second in $(seq 20); do
		kill -0 "$pid" 2>/dev/null || { wait "$pid"; return; }
		sleep 1
	done
	return 1
}

# Killed after a time from a seed, somewhere between start and userspace.
kill_at_seeds() {
	for seed in $(seq "$1"); do
		after=$((seed * 7919 % 6000))
		bare -smp 2 -kernel /disk/guest/vmlinuz-cloud -initrd /disk/guest/initrd.cpio \
			-append "console=ttyS0 panic=-1 loglevel=5 guest.end=hang"
		usleep "$((after * 1000))"
		kill -KILL "$pid"
		wait "$pid" 2>/dev/null
		ledger_zero >/tmp/left || { echo "seed $seed, $after ms: $(tail -n 1 /tmp/left)"; return 1; }
	done
	echo "$1 kills"
}

# A guest that resets comes up again in the same QEMU.
reset_inside() {
	bare -kernel /disk/guest/vmlinuz-cloud -initrd /disk/guest/initrd.cpio \
		-append "console=ttyS0 panic=-1 loglevel=5 guest.end=reset"
	for second in $(seq 90); do
		sleep 1
		[ "$(grep -c '^guest: 3 ok' /tmp/bare)" -lt 2 ] || break
	done
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	echo "userspace $(grep -c '^guest: 3 ok' /tmp/bare) times in $second s"
	[ "$(grep -c '^guest: 3 ok' /tmp/bare)" -ge 2 ] || { sed 's/^/reset| /' /tmp/bare >/dev/console; return 1; }
}

two_guests() {
	guest_qemu /tmp/one 150 pc,hpet=off,vmport=off 1 128 "" >/tmp/one.judged &
	guest_qemu /tmp/two 150 q35,hpet=off,vmport=off,sata=off,smbus=off 1 128 "" >/tmp/two.judged
	second=$?
	wait $! || { cat /tmp/one.judged; return 1; }
	[ "$second" -eq 0 ] || { cat /tmp/two.judged; return 1; }
}

# virtio-blk and virtio-net: what is read, written and fetched has the right sum.
devices() {
	sum=$(sha256sum </disk/guest/initrd.cpio | cut -d ' ' -f 1)
	ifconfig lo 127.0.0.1 up
	httpd -p 127.0.0.1:8080 -h /disk/guest
	dd if=/dev/zero of=/tmp/written bs=1M count=2 2>/dev/null
	kernel=bzImage guest_qemu /tmp/devices 150 "$1" 2 128 \
		"guest.disk=$sum guest.net=http://10.0.2.2:8080/initrd.cpio,$sum" \
		-drive file=/disk/guest/initrd.cpio,format=raw,if=none,id=d0,readonly=on \
		-device virtio-blk-pci,drive=d0 \
		-drive file=/tmp/written,format=raw,if=none,id=d1 -device virtio-blk-pci,drive=d1 \
		-netdev user,id=n0 -device virtio-net-pci,netdev=n0,romfile= || return
	grep '^guest: 5 ok$' /tmp/devices || { echo "a device is missing"; return 1; }
	[ "$(head -c "$(stat -c %s /disk/guest/initrd.cpio)" /tmp/written | sha256sum | cut -d ' ' -f 1)" = "$sum" ] ||
		{ echo "what the guest wrote is not what it read"; return 1; }
}
