# The boot loader, as three pieces that an initrd puts in their places with dd: GRUB for BIOS and for UEFI, each with all
# that it needs inside, so that nothing on a disk but its menu decides what is started.
# In: CONFIG (grub.cfg inside of the loader), SOURCE_DATE_EPOCH. Out: $OUT/mbr (the code of sector 0), $OUT/core (from
# sector 2048 on: the BIOS boot partition), $OUT/esp (beginning of the EFI system partition; the rest of its 64 MiB is zeros),
# $OUT/bootx64.efi (what is on that partition, for a machine that has started from the network).
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
modules="part_gpt ext2 fat search search_label tar memdisk normal configfile test regexp linux echo minicmd sleep loadenv ls cat reboot halt"

mkdir -p "$work/memdisk/boot/grub"
cp "$CONFIG" "$work/memdisk/boot/grub/grub.cfg"
tar --create --file "$work/memdisk.tar" --directory "$work/memdisk" --sort=name --mtime="@$SOURCE_DATE_EPOCH" \
	--owner=0 --group=0 --numeric-owner --format=ustar boot
image() {
	format=$1
	shift
	grub-mkimage --format "$format" --prefix "(memdisk)/boot/grub" --memdisk "$work/memdisk.tar" "$@"
}

# patch FILE OFFSET OCTAL...: bytes written over what is there.
patch() {
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
image i386-pc --output "$OUT/core" biosdisk serial $modules
# What grub-bios-setup would write, for core's fixed place. In sector 0: core's first sector (2048), and no doubt about the
# drive that the BIOS names. In core's first sector: where the rest of it is (2049).
head -c 440 /usr/lib/grub/i386-pc/boot.img >"$OUT/mbr"
patch "$OUT/mbr" 92 '\000\010\000\000\000\000\000\000'
patch "$OUT/mbr" 102 '\220\220'
patch "$OUT/core" 500 '\001\010\000\000\000\000\000\000'
[ "$(stat -c %s "$OUT/core")" -le 1048576 ]

image x86_64-efi --output "$OUT/bootx64.efi" efi_gop $modules
truncate --size 64M "$work/esp"
mkfs.fat -F 32 -n LANDFALLESP -i 4c46414c --invariant "$work/esp" >/dev/null
mmd -i "$work/esp" ::/EFI ::/EFI/BOOT
touch -d "@$SOURCE_DATE_EPOCH" "$OUT/bootx64.efi"
mcopy -m -i "$work/esp" "$OUT/bootx64.efi" ::/EFI/BOOT/BOOTX64.EFI
head -c 4M "$work/esp" >"$OUT/esp"
cmp -s -n $((60 * 1048576)) -i 4194304:0 "$work/esp" /dev/zero
