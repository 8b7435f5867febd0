# Lists of the objects that an apiserver of this version makes when it starts over an empty etcd, as its API gives them.
# In: KUBERNETES, ETCD (outputs of their steps), RESOURCES (paths below /apis, a line each). Out: $OUT/lists/N.json, in their
# order. It has a network of its own (unshare --net), so that no port of this computer's is in its way.
set -eu
work=$(mktemp -d)
finish() {
	kill "$etcd" "$apiserver" 2>/dev/null || true
	rm -rf "$work"
}
etcd='' apiserver=''
trap finish EXIT
trap 'exit 1' TERM INT
cd "$work"
ip link set lo up

"$ETCD/bin/server" --data-dir="$work/etcd" --log-level=error >etcd.log 2>&1 &
etcd=$!
(umask 077 && openssl genrsa -out key 2048 && head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >token) 2>/dev/null
openssl rsa -in key -pubout -out key.pub 2>/dev/null
(umask 077 && echo "$(cat token),builder,builder,system:masters" >tokens && echo "header = \"Authorization: Bearer $(cat token)\"" >curlrc)
"$KUBERNETES/bin/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --cert-dir="$work/certificates" \
	--bind-address=127.0.0.1 --advertise-address=127.0.0.1 --authorization-mode=Node,RBAC --token-auth-file=tokens \
	--service-account-issuer=https://localhost --service-account-key-file=key.pub --service-account-signing-key-file=key \
	--service-cluster-ip-range=10.0.0.0/24 >apiserver.log 2>&1 &
apiserver=$!
ask() { curl -sSf -K curlrc --cacert "$work/certificates/apiserver.crt" "https://127.0.0.1:6443$1"; }
tries=0
# All of what it makes is made when it is ready, and not before.
until ask /readyz >/dev/null 2>&1; do
	tries=$((tries + 1))
	if [ $tries -gt 300 ] || ! kill -0 "$apiserver" "$etcd" 2>/dev/null; then
		cat etcd.log apiserver.log
		exit 1
	fi
	sleep 0.2
done
mkdir -p "$OUT/lists"
n=0
for path in $RESOURCES; do
	ask "/apis/$path" >"$OUT/lists/$n.json"
	n=$((n + 1))
done
