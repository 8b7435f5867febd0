#!/bin/bash
# Says on the console when the kubelet, etcd, the API and this node are there: the last stages of a landing. It looks once a second,
# and starts a program only where a look costs no less: everything else on the machine is starting just then.
pki=/etc/kubernetes/pki
. /etc/landfall/metadata

await() {
  until "$2"; do sleep 1; done
  echo "landfall: stage $1"
  report "$1"
}
# To the boot service that ordered the install, when there was one; whether it hears or not.
report() {
  [ -e /etc/landfall/report ] || return
  { read -r url && read -r order; } </etc/landfall/report
  curl -s -m 5 -o /dev/null --data "order=$order&stage=$1" "$url" &
}
# What PORT answers to PATH, head and body.
get() {
  { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return
  printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
  local reply
  IFS= read -r -d '' -t 2 reply <&3
  echo "$reply"
}
# Its own health, of the port that it has for that: from when it serves.
kubelet_answers() {
  [[ $(get 10248 /healthz) == *' 200 OK'* ]]
}
etcd_answers() {
  [[ $(get 2381 /health) == *'"health":"true"'* ]]
}
# The balancer of a master says whether its own apiserver is ready.
api_answers() {
  [[ $(get 7442 /readyz) == *' 200 OK'* ]]
}
node_ready() {
  # Without a pod network it cannot be.
  [ -n "$(ls /etc/cni/net.d)" ] &&
    [ "$(curl -sf -m 2 --cacert $pki/ca.crt --cert $pki/kubelet.crt --key $pki/kubelet.key \
      "https://127.0.0.1:7443/api/v1/nodes/$NAME" |
      jq -r '.status.conditions[] | select(.type == "Ready") | .status')" = True ]
}

await kubelet kubelet_answers
if [ -e /etc/kubernetes/manifests/etcd.yaml ]; then
  await etcd etcd_answers
  await api api_answers
fi
await ready node_ready
wait
