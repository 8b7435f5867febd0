// How a machine is sent to its own disk. One script for BIOS and UEFI, since the firmware decides when it reads it.

/** Below the assets: a loader that looks for the disk that Landfall has installed. Publishing a release puts it there. */
export const localLoader = "landfall/bootx64.efi";

/**
 * UEFI: the loader of an installed disk, from the assets, looks for that disk itself: iPXE cannot, and a firmware that is
 * sent on tries IPv6 and HTTP on every interface first, for minutes. Where the assets have none, or nothing is installed,
 * the network entry fails, and the firmware tries the next one of its boot order; after a success it would show its menu.
 * BIOS: the first disk's boot sector, and where that does not boot, the BIOS's next device.
 */
export const localIpxe = `#!ipxe
iseq \${platform} efi && goto uefi ||
sanboot --no-describe --drive 0x80 ||
exit 1
:uefi
chain assets/${localLoader} ||
exit 1
`;

/** GRUB cannot fail towards UEFI, so it starts the disk's loader itself. */
export const localGrub = `default=0
timeout=0
menuentry "Local disk" {
if [ "$grub_platform" = "efi" ]; then
search --no-floppy --file --set=root /EFI/BOOT/BOOTX64.EFI
chainloader /EFI/BOOT/BOOTX64.EFI
else
set root=(hd0)
chainloader +1
fi
}
`;
