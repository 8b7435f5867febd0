# Usage: device.sh WORK INITRD ROOT KUBERNETES [STEP], in mount, network and process namespaces of its own. Runs the initrd's
# init as init.sh does, but the disk is a block device, WORK/disk.img: partitioned, formatted, with a boot loader. With STEP,
# the power goes when init has announced that step: WORK/cut.img is then what was on the disk at that moment, without what
# was still in memory. WORK/www/cgi-bin/report, when it is there, is the boot service's ear.
# WORK/after is run in the system that was put together; WORK/moments then has the disk as it was five times a second.
# Exits with init's code, or that of WORK/after; 99 when the power went.
set -eu
work=$1 initrd=$2 root=$3 kubernetes=$4 cut=${5:-}
cd "$work"
mkdir -p boot

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
device=$(losetup --find --show "$work/disk.img")
cd boot/tree
mkdir -p lower/root lower/kubernetes work
mount -t devtmpfs devtmpfs dev
mount -t tmpfs tmpfs run
mount --bind "$work" work
sed "s|@DISK@|$device|" "$work/cmdline" >run/cmdline
mount -t squashfs -o loop,ro "$root" lower/root
mount -t squashfs -o loop,ro "$kubernetes" lower/kubernetes

# This computer's kernel need not read partition tables: a partition is a loop device of its own over the same file. With
# Debian's losetup, since busybox's knows no end; by its path, since busybox's shell takes its own first.
cp --remove-destination "$(command -v losetup)" bin/losetup
cat >partition <<'SCRIPT'
#!/bin/sh
disk=$1 number=$2
bounds=$(sgdisk --info="$number" "$disk" 2>/dev/null | sed -n 's/^\(First\|Last\) sector: \([0-9]*\) .*/\2/p')
[ -n "$bounds" ] || exit 1
first=${bounds%
*} last=${bounds#*
}
for loop in /sys/block/loop*/loop; do
	[ "$(cat "$loop/backing_file" 2>/dev/null)" = "$(cat "/sys/block/${disk##*/}/loop/backing_file")" ] || continue
	[ "$(cat "$loop/offset")" = $((first * 512)) ] || continue
	loop=${loop%/loop} && echo "/dev/${loop##*/}" && exit
done
device=$(/bin/losetup -f) && /bin/losetup -o $((first * 512)) --sizelimit $(((last - first + 1) * 512)) "$device" /work/disk.img && echo "$device"
SCRIPT
chmod +x partition
# As a kernel does before its init.
chroot . /partition "$device" 3 >/dev/null || :
mkfifo "$work/cutting" "$work/gone" 2>/dev/null || :
sed -e 's|^partition() {|&\n\t/partition "$disk" "$1"\n\treturn\n|' -e "s|^whole() {|&\n\techo $device\n\treturn\n|" \
	-e "s|^step() .*|step() { say \"step \$1\"; [ \"\$1\" != \"$cut\" ] \|\| { echo >/work/cutting; read -r _ </work/gone; exit 99; }; }|" \
	"$initrd/init" >init.new
chmod +x init.new
mv init.new init
[ -z "$cut" ] || (read -r _ <"$work/cutting" && cp --sparse=always "$work/disk.img" "$work/cut.img" && echo >"$work/gone") &

code=0
env -i PATH="$PATH" LANDFALL_CONTAINER=1 LANDFALL_DEVICE=1 LANDFALL_ROOT=/lower/root LANDFALL_KUBERNETES=/lower/kubernetes chroot . /init 2>&1 || code=$?
[ $code = 0 ] || exit $code
mount -t tmpfs tmpfs sysroot/run
mkdir -p sysroot/run/landfall/disk
mount --bind disk sysroot/run/landfall/disk
mount --bind dev sysroot/dev
chroot sysroot sh -c 'echo "hello: $(cat /etc/hello)"'
[ -e "$work/after" ] || exit 0
cp "$work/after" sysroot/run/after
mkdir -p "$work/moments"
(while sleep 0.2; do cp --sparse=always "$work/disk.img" "$work/moments/$(date +%s%N)"; done) &
watcher=$!
chroot sysroot sh -eu /run/after 2>&1 || code=$?
kill $watcher
exit $code
