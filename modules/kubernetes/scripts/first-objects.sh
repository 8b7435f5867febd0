#!/bin/bash
# On a master's first start: writes what every apiserver would make in a new etcd (the release has it), in two writes
# instead of hundreds, so that roles are there when the first client comes. Only what is not there yet is written, all of
# a write or nothing; if anything fails here, apiservers make their objects themselves, as ever.
set -u
pki=/etc/kubernetes/pki
objects=/usr/lib/landfall/release/first-objects.json

# What etcd answers to /health, head and body; without a program, since it is asked five times a second.
health() {
  { exec 3<>/dev/tcp/127.0.0.1/2381; } 2>/dev/null || return
  printf 'GET /health HTTP/1.0\r\n\r\n' >&3
  local reply
  IFS= read -r -d '' -t 2 reply <&3
  echo "$reply"
}
# PATH, body on standard input.
etcd() {
  curl -sSf -m 10 --cacert $pki/etcd/ca.crt --cert $pki/apiserver-etcd-client.crt --key $pki/apiserver-etcd-client.key \
    --data-binary @- "https://127.0.0.1:2382$1"
}
# A random UUID for each of N.
uuids() {
  local uuid
  for ((i = 0; i < $1; i++)); do
    read -r uuid </proc/sys/kernel/random/uuid && echo "$uuid"
  done
}

until [[ $(health) == *'"health":"true"'* ]]; do sleep 0.2; done
# One master is enough, and etcd has one leader.
[ "$(etcd /v3/maintenance/status <<<'{}' | jq '.leader == .header.member_id')" = true ] || exit 0
# etcd takes at most 128 operations at once.
jq -c --arg now "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --rawfile uuids <(uuids 1000) '
  ($uuids | split("\n")) as $uuids
  | [to_entries[]
    | .value.object.metadata += {uid: $uuids[.key], creationTimestamp: $now}
    | .value.object.status.conditions[]?.lastTransitionTime = $now
    | {key: (.value.key | @base64), value: (.value.object | tojson | @base64)}]
  | range(0; length; 120) as $first
  | .[$first:$first + 120]
  | {compare: map({key, target: "VERSION", result: "EQUAL", version: "0"}), success: map({request_put: .})}' "$objects" |
  while IFS= read -r write; do etcd /v3/kv/txn <<<"$write" | jq -c '{succeeded}'; done
