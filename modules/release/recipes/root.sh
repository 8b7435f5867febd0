# root.squashfs: the Debian tree with Landfall's own files, containerd and CNI plugins, less what no machine needs.
# In: DEBIAN, CONTAINERD, CNI (outputs of their steps), FILES (folder laid over the root), COMPRESSION (of mksquashfs),
# SOURCE_DATE_EPOCH. Out: $OUT/root.squashfs, $OUT/kernel.
set -eu
tree=$OUT/tree

# Hard links: files below are removed or replaced, never written in place, so that the Debian tree stays as it is.
cp -al "$DEBIAN/tree" "$tree"
cp "$tree"/boot/vmlinuz-* "$OUT/kernel"
replace() {
	rm -f "$tree/$1"
	cat >"$tree/$1"
}

cd "$tree"
rm -rf boot/* vmlinuz* initrd.img* usr/include usr/lib/x86_64-linux-gnu/*.a usr/lib/x86_64-linux-gnu/*.o usr/lib/x86_64-linux-gnu/pkgconfig usr/lib/klibc usr/lib/apt usr/share/initramfs-tools etc/initramfs-tools \
	usr/share/perl* usr/share/doc usr/share/man usr/share/info usr/share/locale usr/share/lintian usr/share/bash-completion \
	usr/lib/x86_64-linux-gnu/perl* usr/bin/perl* usr/bin/busybox \
	usr/lib/udev/hwdb.bin usr/lib/udev/hwdb.d \
	etc/apt var/lib/apt var/cache/* var/log/* var/lib/dpkg/info var/lib/dpkg/*-old var/lib/systemd/catalog \
	etc/ssh/ssh_host_* etc/.pwd.lock run/* tmp/*
# Hardware that no server boots or serves with.
for unused in sound media gpu drivers/gpu drivers/media drivers/comedi drivers/hid drivers/infiniband drivers/isdn \
	drivers/staging drivers/net/wwan drivers/net/hyperv drivers/target net/bluetooth net/wireless net/mac80211 \
	fs/ceph fs/smb fs/nfsd fs/ocfs2 fs/gfs2 fs/jfs fs/reiserfs fs/ntfs3; do
	rm -rf usr/lib/modules/*/kernel/"$unused"
done
for modules in usr/lib/modules/*; do
	rm -f "$modules"/modules.*.bin "$modules"/modules.dep "$modules"/modules.alias "$modules"/modules.symbols
	depmod -b "$tree" "${modules##*/}"
done

cp -R --remove-destination --no-preserve=ownership "$FILES/." "$tree/"
install -m 0755 "$CONTAINERD"/bin/containerd "$CONTAINERD"/bin/containerd-shim-runc-v2 "$CONTAINERD"/bin/ctr usr/bin/
mkdir -p opt/cni/bin etc/cni/net.d
for plugin in bridge host-local loopback portmap firewall bandwidth tuning; do
	install -m 0755 "$CNI/bin/$plugin" opt/cni/bin/
done
# Where the initrd mounts the release, and what Ignition and first boot fill.
mkdir -p usr/lib/landfall/release etc/kubernetes etc/landfall var/lib/containerd var/lib/kubelet var/lib/etcd var/log/journal

echo uninitialized | replace etc/machine-id
rm -f var/lib/dbus/machine-id etc/resolv.conf
: | replace etc/resolv.conf
ln -snf /usr/share/zoneinfo/UTC etc/localtime
echo localhost | replace etc/hostname
# Presets applied here once: Debian enables what it installs, a machine runs only what is named.
find etc/systemd/system -type l -delete
find etc/rc?.d -type l -delete 2>/dev/null || true
systemctl --root="$tree" preset-all 2>&1
systemctl --root="$tree" set-default multi-user.target 2>&1
# What Debian starts without being asked: nobody logs in at a console, and nothing waits for a terminal or a seat; modules
# that anything here needs are loaded by the initrd or by whoever opens the device; the root is mounted as it stays.
systemctl --root="$tree" mask systemd-logind.service systemd-firstboot.service systemd-update-utmp.service \
	systemd-update-utmp-runlevel.service systemd-ask-password-console.path systemd-ask-password-wall.path \
	systemd-initctl.socket sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
	sys-fs-fuse-connections.mount dev-hugepages.mount systemd-network-generator.service \
	systemd-remount-fs.service modprobe@configfs.service modprobe@dm_mod.service modprobe@fuse.service \
	modprobe@loop.service 2>&1
# Programs that run before any unit does, and find nothing to do: no encrypted or hibernated disks, no scripts of System V.
mkdir -p etc/systemd/system-generators
for generator in getty sysv rc-local cryptsetup integritysetup veritysetup hibernate-resume gpt-auto system-update; do
	ln -s /dev/null "etc/systemd/system-generators/systemd-$generator-generator"
done

# Newer than any file below /usr: ldconfig and hwdb have been run, and are not run at every boot.
touch -d "@$SOURCE_DATE_EPOCH" usr etc/.updated var/.updated
# mksquashfs refuses the variable beside its own options for the same.
env -u SOURCE_DATE_EPOCH mksquashfs "$tree" "$OUT/root.squashfs" -noappend -no-progress -all-time "$SOURCE_DATE_EPOCH" \
	-mkfs-time "$SOURCE_DATE_EPOCH" -comp $COMPRESSION 2>&1
rm -rf "$tree"
