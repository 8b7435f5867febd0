#!/bin/sh
# What busybox udhcpc calls while an nspawn machine's firmware asks for an address: sets it, and says what was offered.
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip -4 addr flush dev "$interface"
ip addr add "$ip/$mask" dev "$interface"
printf 'ip=%s\nhostname=%s\ndomain=%s\nbootfile=%s\n' "$ip" "$hostname" "$domain" "$boot_file"
