# A containerd store with the images in it, unpacked, made by the containerd that will use it.
# In: CONTAINERD (output of its step), IMAGES (lines "LAYOUT REFERENCE", layout a folder). Out: $OUT/store.
set -eu
work=$(mktemp -d)
store=$OUT/store
socket=$work/containerd.sock
ctr() { "$CONTAINERD/bin/ctr" --address "$socket" --namespace k8s.io "$@"; }

# Only what holds images is switched on; nothing of this computer's own containerd is touched.
cat >"$work/config.toml" <<END
version = 3
root = "$store"
state = "$work/state"
temp = "$work"
disabled_plugins = ["io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri",
  "io.containerd.podsandbox.controller.v1.podsandbox", "io.containerd.nri.v1.nri", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.native",
  "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs", "io.containerd.internal.v1.opt"]
[grpc]
  address = "$socket"
[ttrpc]
  address = "$work/ttrpc.sock"
END

"$CONTAINERD/bin/containerd" --config "$work/config.toml" >"$work/log" 2>&1 &
pid=$!
finish() {
	kill "$pid" 2>/dev/null && wait "$pid" || true
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' TERM INT
tries=0
until ctr version >/dev/null 2>&1; do
	tries=$((tries + 1))
	if [ $tries -gt 100 ] || ! kill -0 "$pid" 2>/dev/null; then
		cat "$work/log"
		exit 1
	fi
	sleep 0.1
done

echo "$IMAGES" | while read -r layout reference; do
	[ -n "$layout" ] || continue
	echo "importing $reference"
	tar --create --directory "$layout" blobs index.json oci-layout |
		ctr images import --local --discard-unpacked-layers --snapshotter overlayfs -
	# What the CRI plugin would write on every machine: the image's id as a name of its own, and that both are its.
	# Pinned: the kubelet never collects what could not be pulled again.
	manifest=$(ctr images list "name==$reference" | awk 'NR == 2 { print $3 }')
	id=$(ctr content get "$manifest" | sed -n 's/.*"config":{[^}]*"digest":"\([^"]*\)".*/\1/p')
	ctr images tag "$reference" "$id" >/dev/null
	for name in "$reference" "$id"; do
		ctr images label "$name" io.cri-containerd.image=managed io.cri-containerd.pinned=pinned >/dev/null
	done
done
ctr content prune references >/dev/null
ctr images check
kill "$pid"
wait "$pid" || true
rm -rf "$store"/io.containerd.grpc.v1.introspection "$store"/io.containerd.runtime.v2.task "$store/tmpmounts" \
	"$store"/io.containerd.content.v1.content/ingest
