# SPDX-License-Identifier: GPL-2.0
# Which versions of pinned packages to take from the mirrors. A pinned version
# that they do not have any more, as after a security update, gives way to the
# newest one of the same suite, and that is said on standard error.
#
# usage: awk -f harness/pins.awk MADISON PINS
#
# MADISON is what "apt-cache madison" prints of the packages, newest first. PINS
# is like harness/qemu-packages, and so is the output. Exit status 1: a package
# is in no such suite; the last line says which.

FILENAME == ARGV[1] {
	name = $1; version = $3; suite = $6
	sub("/.*", "", suite)
	sub("-(security|updates)$", "", suite)
	there[name, version] = 1
	if (!((name, suite) in newest))
		newest[name, suite] = version
	next
}

{ sub("#.*", "") }

!NF { next }

!(($1, $2) in there) {
	if (!(($1, $3) in newest)) {
		print "the mirrors have no package " $1 " in " $3 >"/dev/stderr"
		exit 1
	}
	print "fetch: " $1 " " $2 " is not on the mirrors, taking " newest[$1, $3] >"/dev/stderr"
	$2 = newest[$1, $3]
}

{ print $1, $2, $3, $4 }
