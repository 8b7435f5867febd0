#!/bin/sh
# Interfaces are named by the machine's kernel, so the one that bears our address is looked up at each start.
set -eu
address=$(sed -n 's/^ADDRESS=//p' /etc/landfall/metadata)
interface=$(ip -o addr show to "$address" | awk 'NR == 1 { print $2 }')
[ -n "$interface" ] || {
  echo "no interface has $address yet" >&2
  exit 1
}
# Where keepalived is told of addresses of Services.
mkdir -p /run/landfall-addresses
sed "s|@INTERFACE@|$interface|g" /etc/keepalived/landfall.conf >/run/keepalived.conf
