#!/bin/sh
# Says on the console when etcd, the API and this node are there: the last stages of a landing.
pki=/etc/kubernetes/pki
. /etc/landfall/metadata

await() {
  until "$2"; do sleep 1; done
  echo "landfall: stage $1"
}
etcd_answers() {
  curl -sf -m 2 http://127.0.0.1:2381/health | grep -q '"health":"true"'
}
api_answers() {
  curl -sf -m 2 --cacert $pki/ca.crt https://127.0.0.1:6443/readyz >/dev/null
}
node_ready() {
  [ "$(curl -sf -m 2 --cacert $pki/ca.crt --cert $pki/kubelet.crt --key $pki/kubelet.key \
    "https://127.0.0.1:7443/api/v1/nodes/$NAME" |
    jq -r '.status.conditions[] | select(.type == "Ready") | .status')" = True ]
}

if [ -e /etc/kubernetes/manifests/etcd.yaml ]; then
  await etcd etcd_answers
  await api api_answers
fi
await ready node_ready
