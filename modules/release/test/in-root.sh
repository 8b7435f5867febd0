# Usage: in-root.sh WORK ROOT KUBERNETES SCRIPT, in mount and process namespaces of its own. Runs SCRIPT in the release's
# root as a machine has it: an overlay, /var beside it, the release at its place.
set -eu
work=$1 root=$2 kubernetes=$3 script=$4
cd "$work"
mkdir lower upper overlay var sys
mount -t squashfs -o loop,ro "$root" lower
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=overlay overlay sys
cp -a sys/var/. var/
mount --bind var sys/var
mount -t squashfs -o loop,ro "$kubernetes" sys/usr/lib/landfall/release
mount -t proc proc sys/proc
mount --rbind /sys sys/sys
mount --rbind /dev sys/dev
mount -t tmpfs tmpfs sys/run
mount -t tmpfs tmpfs sys/tmp
exec chroot sys /bin/sh -euc "$script" </dev/null
