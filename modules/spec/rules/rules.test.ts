import { describe, expect, test } from "vitest";
import { check, cluster, edit, site } from "../testing/marked.ts";

/** What is edited in the good files, with ‸ where the complaint must point, and what it must say. */
interface Case {
  readonly rule: string;
  readonly site?: readonly (readonly [string, string])[];
  readonly cluster?: readonly (readonly [string, string])[];
  readonly others?: Readonly<Record<string, string>>;
  /** In the order of the places. */
  readonly says: readonly string[];
}

const end = "    machines: [w1, w2]\n";
const blue = edit(
  edit(edit(cluster, "version: v1", "version: v0"), "10.77.0.100", "10.77.0.101"),
  "pools:\n  - name: workers\n    machines: [w1, w2]\n",
  "",
);
const twoNetworks: readonly [string, string] = ["boot:\n", "  - { name: far, cidr: 10.78.0.0/24 }\nboot:\n"];

const cases: Case[] = [
  // Duplicates in a site
  {
    rule: "duplicate machine name",
    site: [["  - name: w3", "  - name: ‸w2"]],
    says: [
      "machines[5].name: found the name w2 again (first at clusters/site.yaml:34), expected a name of its own",
    ],
  },
  {
    rule: "duplicate MAC, however it is written",
    site: [
      ["52:54:00:77:00:12", "52:54:00:ab:cd:ef"],
      ["52:54:00:77:00:16", "‸52-54-00-AB-CD-EF"],
    ],
    says: [
      "machines[5].mac: found the MAC 52-54-00-AB-CD-EF again (first at clusters/site.yaml:20), expected a MAC of its own",
    ],
  },
  {
    rule: "duplicate address",
    site: [["address: 10.77.0.16", "address: ‸10.77.0.11"]],
    says: [
      "machines[5].address: found the address 10.77.0.11 again (first at clusters/site.yaml:16), expected an address of its own",
    ],
  },
  {
    rule: "duplicate BMC",
    site: [["url: http://bmc/w3 }", "url: ‸http://bmc/w2/ }"]],
    says: [
      "machines[5].bmc.url: found the BMC http://bmc/w2 again (first at clusters/site.yaml:38), expected a BMC of its own",
    ],
  },
  {
    rule: "duplicate BMC that speaks IPMI, however it is written",
    site: [
      ["{ driver: redfish, url: http://bmc/w2 }", "{ driver: ipmi, host: bmc9, credentials: { env: BMC } }"],
      [
        "{ driver: redfish, url: http://bmc/w3 }",
        "{ driver: ipmi, host: ‸BMC9, port: 623, credentials: { env: BMC } }",
      ],
    ],
    says: [
      "machines[5].bmc.host: found the BMC bmc9, port 623 again (first at clusters/site.yaml:38), expected a BMC of its own",
    ],
  },
  {
    rule: "IPMI credentials from two places",
    site: [
      [
        "{ driver: redfish, url: http://bmc/w3 }",
        "{ driver: ipmi, host: bmc9, credentials: { file: bmc, ‸env: BMC } }",
      ],
    ],
    says: ["machines[5].bmc.credentials.env: found file and env, expected exactly one of file, env, command"],
  },
  {
    rule: "a certificate's authority for HTTP, and two ways to trust",
    site: [
      [
        "{ driver: redfish, url: http://bmc/w2 }",
        "{ driver: redfish, url: http://bmc/w2, ‸tls: { ca: a.pem } }",
      ],
      [
        "{ driver: redfish, url: http://bmc/w3 }",
        `{ driver: redfish, url: https://bmc/w3, tls: { ca: a.pem, ‸fingerprint: ${"ab".repeat(32)} } }`,
      ],
    ],
    says: [
      "machines[4].bmc.tls: found with an http:// URL, expected only with https://",
      "machines[5].bmc.tls.fingerprint: found ca and fingerprint, expected exactly one of ca, fingerprint",
    ],
  },
  {
    rule: "a placeholder that there is not",
    site: [
      [
        "{ driver: redfish, url: http://bmc/w2 }",
        "{ driver: exec, state: [s, '{name}'], on: [s, ‸'--to={nmae}'], off: [s] }",
      ],
      ["{ driver: redfish, url: http://bmc/w3 }", "{ driver: wol, off: [ssh, ‸'{host}', poweroff] }"],
    ],
    says: [
      'machines[4].bmc.on[1]: found the unknown placeholder {nmae}, expected one of {name}, {mac}, {address}; did you mean "name"?',
      "machines[5].bmc.off[1]: found the unknown placeholder {host}, expected one of {name}, {mac}, {address}",
    ],
  },
  {
    rule: "a boot order that is read back and never given",
    site: [
      [
        "{ driver: redfish, url: http://bmc/w3 }",
        "{ driver: exec, state: [s], on: [s], off: [s], ‸nextBoot: [s] }",
      ],
    ],
    says: ["machines[5].bmc.nextBoot: found without networkBoot, expected only with it"],
  },
  {
    rule: "duplicate network name",
    site: [["boot:\n", "  - { name: ‸rack, cidr: 10.78.0.0/24 }\nboot:\n"], ...networkEach("rack")],
    says: [
      'networks[1].name: found the network "rack" again (first at clusters/site.yaml:3), expected each name once',
    ],
  },
  // Networks and addresses
  {
    rule: "overlapping networks",
    site: [["boot:\n", "  - { name: far, cidr: ‸10.77.0.128/25 }\nboot:\n"], ...networkEach("rack")],
    says: [
      "networks[1].cidr: found 10.77.0.128/25, which overlaps rack, 10.77.0.0/24; expected networks apart",
    ],
  },
  {
    rule: "host bits in a network",
    site: [["cidr: 10.77.0.0/24", "cidr: ‸10.77.0.9/24"]],
    says: [
      'networks[0].cidr: found "10.77.0.9/24", whose address is not the range\'s first; expected 10.77.0.0/24',
    ],
  },
  {
    rule: "a network that hosts cannot use",
    site: [["boot:\n", "  - { name: far, cidr: ‸169.254.7.0/24 }\nboot:\n"], ...networkEach("rack")],
    says: ["networks[1].cidr: found 169.254.7.0/24, which overlaps 169.254.0.0/16 (link-local addresses)"],
  },
  {
    rule: "gateway outside its network",
    site: [["gateway: 10.77.0.1", "gateway: ‸10.78.0.1"]],
    says: ["networks[0].gateway: found 10.78.0.1, expected an address in rack, 10.77.0.0/24"],
  },
  {
    rule: "machine outside its network",
    site: [["address: 10.77.0.16", "address: ‸10.78.0.16"]],
    says: ["machines[5].address: found 10.78.0.16, expected an address in rack, 10.77.0.0/24"],
  },
  {
    rule: "machine at the network's own address, and at its broadcast address",
    site: [
      ["address: 10.77.0.15", "address: ‸10.77.0.0"],
      ["address: 10.77.0.16", "address: ‸10.77.0.255"],
    ],
    says: [
      "machines[4].address: found 10.77.0.0, the network address of rack, 10.77.0.0/24; expected a host's address",
      "machines[5].address: found 10.77.0.255, the broadcast address of rack, 10.77.0.0/24; expected a host's address",
    ],
  },
  {
    rule: "machine at the gateway's and at the boot service's address",
    site: [
      ["address: 10.77.0.15", "address: ‸10.77.0.1"],
      ["address: 10.77.0.16", "address: ‸10.77.0.3"],
    ],
    says: [
      "machines[4].address: found the gateway of rack, expected an address of its own",
      "machines[5].address: found the boot service's address, expected an address of its own",
    ],
  },
  {
    rule: "machine on an unknown network",
    site: [["    mac: 52:54:00:77:00:16", "    network: ‸rak\n    mac: 52:54:00:77:00:16"]],
    says: [
      'machines[5].network: found the unknown network "rak", expected one of rack; did you mean "rack"?',
    ],
  },
  {
    rule: "machine that does not say which of several networks it is on",
    site: [twoNetworks, ...networkEach("rack").slice(0, 5), ["  - name: w3", "  - ‸name: w3"]],
    says: [
      "machines[5].network: found no network, expected one of rack, far, since the site has several networks",
    ],
  },
  {
    rule: "a group's MAC, and none",
    site: [
      ["mac: 52:54:00:77:00:15", "mac: ‸01:54:00:77:00:15"],
      ["mac: 52:54:00:77:00:16", "mac: ‸00:00:00:00:00:00"],
    ],
    says: [
      "machines[4].mac: found 01:54:00:77:00:15, a group's address; expected one interface's",
      "machines[5].mac: found 00:00:00:00:00:00, expected an interface's address",
    ],
  },
  // The rest of a site
  {
    rule: "credentials of two kinds, and of none",
    site: [
      ["http://bmc/w2 }", "http://bmc/w2, credentials: ‸{} }"],
      ["http://bmc/w3 }", "http://bmc/w3, credentials: { file: x, ‸env: Y } }"],
    ],
    says: [
      "machines[4].bmc.credentials: found none, expected exactly one of file, env, command",
      "machines[5].bmc.credentials.env: found file and env, expected exactly one of file, env, command",
    ],
  },
  {
    rule: "a password in a URL, which is not repeated",
    site: [
      ["url: http://bmc/w3", "url: ‸http://root:hunter2@bmc/w3"],
      ["http: http://10.77.0.3:8080", "http: ‸http://root:hunter2@10.77.0.3:8080"],
    ],
    says: [
      "boot.http: found a user or password in a URL, expected none",
      "machines[5].bmc.url: found a user or password in a URL, expected none",
    ],
  },
  {
    rule: "disks to wipe where no order can be given",
    cluster: [["version: v1\n", "version: v1\nretire: { disks: ‸wipe }\n"]],
    says: ["retire.disks: found wipe on a site with matchbox, expected boot.service: landfall, or keep"],
  },
  {
    rule: "boot endpoints of another form",
    site: [
      [
        "http: http://10.77.0.3:8080",
        "http: ‸http://10.77.0.3:8080/matchbox\n  assetsUrl: ‸http://10.77.0.3:8090/assets\n  page: ‸http://10.77.0.3:8082/#m1",
      ],
      ["rpc: 127.0.0.1:8081", "rpc: ‸https://127.0.0.1:8081"],
    ],
    says: [
      'boot.http: found "http://10.77.0.3:8080/matchbox", expected http://10.77.0.3:8080 alone',
      'boot.assetsUrl: found "http://10.77.0.3:8090/assets", expected http://10.77.0.3:8090 alone',
      'boot.page: found "http://10.77.0.3:8082/#m1", expected http://10.77.0.3:8082 alone',
      'boot.rpc: found "https://127.0.0.1:8081", expected HOST:PORT without a scheme',
    ],
  },
  {
    rule: "lab machines: unknown, twice, qemu's settings without qemu",
    site: [
      [
        "    bmc: { driver: redfish, url: http://bmc/w3 }\n",
        "    bmc: { driver: redfish, url: http://bmc/w3 }\nlab:\n  machines:\n    - { name: ‸w33 }\n    - { name: w3, kind: qemu, memory: 1024 }\n    - { name: ‸w3, ‸memory: 1024 }\n",
      ],
    ],
    says: [
      'lab.machines[0].name: found the unknown machine "w33", expected one of this site\'s; did you mean "w3"?',
      "lab.machines[2].name: found the machine w3 again (first at clusters/site.yaml:47), expected each machine once",
      "lab.machines[2].memory: found on an nspawn machine, expected only with kind: qemu",
    ],
  },
  {
    rule: "two sites of one name",
    others: {
      "clusters/rack2.yaml": site,
      "clusters/far-v1.yaml": edit(
        edit(cluster, "name: prod", "name: far"),
        "kubernetes",
        "site: rack2.yaml\nkubernetes",
      ),
    },
    site: [["name: lab", "name: ‸lab"]],
    says: ["name: found the site lab again (first at clusters/rack2.yaml:1), expected a name of its own"],
  },
  // Labels and taints
  {
    rule: "labels that are none, or not one's own",
    site: [
      [
        "    bmc: { driver: redfish, url: http://bmc/w3 }\n",
        `    bmc: { driver: redfish, url: http://bmc/w3 }
    labels:
      topology.kubernetes.io/zone: a
      node.kubernetes.io/instance-type: big
      example.com/disk: ssd
      ‸node-role.kubernetes.io/worker: ""
      ‸landfall.local/pool: x
      ‸bad key: x
      good: ‸"two words"
`,
      ],
    ],
    says: [
      "found the reserved label node-role.kubernetes.io/worker, expected one of your own",
      "found the reserved label landfall.local/pool, expected one of your own",
      'found "bad key", expected a label\'s key',
      'found "two words", expected a label\'s value',
    ],
  },
  {
    rule: "labels and taints of pools",
    cluster: [
      ["  machines: [m1, m2, m3]\n", "  machines: [m1, m2, m3]\n  labels: { ‸k8s.io/x: y }\n"],
      [
        end,
        `${end}    labels: { ‸kubernetes.io/hostname: y }
    taints:
      - { key: ‸"a b", effect: NoSchedule }
      - { key: gpu, value: ‸"a b", effect: NoSchedule }
      - ‸{ key: gpu, effect: NoSchedule }
`,
      ],
    ],
    says: [
      "found the reserved label k8s.io/x",
      "found the reserved label kubernetes.io/hostname",
      'pools[0].taints[0].key: found "a b", expected a label\'s key',
      'pools[0].taints[1].value: found "a b", expected a label\'s value',
      "pools[0].taints[2]: found the taint gpu:NoSchedule again",
    ],
  },
  // Claims
  {
    rule: "machine claimed twice in a cluster",
    cluster: [["[w1, w2]", "[w1, ‸m2, w2, ‸w1]"]],
    says: [
      'pools[0].machines[1]: found the machine "m2" claimed again (first at clusters/prod-v1.yaml:7), expected a machine that only another version of the same cluster claims',
      'pools[0].machines[3]: found the machine "w1" claimed again (first at clusters/prod-v1.yaml:10), expected a machine that only another version of the same cluster claims',
    ],
  },
  {
    rule: "machine claimed by two clusters of a site",
    cluster: [["[m1, m2, m3]", "[‸m1, m2, m3]"]],
    others: { "clusters/demo-v0.yaml": edit(edit(blue, "name: prod", "name: demo"), "[m1, m2, m3]", "[m1]") },
    says: ['masters.machines[0]: found the machine "m1" claimed again (first at clusters/demo-v0.yaml:7)'],
  },
  {
    rule: "endpoint that two versions of a cluster would hold",
    cluster: [["address: 10.77.0.100", "address: ‸10.77.0.100"]],
    others: { "clusters/prod-v0.yaml": edit(blue, "10.77.0.101", "10.77.0.100") },
    says: ["endpoint.address: found the endpoint 10.77.0.100 again (first at clusters/prod-v0.yaml:5)"],
  },
  {
    rule: "unknown machine",
    cluster: [["[w1, w2]", "[w1, ‸w22]"]],
    says: [
      'pools[0].machines[1]: found the unknown machine "w22", expected one of clusters/site.yaml; did you mean "w2"?',
    ],
  },
  // Masters and pools
  {
    rule: "even number of masters",
    cluster: [["[m1, m2, m3]", "‸[m1, m2]"]],
    says: ["masters.machines: found 2 masters, expected 1, 3, 5 or 7"],
  },
  {
    rule: "no masters",
    cluster: [["[m1, m2, m3]", "‸[]"]],
    says: ["masters.machines: found an empty list, expected an odd number of machines: 1, 3, 5 or 7"],
  },
  {
    rule: "masters on different networks",
    site: [twoNetworks, ...networkEach("rack", { m3: "far" }), ["10.77.0.13", "10.78.0.13"]],
    cluster: [["[m1, m2, m3]", "[m1, m2, ‸m3]"]],
    says: ["masters.machines[2]: found m3 on the network far, expected all masters on one: m1 is on rack"],
  },
  {
    rule: "pool without machines",
    cluster: [["machines: [w1, w2]", "machines: ‸[]"]],
    says: ["pools[0].machines: found an empty list, expected at least one machine"],
  },
  {
    rule: "duplicate pool name",
    cluster: [[end, `${end}  - { name: ‸workers, machines: [w3] }\n`]],
    says: [
      'pools[1].name: found the pool "workers" again (first at clusters/prod-v1.yaml:9), expected each name once',
    ],
  },
  {
    rule: "pool called masters",
    cluster: [["name: workers", "name: ‸masters"]],
    says: ['pools[0].name: found "masters", the name of the control plane; expected another'],
  },
  {
    rule: "pool with and without disks",
    site: [
      [
        "    disk: /dev/vda\n    bmc: { driver: redfish, url: http://bmc/w2 }",
        "    bmc: { driver: redfish, url: http://bmc/w2 }",
      ],
    ],
    cluster: [["[w1, w2]", "[w1, ‸w2]"]],
    says: ["pools[0].machines[1]: found w2 with no disk, expected /dev/vda as w1 has"],
  },
  {
    rule: "files: twice, not plain, Landfall's own, a private key, octal as YAML 1.1 had it",
    cluster: [
      [
        end,
        `${end}    files:
      - { path: /etc/motd, contents: a, mode: 0o600 }
      - { path: ‸/etc/motd, contents: b, mode: ‸0600 }
      - { path: ‸/etc/../shadow, contents: c }
      - { path: ‸/etc/kubernetes/x, contents: d }
      - path: /etc/key
        contents: ‸|
          -----BEGIN EC PRIVATE KEY-----
`,
      ],
    ],
    says: [
      "pools[0].files[1].path: found the file /etc/motd again",
      "pools[0].files[1].mode: found 0600, which YAML reads as a decimal number; expected 0o600",
      'pools[0].files[2].path: found "/etc/../shadow", expected the plain path of a file',
      "pools[0].files[3].path: found /etc/kubernetes/x, expected a path outside /etc/kubernetes",
      "pools[0].files[4].contents: found a private key, expected no secret",
    ],
  },
  // What a cluster is
  {
    rule: "file called other than its cluster",
    cluster: [["name: prod", "name: ‸production"]],
    says: [
      "name: found the cluster production-v1 in a file called prod-v1.yaml, expected production-v1.yaml",
    ],
  },
  {
    rule: "two clusters of one id",
    others: {
      "clusters/a.yaml": edit(
        edit(edit(blue, "name: prod", "name: ‸prod"), "version: v0", "version: ‸v1"),
        "[m1, m2, m3]",
        "[w3]",
      ),
    },
    says: [
      "name: found the cluster prod-v1 in a file called a.yaml, expected prod-v1.yaml",
      "version: found the cluster prod-v1 again (first at clusters/prod-v1.yaml:2), expected a version of its own",
    ],
  },
  {
    rule: "unknown release",
    cluster: [["kubernetes: 1.34.1", "kubernetes: ‸v1.34.1"]],
    says: [
      'kubernetes: found the unknown release "v1.34.1", expected one of 1.34.1, 1.35.1; did you mean "1.34.1"?',
    ],
  },
  {
    rule: "a domain that is none",
    cluster: [[end, `${end}network: { domain: ‸Cluster.Local. }\n`]],
    says: ['network.domain: found "Cluster.Local.", expected a DNS name; did you mean "cluster.local"?'],
  },
  {
    rule: "SSH keys that are none, which are not repeated",
    cluster: [
      [
        end,
        `${end}ssh:
  authorizedKeys:
    - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEX me@here
    - ‸hunter2
`,
      ],
    ],
    says: ["ssh.authorizedKeys[1]: found no public key, expected the one line of a .pub file"],
  },
  // Ranges
  {
    rule: "pods and services overlap",
    cluster: [[end, `${end}network: { pods: 10.42.0.0/15, services: ‸10.43.0.0/16 }\n`]],
    says: [
      "network.services: found 10.43.0.0/16, which overlaps the pods' 10.42.0.0/15; expected ranges apart",
    ],
  },
  {
    rule: "pods overlap a network of the site",
    cluster: [[end, `${end}network: { pods: ‸10.77.0.0/16 }\n`]],
    says: ["network.pods: found 10.77.0.0/16, which overlaps the site's network rack, 10.77.0.0/24"],
  },
  {
    rule: "the default range overlaps a network of the site",
    site: [["boot:\n", "  - { name: far, cidr: 10.43.7.0/24 }\nboot:\n"], ...networkEach("rack")],
    cluster: [["name: prod", "‸name: prod"]],
    says: [
      "network.services: found 10.43.0.0/16 (the default), which overlaps the site's network far, 10.43.7.0/24",
    ],
  },
  {
    rule: "host bits in a range of the cluster",
    cluster: [[end, `${end}network: { services: ‸10.43.0.1/16 }\n`]],
    says: [
      'network.services: found "10.43.0.1/16", whose address is not the range\'s first; expected 10.43.0.0/16',
    ],
  },
  {
    rule: "pods too narrow for a /24 a node, and for all nodes",
    cluster: [[end, `${end}network: { pods: ‸10.42.0.0/25 }\n`]],
    says: ["network.pods: found 10.42.0.0/25, expected a prefix from /8 to /24: each node takes a /24"],
  },
  {
    rule: "pods too narrow for all nodes",
    cluster: [[end, `${end}network: { pods: ‸10.42.0.0/22 }\n`]],
    says: ["network.pods: found 10.42.0.0/22, room for 4 nodes of a /24 each; expected room for 5"],
  },
  {
    rule: "services without room for the tenth address, and wider than Kubernetes takes",
    cluster: [[end, `${end}network: { services: ‸10.43.0.0/29 }\n`]],
    says: ["network.services: found 10.43.0.0/29 (8 addresses), expected a prefix from /12 to /28"],
  },
  {
    rule: "pods and services of two families, and machines of another than pods",
    cluster: [
      ["[m1, m2, m3]", "[‸m1, ‸m2, ‸m3]"],
      ["[w1, w2]", "[‸w1, ‸w2]"],
      [
        end.replace("w1", "‸w1").replace("w2", "‸w2"),
        `${end.replace("w1", "‸w1").replace("w2", "‸w2")}network: { pods: fd00:42::/56, services: ‸10.43.0.0/16 }\n`,
      ],
    ],
    says: [
      ...["m1", "m2", "m3", "w1", "w2"].map(
        (name) => `found ${name} on an IPv4 network with pods on fd00:42::/56, expected one IP family`,
      ),
      "network.services: found 10.43.0.0/16 beside the pods' fd00:42::/56, expected both of one IP family",
    ],
  },
  // Endpoint
  {
    rule: "endpoint outside the masters' network",
    cluster: [["address: 10.77.0.100", "address: ‸10.99.0.1"]],
    says: ["endpoint.address: found 10.99.0.1, expected an address in rack, 10.77.0.0/24"],
  },
  {
    rule: "endpoint of another IP family",
    cluster: [["address: 10.77.0.100", "address: ‸fd00::1"]],
    says: ["endpoint.address: found fd00::1, expected an address in rack, 10.77.0.0/24"],
  },
  {
    rule: "endpoint at the broadcast address",
    cluster: [["address: 10.77.0.100", "address: ‸10.77.0.255"]],
    says: ["endpoint.address: found 10.77.0.255, the broadcast address of rack, 10.77.0.0/24"],
  },
  ...[
    ["10.77.0.16", "the machine w3"],
    ["10.77.0.1", "the gateway"],
    ["10.77.0.2", "a resolver"],
    ["10.77.0.3", "the boot service"],
  ].map(([address, owner]) => ({
    rule: `endpoint at the address of ${owner}`,
    cluster: [["address: 10.77.0.100", `address: ‸${address}`] as const],
    says: [`endpoint.address: found ${address}, the address of ${owner}; expected a free one`],
  })),
  {
    rule: "endpoint of another cluster of the site",
    others: {
      "clusters/prod-v0.yaml": edit(edit(blue, "10.77.0.101", "10.77.0.100"), "[m1, m2, m3]", "[w3]"),
    },
    cluster: [["address: 10.77.0.100", "address: ‸10.77.0.100"]],
    says: ["endpoint.address: found the endpoint 10.77.0.100 again (first at clusters/prod-v0.yaml:5)"],
  },
  {
    rule: "endpoint on a port that masters use",
    cluster: [["address: 10.77.0.100\n", "address: 10.77.0.100\n  port: ‸2379\n"]],
    says: ["endpoint.port: found 2379, on which etcd listens on masters; expected a free port"],
  },
  {
    rule: "a placeholder of traffic's commands that there is not",
    cluster: [
      [
        end,
        `${end}replacement:
  traffic:
    driver: command
    show: [lb, "{to}", ‸"{share}"]
    shift: [lb, "{from}{to}", "{share}", ‸"{cluster}"]
    ready: [curl, "http://{cluster}/", ‸"{to}"]
    drain: { start: [close, ‸"{clustr}"], stop: [open, "{cluster}"] }
`,
      ],
    ],
    says: [
      "replacement.traffic.show[2]: found the unknown placeholder {share}, expected one of {from}, {to}",
      "replacement.traffic.shift[3]: found the unknown placeholder {cluster}, expected one of {from}, {to}, {share}",
      "replacement.traffic.ready[2]: found the unknown placeholder {to}, expected {cluster}",
      'replacement.traffic.drain.start[1]: found the unknown placeholder {clustr}, expected {cluster}; did you mean "cluster"?',
    ],
  },
  {
    rule: "a canary where traffic is all or nothing",
    cluster: [
      [
        end,
        `${end}replacement:
  canary: { share: ‸10, seconds: 60, check: ["true"] }
  traffic: { driver: command, show: [s], shift: [s], shares: all-or-nothing }
`,
      ],
    ],
    says: [
      "replacement.canary.share: found 10, which replacement.traffic cannot do; expected no canary: it is all or nothing",
    ],
  },
  {
    rule: "traffic by DNS: names, key and addresses",
    cluster: [
      [
        end,
        `${end}replacement:
  traffic:
    driver: dns
    server: 10.77.0.2
    zone: ‸example.com.
    name: ‸www.example.org
    from: [10.77.0.201, 10.77.0.202]
    to: [10.77.0.203, ‸10.77.0.202]
    key: { file: b, ‸env: A }
`,
      ],
    ],
    says: [
      'replacement.traffic.zone: found "example.com.", expected a DNS name in lower case; did you mean "example.com"?',
      'replacement.traffic.name: found "www.example.org", expected a name in the zone example.com.',
      "replacement.traffic.to[1]: found the address 10.77.0.202 again",
      "replacement.traffic.key.env: found file and env, expected exactly one of file, env, command",
    ],
  },
  {
    rule: "traffic by DNS: a family that only one cluster has",
    cluster: [
      [
        end,
        `${end}replacement:
  traffic:
    driver: dns
    server: 10.77.0.2
    zone: example.com
    name: example.com
    from: [10.77.0.201, "fd00::1"]
    to: ‸[10.77.0.203]
    key: { env: A }
`,
      ],
    ],
    says: [
      "replacement.traffic.to: found no IPv6 address beside the other cluster's, expected one: clients that know no other would lose it",
    ],
  },
  {
    rule: "a canary that no mix of addresses comes to",
    cluster: [
      [
        end,
        `${end}replacement:
  canary: { share: ‸10, seconds: 60, check: ["true"] }
  traffic:
    driver: dns
    server: 10.77.0.2
    zone: example.com
    name: www.example.com
    from: [10.77.0.201, 10.77.0.202]
    to: [10.77.0.203]
    key: { env: A }
`,
      ],
    ],
    says: ["replacement.canary.share: found 10, which replacement.traffic cannot do; expected one of 33, 50"],
  },
  {
    rule: "traffic by BGP without a router",
    cluster: [
      [
        end,
        `${end}replacement:
  canary: { share: ‸50, seconds: 60, check: ["true"] }
  traffic: { driver: ‸bgp, service: ingress/nginx, address: 10.9.0.1, arrived: [route, ‸"{to}"] }
`,
      ],
    ],
    says: [
      "replacement.canary.share: found 50, which replacement.traffic cannot do; expected no canary: it is all or nothing",
      "replacement.traffic.driver: found bgp without network.bgp, expected the routers that are told",
      "replacement.traffic.arrived[1]: found the unknown placeholder {to}, expected {cluster}",
    ],
  },
  {
    rule: "addresses of Services that are not free, or not the masters', and traffic by another one",
    cluster: [
      [
        end,
        `${end}network:
  addresses:
    - { address: ‸10.77.0.16, service: ingress/nginx }
    - { address: ‸10.88.0.160, service: ingress/nginx }
    - { address: 10.77.0.150, service: ingress/nginx }
    - { address: ‸10.77.0.150, service: ingress/other }
    - { address: ‸10.77.0.100, service: ingress/nginx }
replacement:
  canary: { share: ‸50, seconds: 60, check: ["true"] }
  traffic: { driver: address, address: ‸10.77.0.151 }
`,
      ],
    ],
    says: [
      "network.addresses[0].address: found 10.77.0.16, the address of the machine w3; expected a free one",
      "network.addresses[1].address: found 10.88.0.160, expected an address in rack, 10.77.0.0/24",
      "network.addresses[3].address: found the address 10.77.0.150 again (first at clusters/prod-v1.yaml:15), expected each address once",
      "network.addresses[4].address: found 10.77.0.100, the endpoint at clusters/prod-v1.yaml:5; expected a free one",
      "replacement.canary.share: found 50, which replacement.traffic cannot do; expected no canary: it is all or nothing",
      "replacement.traffic.address: found 10.77.0.151, which is not in network.addresses; expected one of 10.77.0.16, 10.88.0.160, 10.77.0.150, 10.77.0.150, 10.77.0.100",
    ],
  },
  {
    rule: "addresses of Services of two clusters, or of one VRRP id",
    site: [["10.77.0.0/24", "10.77.0.0/16"]],
    cluster: [
      [
        end,
        `${end}network:
  addresses:
    - { address: ‸10.77.0.150, service: ingress/nginx }
    - { address: ‸10.77.1.100, service: ingress/nginx }
    - { address: 10.77.1.160, service: ingress/nginx }
    - { address: ‸10.77.0.160, service: ingress/nginx }
`,
      ],
    ],
    others: {
      "clusters/other-v1.yaml": edit(
        edit(
          edit(edit(blue, "name: prod", "name: other"), "version: v0", "version: v1"),
          "[m1, m2, m3]",
          "[w3]",
        ),
        "kubernetes:",
        "network: { addresses: [{ address: 10.77.0.150, service: web/web }] }\nkubernetes:",
      ),
      // The other version of the cluster has it too.
      "clusters/prod-v0.yaml": edit(
        edit(blue, "10.77.0.101", "10.77.0.102"),
        "kubernetes:",
        "network: { addresses: [{ address: 10.77.1.160, service: ingress/nginx }] }\nkubernetes:",
      ),
    },
    says: [
      "network.addresses[0].address: found 10.77.0.150, which another cluster holds (clusters/other-v1.yaml:3); expected an address with another last number",
      "network.addresses[1].address: found 10.77.1.100, whose VRRP id is that of the endpoint 10.77.0.100; expected an address with another last number",
      "network.addresses[3].address: found 10.77.0.160, whose VRRP id is that of 10.77.1.160 (clusters/prod-v0.yaml:3); expected an address with another last number",
    ],
  },
  {
    rule: "endpoint names that no certificate covers",
    cluster: [
      [
        "address: 10.77.0.100\n",
        `address: 10.77.0.100
  names:
    - api.example.com
    - fd00::77
    - ‸"*.example.com"
    - ‸https://api.example.org:6443/x
    - ‸API.example.com
    - ‸api.example.org.
    - ‸api_1.example.com
    - ‸10.77.0.300
    - ‸""
    - ‸api.example.com
`,
      ],
    ],
    says: [
      'endpoint.names[2]: found "*.example.com", expected a name that a certificate covers: a DNS name in lower case, or an IP address; did you mean "example.com"?',
      'endpoint.names[3]: found "https://api.example.org:6443/x", expected a name that a certificate covers: a DNS name in lower case, or an IP address; did you mean "api.example.org"?',
      'endpoint.names[4]: found "API.example.com", expected a name that a certificate covers: a DNS name in lower case, or an IP address; did you mean "api.example.com"?',
      'endpoint.names[5]: found "api.example.org.", expected a name that a certificate covers: a DNS name in lower case, or an IP address; did you mean "api.example.org"?',
      'endpoint.names[6]: found "api_1.example.com", expected a name that a certificate covers',
      'endpoint.names[7]: found "10.77.0.300", expected a name that a certificate covers',
      'endpoint.names[8]: found "", expected a name that a certificate covers',
      "endpoint.names[9]: found the name api.example.com again",
    ],
  },
  {
    rule: "workloads: copied or filled by somebody else, and one thing a condition",
    cluster: [
      [
        end,
        `${end}replacement:
  workloads:
    copy: { exclude: [{ kind: Secret }] }
    ‸gitops:
      conditions:
        - { kind: Kustomization, name: apps, condition: Ready }
        - ‸{ kind: Kustomization, name: infra }
        - ‸{ kind: Application, name: shop, condition: Ready, field: status.health.status }
`,
      ],
    ],
    says: [
      "replacement.workloads.gitops: found copy and gitops, expected one of them",
      "replacement.workloads.gitops.conditions[1]: found neither condition nor field, expected one of them",
      "replacement.workloads.gitops.conditions[2]: found condition and field, expected one of them",
    ],
  },
  {
    rule: "checks of a replacement: one way each, one name each",
    cluster: [
      [
        end,
        `${end}replacement:
  checks:
    - { name: web, command: [curl, -f, "http://10.77.0.50"] }
    - ‸{ name: ‸web, command: ["true"], job: checks/web.yaml }
    - ‸{ name: nothing }
`,
      ],
    ],
    says: [
      "replacement.checks[1]: found both command and job, expected one of them",
      "replacement.checks[1].name: found the check web again (first at clusters/prod-v1.yaml:13), expected a name of its own for each check",
      "replacement.checks[2]: found neither command nor job, expected one of them",
    ],
  },
];

