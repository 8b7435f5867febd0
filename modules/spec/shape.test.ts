import { expect, test } from "vitest";
import { check, cluster, edit, site } from "./testing/marked.ts";

interface Case {
  readonly what: string;
  readonly site?: readonly [string, string];
  readonly cluster?: readonly [string, string];
  readonly says: readonly string[];
}

const cases: Case[] = [
  {
    what: "unknown key, near a known one",
    site: ["    mac: 52:54:00:77:00:13\n", "    mac: 52:54:00:77:00:13\n    ‸lables: {}\n"],
    says: [
      'machines[2]: found the unknown key "lables", expected one of name, mac, address, network, bmc, disk, rack, position, labels; did you mean "labels"?',
    ],
  },
  {
    what: "a kind of map that there is not",
    site: ["driver: redfish, url: http://bmc/m3", "driver: ‸redfsh, url: http://bmc/m3"],
    says: [
      'machines[2].bmc.driver: found "redfsh", expected one of redfish, ipmi, wol, exec, manual; did you mean "redfish"?',
    ],
  },
  {
    what: "another kind's key",
    site: [
      "driver: redfish, url: http://bmc/m3",
      "driver: ipmi, ‸url: http://bmc/m3, host: bmc, credentials: { env: BMC }",
    ],
    says: [
      'machines[2].bmc: found the unknown key "url", expected one of driver, host, port, interface, cipherSuite, privilege, credentials, firmware',
    ],
  },
  {
    what: "unknown key in a map of one line",
    site: ["tls: { ca: ca.crt,", "tls: { ca: ca.crt, ‸caa: x,"],
    says: ['boot.tls: found the unknown key "caa", expected one of ca, cert, key; did you mean "ca"?'],
  },
  {
    what: "unknown key at the top, near nothing",
    cluster: ["name: prod", "‸colour: blue\nname: prod"],
    says: [
      'found the unknown key "colour", expected one of name, version, site, kubernetes, endpoint, masters, pools, network, timeouts, retire, replacement, ssh',
    ],
  },
  {
    what: "unknown value of a choice",
    cluster: [
      "    machines: [w1, w2]\n",
      "    machines: [w1, w2]\n    taints: [{ key: a, effect: ‸noschedule }]\n",
    ],
    says: [
      'pools[0].taints[0].effect: found "noschedule", expected one of NoSchedule, PreferNoSchedule, NoExecute; did you mean "NoSchedule"?',
    ],
  },
  {
    what: "missing key: its map is pointed at",
    site: ["  - name: m2\n    mac: 52:54:00:77:00:12\n", "  - ‸name: m2\n"],
    says: ['machines[1]: found no key "mac", expected it'],
  },
  {
    what: "key with nothing after it: the key is pointed at",
    site: ["address: 10.77.0.12", "‸address:"],
    says: ["machines[1].address: found nothing, expected an IP address, as 10.20.0.11"],
  },
  {
    what: "bad MAC",
    site: ["52:54:00:77:00:12", "‸52:54:00:77:00:1g"],
    says: ['machines[1].mac: found "52:54:00:77:00:1g", expected a MAC address'],
  },
  {
    what: "name that is no DNS label",
    site: ["name: w3", "name: ‸W_3"],
    says: ['machines[5].name: found "W_3", expected a DNS label'],
  },
  {
    what: "address that is none",
    site: ["address: 10.77.0.12", "address: ‸10.77.0.312"],
    says: ['machines[1].address: found "10.77.0.312", expected an IP address'],
  },
  {
    what: "range that is none",
    site: ["cidr: 10.77.0.0/24", "cidr: ‸10.77.0.0/33"],
    says: ['networks[0].cidr: found "10.77.0.0/33", expected a range of addresses, as 10.20.0.0/24'],
  },
  {
    what: "URL of another scheme",
    site: ["http: http://10.77.0.3:8080", "http: ‸tftp://10.77.0.3"],
    says: ['boot.http: found "tftp://10.77.0.3", expected a URL that begins with http:// or https://'],
  },
  {
    what: "disk that is no device",
    site: ["disk: /dev/vda", "disk: ‸vda"],
    says: ['machines[0].disk: found "vda", expected a device, as /dev/sda'],
  },
  {
    what: "number where text is wanted: as it was written, with quotes",
    cluster: ["name: workers\n", "name: workers\n    labels: { size: ‸1.30, ready: ‸true, none: ‸null }\n"],
    says: [
      'pools[0].labels.size: found the number 1.3, expected text: write "1.30", with the quotes',
      'pools[0].labels.ready: found the boolean true, expected text: write "true", with the quotes',
      "pools[0].labels.none: found nothing, expected text",
    ],
  },
  {
    what: "release of two numbers",
    cluster: ["kubernetes: 1.34.1", "kubernetes: ‸1.34"],
    says: ["kubernetes: found the number 1.34, expected a release of three numbers, as 1.34.1"],
  },
  {
    what: "list where a map is wanted",
    cluster: ["endpoint:\n  address: 10.77.0.100\n", "endpoint: ‸[10.77.0.100]\n"],
    says: ["endpoint: found a list, expected a map"],
  },
  {
    what: "number out of its bounds, and no whole one",
    cluster: [
      "  address: 10.77.0.100\n",
      "  address: 10.77.0.100\n  port: ‸70000\ntimeouts: { boot: ‸1.5 }\n",
    ],
    says: [
      "endpoint.port: found the number 70000, expected a number of at most 65535",
      "timeouts.boot: found the number 1.5, expected a whole number",
    ],
  },
  {
    what: "list that must not be empty",
    cluster: ["machines: [w1, w2]", "machines: ‸[]"],
    says: ["pools[0].machines: found an empty list, expected at least one machine"],
  },
];

test.each(cases)("$what", ({ site: siteEdit = ["", ""], cluster: clusterEdit = ["", ""], says }) => {
  const { found, marks } = check({
    "clusters/site.yaml": edit(site, ...siteEdit),
    "clusters/prod-v1.yaml": edit(cluster, ...clusterEdit),
  });
  expect(found.map(({ message }) => message)).toEqual(says.map((text) => expect.stringContaining(text)));
  expect(found.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual(marks);
});
