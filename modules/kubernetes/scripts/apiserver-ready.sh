#!/bin/sh
# keepalived asks: may this master hold the API's address?
exec curl -sf -m 1 -o /dev/null --cacert /etc/kubernetes/pki/ca.crt https://127.0.0.1:6443/readyz