/** Puts every machine on the network, but for those that are to be on another. */
function networkEach(
  network: string,
  others: Readonly<Record<string, string>> = {},
): (readonly [string, string])[] {
  return ["m1", "m2", "m3", "w1", "w2", "w3"].map((name) => [
    `  - name: ${name}\n`,
    `  - name: ${name}\n    network: ${others[name] ?? network}\n`,
  ]);
}

describe("each rule", () => {
  test.each(cases)("$rule", ({ site: siteEdits = [], cluster: clusterEdits = [], others = {}, says }) => {
    const { found, marks } = check({
      "clusters/site.yaml": siteEdits.reduce((text, [from, to]) => edit(text, from, to), site),
      "clusters/prod-v1.yaml": clusterEdits.reduce((text, [from, to]) => edit(text, from, to), cluster),
      ...others,
    });
    expect(found.map(({ message }) => message)).toEqual(says.map((text) => expect.stringContaining(text)));
    expect(found.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual(marks);
  });
});

describe("the archive of the cluster before", () => {
  const recipient = "age1hpr07qjznjfpa3ypa03jhf4alkgam6zcjnzepm89yn7yf0f2d5ms92gkey";
  const complaints = (archive: string) => {
    const text = `${cluster}replacement:\n  archive: ${archive}\n`;
    const { found, marks } = check({ "clusters/site.yaml": site, "clusters/prod-v1.yaml": text });
    expect(found.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual(marks);
    return found.map(({ message }) => message);
  };
  const expected = "expected one of recipients: [age1...], encrypt: false";

  test.each([
    { archive: `{ recipients: [${recipient}] }`, says: [] },
    { archive: "{ encrypt: false }", says: [] },
    { archive: "‸{}", says: [`replacement.archive: found neither, ${expected}`] },
    {
      archive: `{ recipients: [${recipient}], encrypt: ‸false }`,
      says: [`replacement.archive.encrypt: found it beside recipients, ${expected}`],
    },
    {
      archive: `{ recipients: [${recipient}, ‸${recipient}] }`,
      says: [
        `replacement.archive.recipients[1]: found the recipient ${recipient} again (first at clusters/prod-v1.yaml:12), expected each recipient once`,
      ],
    },
    // One letter is another, and one that reads like one: to either nobody could ever read the archive.
    ...[recipient.replace("hpr0", "hpr9"), `AGE-SECRET-KEY-1${"Q".repeat(58)}`, "age1"].map((wrong) => ({
      archive: `{ recipients: [‸${wrong}] }`,
      says: [
        `replacement.archive.recipients[0]: found ${JSON.stringify(wrong)}, expected a public key of age, age1... whole, as age-keygen prints it`,
      ],
    })),
  ])("$archive", ({ archive, says }) => {
    expect(complaints(archive)).toEqual(says);
  });
});

test("good files have no complaint", () => {
  expect(check({ "clusters/site.yaml": site, "clusters/prod-v1.yaml": cluster }).found).toEqual([]);
});

test("versions of one cluster may name the same machines, in any role", () => {
  const files = {
    "clusters/site.yaml": site,
    "clusters/prod-v0.yaml": edit(blue, "[m1, m2, m3]", "[w1, w2, w3]"),
    "clusters/prod-v1.yaml": cluster,
    "clusters/prod-v2.yaml": edit(
      edit(cluster, "version: v1", "version: v2"),
      "address: 10.77.0.100",
      "address: 10.77.0.102",
    ),
  };
  expect(check(files).found).toEqual([]);
});

test("an IPv6 site and cluster have no complaint", () => {
  const six = (text: string) =>
    text.replaceAll("10.77.0.0/24", "fd00:77::/64").replaceAll("10.77.0.", "fd00:77::");
  const files = {
    "clusters/site.yaml": six(site).replace("http://fd00:77::3:8080", "http://[fd00:77::3]:8080"),
    "clusters/prod-v1.yaml": `${six(cluster)}network: { pods: "fd00:42::/56", services: "fd00:43::/112" }\n`,
  };
  expect(check(files).found).toEqual([]);
});

test("clusters of different sites may name machines alike", () => {
  const files = {
    "clusters/site.yaml": site,
    "clusters/prod-v1.yaml": cluster,
    "clusters/rack2.yaml": edit(site, "name: lab", "name: far"),
    "clusters/far-v1.yaml": edit(cluster, "name: prod", "name: far\nsite: rack2.yaml"),
  };
  expect(check(files).found).toEqual([]);
});

test("rules are checked beside mistakes of shape, and all is said at once, sorted", () => {
  const { found, marks } = check({
    "clusters/site.yaml": edit(
      edit(edit(site, "mac: 52:54:00:77:00:11", "mac: ‸52:54:00:77:00"), "name: w3", "name: ‸w2"),
      "assets: assets",
      "‸asets: assets",
    ).replace("boot:\n  service", "boot:\n  ‸service"),
    "clusters/prod-v1.yaml": edit(
      edit(cluster, "kubernetes: 1.34.1", "kubernetes: ‸1.34"),
      "machines: [m1, m2, m3]",
      "machines: ‸[m1, m2]",
    ),
  });
  expect(found.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual(marks);
  expect(marks).toHaveLength(6);
});
