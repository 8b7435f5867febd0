#!/bin/bash
# Tells keepalived how gladly this master holds each address of a Service: by a number in a file, which it adds to the
# priority, or takes for a fault. The Service's annotation says it; a master from which the Service does not answer holds
# nothing. Tells the cluster which addresses this machine really has, by labels of its node.
set -u
run=/run/landfall-addresses
pki=/etc/kubernetes/pki
. /etc/landfall/metadata
mkdir -p $run/wishes

# The node's own credentials: it may read Services, and label itself.
api() {
  curl -sfN --cacert $pki/ca.crt --cert $pki/kubelet.crt --key $pki/kubelet.key "https://127.0.0.1:7443$1" "${@:2}"
}

# Writes down what the Service says, as it changes. A watch that nothing is heard of is made anew after a minute.
follow() {
  local address=$1 namespace=$2 name=$3 line
  while :; do
    api "/api/v1/namespaces/$namespace/services?watch=1&timeoutSeconds=60&fieldSelector=metadata.name=$name" -m 70 |
      jq --unbuffered -r --arg address "$address" 'select(.type | IN("ADDED", "MODIFIED", "DELETED")) |
        .type as $type | .object |
        (if $type != "DELETED" and any(.spec.externalIPs[]?; . == $address)
          then .metadata.annotations["landfall.local/address"] else null end) // "off",
        .spec.clusterIP // "None",
        (first(.spec.ports[]? | select((.protocol // "TCP") == "TCP") | .port) // 0)' |
      while read -r wish && read -r ip && read -r port; do
        echo "$wish $ip $port" >"$run/wishes/.$address" && mv "$run/wishes/.$address" "$run/wishes/$address"
      done
    sleep 1
  done
}

# Whether this machine can bring a connection to a pod of the Service.
answers() {
  [[ $1 =~ ^[0-9.]+$ && $2 =~ ^[1-9][0-9]*$ ]] &&
    timeout 1 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null
}

# Once a second. Two looks in vain are a fault, one may be chance. Masters differ in priority, so that one of them is
# first; who has the address is before all others that are as glad, so that it does not move without need.
weigh() {
  local address=$1 misses=2 told='' written='' wish ip port held value
  while sleep 1; do
    wish=off ip='' port=''
    [ -e "$run/wishes/$address" ] && read -r wish ip port <"$run/wishes/$address"
    held=0
    [ -n "$(ip -o address show to "$address/32")" ] && held=1
    case $wish in
    take) value=140 ;;
    hold) value=70 ;;
    stand-by) value=0 ;;
    *) value=-254 ;;
    esac
    if [ $value -ge 0 ]; then
      if answers "$ip" "$port"; then misses=0; else misses=$((misses + 1)); fi
      value=$((value + ${ADDRESS##*.} % 32 + 32 * held))
      [ $misses -ge 2 ] && value=-254
    fi
    [ "$value" = "$written" ] || { echo "$value" >"$run/$address" && written=$value; }
    [ "$held" = "$told" ] && continue
    label "$address" $held && told=$held
  done
}

label() {
  local value=null
  [ "$2" = 1 ] && value='"true"'
  api "/api/v1/nodes/$NAME" -m 5 -o /dev/null -X PATCH -H 'Content-Type: application/merge-patch+json' \
    --data "{\"metadata\":{\"labels\":{\"landfall.local/holds-$1\":$value}}}"
}

while read -r address namespace name; do
  follow "$address" "$namespace" "$name" &
  weigh "$address" &
done </etc/landfall/addresses
wait
