#!/bin/bash
# Says on the console when etcd, the API and this node are there: the last stages of a landing. It looks once a second,
# and starts a program only where a look costs no less: everything else on the machine is starting just then.
pki=/etc/kubernetes/pki
. /etc/landfall/metadata

await() {
  until "$2"; do sleep 1; done
  echo "landfall: stage $1"
}
listens() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}
etcd_answers() {
  listens 2381 && curl -sf -m 2 http://127.0.0.1:2381/health | grep -q '"health":"true"'
}
api_answers() {
  listens 6443 && curl -sf -m 2 --cacert $pki/ca.crt https://127.0.0.1:6443/readyz >/dev/null
}
node_ready() {
  # Without a pod network it cannot be.
  [ -n "$(ls /etc/cni/net.d)" ] &&
    [ "$(curl -sf -m 2 --cacert $pki/ca.crt --cert $pki/kubelet.crt --key $pki/kubelet.key \
      "https://127.0.0.1:7443/api/v1/nodes/$NAME" |
      jq -r '.status.conditions[] | select(.type == "Ready") | .status')" = True ]
}

if [ -e /etc/kubernetes/manifests/etcd.yaml ]; then
  await etcd etcd_answers
  await api api_answers
fi
await ready node_ready
