#!/bin/sh
# The machine's side of a delivery, and all that the deployer's SSH key may do here: it is the key's forced command.
# Each delivered set of files is a folder of its own, .pki/FINGERPRINT, and pki is a link to the set in force, so that a
# cut of power at any point leaves the old set or the new one.
set -eu
umask 077
export LC_ALL=C

root=${LANDFALL_ROOT:-}
kubernetes=$root/etc/kubernetes
pki=$kubernetes/pki
sets=$kubernetes/.pki
run=$root/run/landfall
largest=1048576

refuse() {
  echo "landfall: refused: $*" >&2
  exit 1
}

delivered() {
  cat "$pki/.delivered" 2>/dev/null || echo none
}

# The set that is in force and that everything here was told of; a delivery cut short between the two is done again.
fingerprint() {
  [ "$(delivered)" = "$(cat "$sets/.announced" 2>/dev/null)" ] && delivered || echo none
}

# Of the files in this folder, the same as the deployer's: modes and names, then checksums and names, in order.
fingerprint_here() {
  files=$(find . -type f ! -name .fingerprint | cut -c 3- | sort)
  # Names were checked: they hold no space and no character that the shell expands.
  { stat -c '%a %n' -- $files; sha256sum -- $files; } | sha256sum | cut -c 1-64
}

deliver() {
  mkdir -p "$run"
  exec 9>"$run/receive.lock"
  flock -w 60 9 || refuse "another delivery is under way"
  archive=$run/delivery.tar
  trap 'rm -rf "$archive" "$sets/new"' EXIT
  head -c $((largest + 1)) >"$archive"
  [ "$(wc -c <"$archive")" -le "$largest" ] || refuse "more than $largest bytes"

  # Before anything is unpacked: plain files only, and names of the expected layout only.
  names=$(tar -tf "$archive" --quoting-style=escape) || refuse "not a whole archive"
  kinds=$(tar -tvf "$archive" | cut -c 1 | sort -u)
  [ "$kinds" = - ] || refuse "an archive with other things than files"
  strange=$(echo "$names" | grep -vxE '(etcd/)?[a-z0-9][a-z0-9-]*\.(crt|key|pub|yaml)|\.fingerprint' | head -n 1)
  [ -z "$strange" ] || refuse "a file named $strange"
  [ -z "$(echo "$names" | sort | uniq -d)" ] || refuse "a file that comes twice"

  mkdir -p "$sets"
  rm -rf "$sets/new"
  mkdir "$sets/new"
  cd "$sets/new"
  tar -xpf "$archive" --no-same-owner || refuse "an archive that does not unpack"
  wanted=$(cat .fingerprint 2>/dev/null) || refuse "an archive without a fingerprint"
  echo "$wanted" | grep -qxE '[0-9a-f]{64}' || refuse "a fingerprint of another form"
  found=$(fingerprint_here)
  [ "$found" = "$wanted" ] || refuse "files that are not what their fingerprint says: $found, not $wanted"
  before=$(delivered)
  if [ "$before" != "$wanted" ]; then
    mv .fingerprint .delivered
    find . -type f -exec sync {} +
    find . -type d -exec sync {} +
    put_in_force "$wanted" "$before"
  fi
  announce "$wanted"
  echo "landfall: delivered $wanted"
}

# The set before this one stays: containers that run may still have it open.
put_in_force() {
  rm -rf "${sets:?}/$1"
  mv "$sets/new" "$sets/$1"
  # Ignition or an image may have made a folder in the link's place; nothing was ever delivered into it.
  [ -L "$pki" ] || rm -rf "$pki"
  rm -f "$kubernetes/.pki.link"
  ln -s ".pki/$1" "$kubernetes/.pki.link"
  mv -T "$kubernetes/.pki.link" "$pki"
  sync "$sets" "$kubernetes"
  for set in "$sets"/*; do
    case ${set##*/} in "$1" | "$2") ;; *) rm -rf "$set" ;; esac
  done
}

announce() {
  # What waits for its keys; from the next boot on, they start by themselves. Renewed ones are read anew by all that use them.
  systemctl start --no-block kubelet.service haproxy.service >&2
  echo "$1" >"$sets/.announced.new"
  mv "$sets/.announced.new" "$sets/.announced"
}

status() {
  echo "delivered $(fingerprint)"
  echo "uptime $(cut -d ' ' -f 1 /proc/uptime)"
  for unit in containerd.service kubelet.service haproxy.service keepalived.service; do
    echo "$unit $(systemctl is-active "$unit" || :)"
  done
}

# The disk is no longer its cluster's: another may take it. A machine without a disk has nothing to give up.
release() {
  for disk in "$run/disk" "$root/var/lib/landfall/disk"; do
    [ -f "$disk/marker" ] || continue
    sed 's/^state=.*/state=released/' "$disk/marker" >"$disk/marker.new"
    sync "$disk/marker.new"
    mv "$disk/marker.new" "$disk/marker"
    sync "$disk"
  done
  systemctl poweroff --no-block
  echo "landfall: released"
}

case ${SSH_ORIGINAL_COMMAND:-} in
deliver) deliver ;;
fingerprint) fingerprint ;;
status) status ;;
release) release ;;
*) refuse "anything but deliver, fingerprint, status and release" ;;
esac
