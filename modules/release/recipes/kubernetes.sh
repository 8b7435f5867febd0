# kubernetes.squashfs, on every machine at /usr/lib/landfall/release: programs that run outside of pods, and the image store.
# In: KUBERNETES, ETCDCTL, STORE (outputs of their steps), OBJECTS (what a new etcd is given), FILES (folder put into bin/), PAUSE (reference of the sandbox
# image), COMPRESSION (of mksquashfs), SOURCE_DATE_EPOCH. Out: $OUT/kubernetes.squashfs.
set -eu
tree=$OUT/tree

mkdir -p "$tree/bin"
cp "$KUBERNETES/bin/kubelet" "$KUBERNETES/bin/kubectl" "$ETCDCTL/bin/etcdctl" "$FILES"/* "$tree/bin/"
echo "$PAUSE" >"$tree/pause"
cp "$OBJECTS" "$tree/first-objects.json"
cp -al "$STORE/store" "$tree/containerd"
chmod 0755 "$tree" "$tree/bin"/*

env -u SOURCE_DATE_EPOCH mksquashfs "$tree" "$OUT/kubernetes.squashfs" -noappend -no-progress -all-root \
	-all-time "$SOURCE_DATE_EPOCH" -mkfs-time "$SOURCE_DATE_EPOCH" -comp $COMPRESSION 2>&1
rm -rf "$tree"
