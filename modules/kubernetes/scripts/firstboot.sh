#!/bin/sh
# Runs once in the new root, before its systemd: turns this machine's metadata and the pool's templates into its own
# files, and makes its SSH host key. Metadata comes from the network: a value with other characters than names,
# addresses and labels have is refused.
set -eu
umask 022

die() {
  echo "landfall: firstboot: $*" >&2
  exit 1
}

metadata=/etc/landfall/metadata
[ -s "$metadata" ] || die "no metadata in $metadata"
if grep -qvE '^[A-Z_]+=[A-Za-z0-9.:/,=_-]*$' "$metadata"; then
  die "refused metadata: $(grep -vE '^[A-Z_]+=[A-Za-z0-9.:/,=_-]*$' "$metadata" | head -n 1)"
fi
# Programs started here are what this costs, on a machine that is starting everything else: as few as can be.
name='' address='' prefix='' mac='' gateway='' dns=''
while IFS='=' read -r key value; do
  case $key in
  NAME) name=${name:-$value} ;;
  ADDRESS) address=${address:-$value} ;;
  PREFIX) prefix=${prefix:-$value} ;;
  MAC) mac=${mac:-$value} ;;
  GATEWAY) gateway=${gateway:-$value} ;;
  DNS) dns=${dns:-$value} ;;
  esac
done <"$metadata"
[ -n "$name" ] && [ -n "$address" ] || die "metadata has no NAME or no ADDRESS"
case $address in
*:*) host="[$address]" ;;
*) host=$address ;;
esac

cd /etc/landfall/templates
cp -R . /
# An empty gateway is no gateway: networkd would refuse the line.
find . -type f | (cd / && xargs sed -i -e "/@UNLESS:$address@/d" -e 's/@UNLESS:[^@]*@//' \
  -e "s|@NAME@|$name|g" -e "s|@ADDRESS@|$address|g" -e "s|@HOST@|$host|g" \
  -e "s|@PREFIX@|$prefix|g" -e "s|@MAC@|$mac|g" -e "s|@GATEWAY@|$gateway|g" -e '/^Gateway=$/d')
(
  IFS=,
  for server in $dns; do echo "nameserver $server"; done
) >/etc/resolv.conf

if [ ! -s /etc/ssh/ssh_host_ed25519_key ]; then
  (umask 077 && ssh-keygen -q -t ed25519 -N '' -C "$name" -f /etc/ssh/ssh_host_ed25519_key)
fi
# The console is the channel by which the deployer knows this machine's key from an impostor's.
# shellcheck disable=SC2046 # bits, fingerprint, comment
set -- $(ssh-keygen -l -E sha256 -f /etc/ssh/ssh_host_ed25519_key.pub)
echo "landfall: ssh-host-key $2"
