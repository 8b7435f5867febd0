# The initrd: busybox, the real Ignition with the programs that it calls, and our init.
# In: DEBIAN, IGNITION, LOADER (outputs of their steps), FILES (init and its helpers), RELEASES (program that keeps the
# releases on a disk, the same as in the root), MODULES (kernel modules, separated by spaces), SOURCE_DATE_EPOCH. Out: $OUT/initrd (zstd cpio), $OUT/tree (the same, unpacked).
set -eu
debian=$DEBIAN/tree
tree=$OUT/tree

mkdir -p "$tree"/bin "$tree"/etc "$tree"/proc "$tree"/sys "$tree"/dev "$tree"/run "$tree"/tmp "$tree"/sysroot "$tree"/disk \
	"$tree"/cache "$tree"/lower "$tree"/usr/bin "$tree"/usr/sbin "$tree"/usr/lib "$tree"/usr/share
ln -s bin "$tree/sbin"
ln -s usr/lib "$tree/lib"
ln -s usr/lib64 "$tree/lib64"

# A program of the Debian tree with the libraries that it asks for.
take() {
	for program in "$@"; do
		for file in "$program" $(chroot "$debian" ldd "$program" 2>/dev/null | grep -o '/[^ ]*'); do
			[ -e "$debian$file" ] || continue
			to=$tree/usr${file#/usr}
			[ -e "$to" ] || { mkdir -p "${to%/*}" && cp -L "$debian$file" "$to"; }
		done
	done
}
take /usr/sbin/useradd /usr/sbin/userdel /usr/sbin/usermod /usr/sbin/groupadd /usr/sbin/groupdel /usr/sbin/sgdisk \
	/usr/sbin/mkfs.ext4 /usr/sbin/mkfs.fat /usr/sbin/wipefs /usr/bin/lsblk /usr/sbin/blkid /usr/sbin/blkdiscard /usr/bin/udevadm /usr/bin/flock \
	/usr/lib/udev/ata_id /usr/lib/udev/scsi_id \
	/usr/lib/x86_64-linux-gnu/libnss_files.so.2 /usr/lib/x86_64-linux-gnu/libnss_dns.so.2 /usr/lib/x86_64-linux-gnu/libresolv.so.2
# Linked with libblkid and libc, which others above have brought.
install -m 0755 "$IGNITION/bin/internal" "$tree/usr/bin/ignition"
ln -s mkfs.fat "$tree/usr/sbin/mkfs.vfat"

# What names disks below /dev/disk.
mkdir -p "$tree/usr/lib/systemd" "$tree/usr/lib/udev/rules.d"
ln -s /usr/bin/udevadm "$tree/usr/lib/systemd/systemd-udevd"
for rules in 50-udev-default 60-block 60-persistent-storage; do
	cp "$debian/usr/lib/udev/rules.d/$rules.rules" "$tree/usr/lib/udev/rules.d/"
done

mkdir -p "$tree/usr/lib/landfall/loader"
cp "$LOADER"/mbr "$LOADER"/core "$LOADER"/esp "$tree/usr/lib/landfall/loader/"
install -m 0755 "$RELEASES" "$tree/usr/lib/landfall/releases"

cp "$debian/usr/bin/busybox" "$tree/bin/busybox"
for applet in $("$tree/bin/busybox" --list); do
	[ -e "$tree/bin/$applet" ] || ln -s busybox "$tree/bin/$applet"
done
cp -R --no-preserve=ownership "$FILES/." "$tree/"

mkdir -p "$tree/etc/ssl/certs"
cat "$debian"/usr/share/ca-certificates/mozilla/*.crt >"$tree/etc/ssl/certs/ca-certificates.crt"
ln -s /run/resolv.conf "$tree/etc/resolv.conf"
: >"$tree/etc/fstab"

release=$(ls "$debian/usr/lib/modules")
mkdir -p "$tree/usr/lib/modules/$release"
cp "$debian/usr/lib/modules/$release"/modules.builtin* "$debian/usr/lib/modules/$release/modules.order" "$tree/usr/lib/modules/$release/"
for module in $MODULES; do
	chroot "$debian" modprobe --set-version "$release" --show-depends "$module" 2>/dev/null | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | sort -u | while read -r file; do
	mkdir -p "$tree/usr${file%/*}"
	cp "$debian$file" "$tree/usr$file"
done
depmod -b "$tree" "$release"

find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
(cd "$tree" && find . -print0 | LC_ALL=C sort -z | cpio --null --create --format=newc --reproducible --owner=0:0 --quiet) |
	zstd -12 -T1 -q -o "$OUT/initrd"
