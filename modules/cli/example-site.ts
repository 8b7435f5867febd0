// A site as people write it, for the tests of commands that read a project's files.

/** `clusters/site.yaml` with these machines. */
export function exampleSite(machines: readonly string[]): string {
  return `name: rack
networks: [{ name: rack, cidr: 10.77.0.0/24 }]
boot:
  service: landfall
  http: http://10.77.0.3:8080
  rpc: 127.0.0.1:8081
  tls: { ca: ca.crt, cert: client.crt, key: client.key }
  assets: assets
machines:
${machines
  .map(
    (name, index) => `  - name: ${name}
    mac: 52:54:00:77:00:1${index}
    address: 10.77.0.1${index}
    bmc: { driver: redfish, url: http://bmc/${name} }
`,
  )
  .join("")}`;
}
