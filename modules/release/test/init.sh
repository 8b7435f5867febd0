# Usage: init.sh WORK INITRD ROOT KUBERNETES, in mount, network and process namespaces of its own. Runs the initrd's init
# as the lab does, with the kernel arguments in WORK/cmdline and the disk WORK/disk. With WORK/www, a DHCP server and an
# HTTP server with its files are there: the machine's interface has its other end in the same namespace.
# Exits with init's code; then WORK/root says what /etc of the machine's root holds.
set -eu
work=$1 initrd=$2 root=$3 kubernetes=$4
cd "$work"
mkdir -p disk cache boot lower upper overlay

ip link set lo up
ip link add server type veth peer name eth0 address 52:54:00:00:00:01
ip address add 10.99.0.1/24 dev server
ip link set server up
if [ -d www ]; then
	printf 'port=0\ninterface=server\nbind-interfaces\ndhcp-range=10.99.0.10,10.99.0.20\nno-ping\ndhcp-leasefile=%s/leases\n' "$work" >dnsmasq.conf
	dnsmasq --conf-file="$work/dnsmasq.conf" --pid-file
	busybox httpd -p 10.99.0.1:80 -h www
fi

mount -t tmpfs tmpfs boot
mkdir boot/upper boot/work boot/tree
mount -t overlay -o "lowerdir=$initrd,upperdir=boot/upper,workdir=boot/work" overlay boot/tree
cd boot/tree
mkdir -p lower/root lower/kubernetes
mount -t tmpfs tmpfs dev
mount -t tmpfs tmpfs run
cp "$work/cmdline" run/cmdline
# Emptied, not there: init makes what it needs.
for device in null zero urandom; do touch dev/$device && mount --bind /dev/$device dev/$device; done
mount --bind "$work/disk" disk
mount --bind "$work/cache" cache
mount -t squashfs -o loop,ro "$root" lower/root
mount -t squashfs -o loop,ro "$kubernetes" lower/kubernetes

code=0
env -i PATH="$PATH" LANDFALL_CONTAINER=1 LANDFALL_ROOT=/lower/root LANDFALL_KUBERNETES=/lower/kubernetes chroot . /init 2>&1 || code=$?
[ $code != 0 ] || { chroot sysroot sh -c 'echo "hello: $(cat /etc/hello)"; ls /usr/lib/landfall/release/bin /var/lib/containerd'; }
exit $code
