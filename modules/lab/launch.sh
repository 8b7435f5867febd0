#!/bin/sh
# The "kernel" of an nspawn machine. Runs in the machine's control group, its network namespace and a mount namespace of
# its own, so that nothing of it outlives the machine: the initrd's /init in a chroot, then systemd on the root that it
# put together. Exit: 0 switched off, 133 reboot, 99 halted (the console says why).
#   launch.sh NAME BOOT INITRD DISK CACHE ROOT KUBERNETES CMDLINE-FILE    (DISK is - for a machine without one)
set -eu
name=$1 boot=$2 initrd=$3 disk=$4 cache=$5 root=$6 kubernetes=$7 cmdline=$8

mount -t tmpfs -o mode=755,size=64m landfall "$boot"
cp "$cmdline" "$boot/cmdline"
mkdir "$boot/upper" "$boot/work" "$boot/tree"
mount -t overlay -o "lowerdir=$initrd,upperdir=$boot/upper,workdir=$boot/work" landfall "$boot/tree"
cd "$boot/tree"
mkdir -p dev proc sys run disk cache sysroot tmp lower/root lower/kubernetes
mount -t tmpfs -o mode=755 landfall dev
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/kmsg dev/
mount -t tmpfs -o mode=755 landfall run
cp "$boot/cmdline" run/cmdline
if [ "$disk" = - ]; then mount -t tmpfs -o mode=755 landfall disk; else mount --bind "$disk" disk; fi
mount --bind "$cache" cache
mount --bind "$root" lower/root
mount --bind "$kubernetes" lower/kubernetes

code=0
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANDFALL_CONTAINER=1 LANDFALL_ROOT=/lower/root LANDFALL_KUBERNETES=/lower/kubernetes \
	chroot . /init || code=$?
if [ "$code" != 0 ]; then
	echo "landfall-lab: init ended with $code: halted"
	exit 99
fi

# The kernel's messages are the host's: thousands of them in each machine's own journal would be nobody's.
printf '[Journal]\nReadKMsg=no\n' >"$boot/journald.conf"

# What the kernel of a true machine makes, and nspawn does not: network file systems of programs need it.
fuse=
if [ -c /dev/fuse ]; then fuse=--bind=/dev/fuse; fi

# nspawn keeps locks and sockets below /run: the host's stays as it is.
mount -t tmpfs -o mode=755 landfall /run
cd /
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_NSPAWN_API_VFS_WRITABLE=1 \
	systemd-nspawn --quiet --boot --directory="$boot/tree/sysroot" --machine="$name" \
	--register=no --keep-unit --capability=all --network-namespace-path=/proc/self/ns/net --console=read-only \
	--link-journal=no --resolv-conf=off --timezone=off --bind=/dev/kmsg $fuse --bind="$boot/tree/disk:/run/landfall/disk" \
	--bind-ro="$boot/journald.conf:/run/systemd/journald.conf.d/lab.conf" \
	--system-call-filter="@keyring bpf @mount @pkey perf_event_open @module"
