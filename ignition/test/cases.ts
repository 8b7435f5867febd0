/** A config, and the errors that the spec says it has: none in a good one. */
export interface Case {
  readonly title: string;
  readonly text: string;
  /** `PATH: MESSAGE`, sorted. */
  readonly errors: readonly string[];
}

type Rows = readonly (readonly [body: object | string, ...errors: string[]])[];

/** A config of a version; a body that is text is put into the object as it is. */
function config(version: string, body: object | string): string {
  const ignition = `"ignition":{"version":"${version}"}`;
  if (typeof body === "string") return body.startsWith("{") ? body : `{${ignition},${body}}`;
  const { ignition: more, ...rest } = body as { ignition?: object };
  return JSON.stringify({ ignition: { version, ...more }, ...rest });
}

function cases(topic: string, version: string, rows: Rows): readonly Case[] {
  return rows.map(([body, ...errors], i) => ({
    title: `${topic} ${version} #${i + 1}`,
    text: config(version, body),
    errors: errors.sort(),
  }));
}

const files = (...list: object[]) => ({ storage: { files: list } });
const source = (url: string, more: object = {}) => files({ path: "/f", contents: { source: url, ...more } });
const partitions = (...list: object[]) => ({
  storage: { disks: [{ device: "/dev/vda", partitions: list }] },
});
const filesystem = (one: object) => ({ storage: { filesystems: [{ device: "/dev/vda1", ...one }] } });
const raid = (one: object) => ({ storage: { raid: [{ name: "r", devices: ["/dev/a", "/dev/b"], ...one }] } });
const luks = (one: object) => ({ storage: { luks: [{ name: "l", device: "/dev/vda", ...one }] } });
const tang = (one: object) => luks({ clevis: { tang: [{ url: "https://t", thumbprint: "x", ...one }] } });
const unit = (one: object) => ({ systemd: { units: [{ name: "a.service", ...one }] } });
const dropin = (one: object) => unit({ dropins: [{ name: "a.conf", ...one }] });
const sha512 = `sha512-${"a".repeat(128)}`;
const sha256 = `sha256-${"a".repeat(64)}`;
const at = (path: string, message: string) => `${path}: ${message}`;
const file0 = (key: string, message: string) => at(`$.storage.files.0.${key}`, message);
const badSource = (message: string) => file0("contents.source", message);

const paths: Rows = [
  [files({ path: "/etc/a b" }, { path: "/etc/ü" }, { path: "/" })],
  [files({ path: "" }), file0("path", "path not specified")],
  [files({}), file0("path", "path not specified")],
  [files({ path: "etc" }), file0("path", "path not absolute")],
  ...["/etc/", "//etc", "/etc//a", "/etc/./a", "/etc/../a", "/.."].map((path): Rows[number] => [
    files({ path }),
    file0("path", "path is not fully simplified"),
  ]),
  [files({ path: "/a" }, { path: "/a" }), at("$.storage.files.1", "duplicate entry defined")],
  [
    { storage: { files: [{ path: "/a" }], directories: [{ path: "/a" }] } },
    at("$.storage.files.0", "duplicate entry defined"),
  ],
  [
    { storage: { links: [{ path: "/a", target: "/b" }], directories: [{ path: "/a" }] } },
    at("$.storage.links.0", "duplicate entry defined"),
  ],
];

const modes: Rows = [
  [files({ path: "/a", mode: 0 }, { path: "/b", mode: 0o7777 }, { path: "/c", mode: null })],
  [files({ path: "/a", mode: 0o10000 }), file0("mode", "illegal file mode")],
  [files({ path: "/a", mode: -1 }), file0("mode", "illegal file mode")],
  [
    { storage: { directories: [{ path: "/a", mode: 99999 }] } },
    at("$.storage.directories.0.mode", "illegal file mode"),
  ],
  [files({ path: "/a", mode: "420" }), file0("mode", "found a string, expected an integer")],
  [
    '"storage":{"files":[{"path":"/a","mode":420.0}]}',
    file0("mode", "found 420.0, expected an integer of 64 bits"),
  ],
  [
    '"storage":{"files":[{"path":"/a","mode":9223372036854775808}]}',
    file0("mode", "found 9223372036854775808, expected an integer of 64 bits"),
  ],
];

const owners: Rows = [
  [files({ path: "/a", user: { id: 0 }, group: { name: "g" } }, { path: "/b", user: { id: 1, name: "" } })],
  [files({ path: "/a", user: { id: 0, name: "root" } }), file0("user", "cannot set both id and name")],
  [files({ path: "/a", group: { id: 5, name: "g" } }), file0("group", "cannot set both id and name")],
];

const contents: Rows = [
  [source("data:,x"), ...[]],
  [files({ path: "/a", overwrite: true, contents: { source: "" } })],
  [
    files({ path: "/a", overwrite: true }),
    file0("overwrite", "overwrite must be false if source is unspecified"),
  ],
  [source("data:,x", { compression: "gzip" })],
  [source("data:,x", { compression: "" })],
  [source("data:,x", { compression: "xz" }), file0("contents.compression", "invalid compression method")],
  [source("https://h/x", { verification: { hash: sha512 } })],
  [
    files({ path: "/a", contents: { verification: { hash: sha512 } } }),
    file0("contents.verification.hash", "source must be specified if verification is specified"),
  ],
  ...(
    [
      ["x", "malformed hash specifier"],
      ["", "malformed hash specifier"],
      ["sha512-aa", "incorrect size for hash sum"],
      [`sha1-${"a".repeat(40)}`, "unrecognized hash function"],
      [`SHA512-${"a".repeat(128)}`, "unrecognized hash function"],
    ] as const
  ).map(([hash, message]): Rows[number] => [
    source("https://h/x", { verification: { hash } }),
    file0("contents.verification.hash", message),
  ]),
  [source("https://h/x", { verification: { hash: `sha512-${"z".repeat(128)}` } })],
  [files({ path: "/a", append: [{ source: "data:,a" }, { source: "data:,a" }] })],
  [files({ path: "/a", append: [{ source: "ftp://h" }] }), file0("append.0.source", "invalid url scheme")],
];

const headers: Rows = [
  [source("https://h", { httpHeaders: [{ name: "A", value: "b" }, { name: "C" }] })],
  [
    source("data:,x", { httpHeaders: [{ name: "A", value: "b" }] }),
    file0("contents.httpHeaders", "cannot use HTTP headers with this source scheme"),
  ],
  [
    files({ path: "/f", contents: { httpHeaders: [{ name: "A", value: "b" }] } }),
    file0("contents.httpHeaders", "unable to parse url"),
  ],
  [
    source("https://h", {
      httpHeaders: [
        { name: "", value: "b" },
        { name: "A", value: "" },
      ],
    }),
    file0("contents.httpHeaders.0.name", "HTTP header name can't be empty"),
    file0("contents.httpHeaders.1.value", "unable to parse HTTP header"),
  ],
  [
    source("https://h", { httpHeaders: [{ name: "A" }, { name: "A" }] }),
    file0("contents.httpHeaders.1", "duplicate entry defined"),
  ],
];

const goodUrls = [
  "http://",
  "https://h:80/a?b#c",
  "HTTPS://h",
  "http:opaque%zz",
  "tftp://h/a",
  "s3://bucket/key",
  "s3://bucket/key?versionId=1",
  "http://u:p@h/",
  "http://[::1]:80/",
  "http://[fe80::1%25eth0]/",
  "http://h:/",
  "http://a:b:1/",
  "http://h/ü",
  "http://ü/",
  "http://h?%zz",
  "http:///x",
  "http:*",
];

const badUrls: readonly (readonly [url: string, message: string])[] = [
  ["x", "invalid url scheme"],
  ["*", "invalid url scheme"],
  ["ftp://h", "invalid url scheme"],
  ["file:///a", "invalid url scheme"],
  ["://h", "unable to parse url"],
  ["1http://h", "unable to parse url"],
  ["http://h/%zz", "unable to parse url"],
  ["http://h/%4", "unable to parse url"],
  ["http://h#%", "unable to parse url"],
  ["http://h\u007f", "unable to parse url"],
  ["http://h\n", "unable to parse url"],
  ["http://h:8a", "unable to parse url"],
  ["http://a b/", "unable to parse url"],
  ["http://%41/", "unable to parse url"],
  ["http://u ser@h/", "unable to parse url"],
  ["http://[::1/", "unable to parse url"],
  ["http://[1.2.3.4]/", "unable to parse url"],
  ["http://[fe80::1%25]/", "unable to parse url"],
  ["http://[::1]x/", "unable to parse url"],
  ["http://a[::1]/", "unable to parse url"],
  ["s3://b/k?versionId=", "invalid S3 object VersionId"],
  ["s3://b/k?version%49d", "invalid S3 object VersionId"],
  ["DATA:,x", "missing data prefix"],
];

const goodData = [
  "data:,",
  "data:,a%20b%0A",
  "data:;base64,",
  "data:;base64,YQ==",
  "data:text/plain,x",
  "data:text/plain;charset=utf-8;base64,YWI=",
  'data:text/plain;charset="utf-8",x',
  'data:text/plain;a="";b=c,x',
  "data:x-foo/bar,x",
  "data:;a=b,x",
  "data:application/,x",
  "data:;base64,YWF=",
];

const badData: readonly (readonly [url: string, message: string])[] = [
  ["data:", "missing comma before data"],
  ["data:x", "missing media type slash"],
  ["data:a/b,x", "invalid media type"],
  ["data:text,x", "invalid character for media type"],
  ["data:text/plain", "incomplete media type"],
  ["data:text/pl[ain,x", "invalid character for media subtype"],
  ["data:;,x", "unterminated parameter sequence"],
  ["data:;base32,x", "expected base64, got base32"],
  ["data:;base64;a=b,x", "invalid character for parameter attribute"],
  ["data:;a=,x", "invalid character for parameter value"],
  ["data:;a=b", "missing comma before data"],
  ["data:;a=%zz,x", "rfc2396: invalid char 0x25 in unescape sequence"],
  ['data:;a="b,x', "unclosed quoted string"],
  ['data:;a="\\q",x', "invalid syntax"],
  ['data:;a="b"c,x', "expected semicolon or comma"],
  ["data:,a b", "invalid data character"],
  ["data:,a#b", "invalid data character"],
  ["data:,ü", "invalid data character"],
  ["data:,%", "rfc2396: unexpected end of unescape sequence"],
  ["data:,%a", "rfc2396: unexpected end of unescape sequence"],
  ["data:,%ag", "rfc2396: invalid char 0x25 in unescape sequence"],
  ["data:;base64,YQ", "illegal base64 data"],
  ["data:;base64,YQ=", "illegal base64 data"],
  ["data:;base64,Y=Q=", "illegal base64 data"],
  ["data:;base64,Y-Q=", "invalid data character"],
];

const urls: Rows = [
  ...[...goodUrls, ...goodData].map((url): Rows[number] => [source(url)]),
  ...[...badUrls, ...badData].map(([url, message]): Rows[number] => [source(url), badSource(message)]),
];

const links: Rows = [
  [{ storage: { links: [{ path: "/l", target: "../x" }], files: [{ path: "/lx" }] } }],
  [{ storage: { links: [{ path: "/l" }] } }, at("$.storage.links.0.target", "link target is required")],
  [
    { storage: { links: [{ path: "/l", target: "" }] } },
    at("$.storage.links.0.target", "link target is required"),
  ],
  [
    {
      storage: {
        links: [{ path: "/l", target: "/x" }],
        files: [{ path: "/l/a" }],
        directories: [{ path: "/l/b/c" }],
      },
    },
    at("$.storage.files.0", "file path includes link in config"),
    at("$.storage.directories.0", "directory path includes link in config"),
  ],
  [
    {
      storage: {
        links: [
          { path: "/l", target: "/x" },
          { path: "/l/m", target: "/x" },
        ],
      },
    },
    at("$.storage.links.1", "link path includes link in config"),
  ],
  [
    { storage: { links: [{ path: "/l", target: "/d/./", hard: true }], directories: [{ path: "/d" }] } },
    at("$.storage.links.0", "hard link target is a directory"),
  ],
  [{ storage: { links: [{ path: "/l", target: "/d", hard: false }], directories: [{ path: "/d" }] } }],
  [
    { storage: { links: [{ path: "/a/l", target: "../d", hard: true }], directories: [{ path: "/a/d" }] } },
    at("$.storage.links.0", "hard link target is a directory"),
  ],
];

const guid = "01234567-89ab-CDEF-0123-456789abcdef";
const oneBased = { number: 1, label: "a" };
const disk0 = (key: string, message: string) => at(`$.storage.disks.0.${key}`, message);
const disks: Rows = [
  [partitions({ label: "a", guid, typeGuid: "" }, { number: 2, sizeMiB: 0, startMiB: 0 })],
  [{ storage: { disks: [{ device: "" }] } }, disk0("device", "disk device is required")],
  [{ storage: { disks: [{ device: "vda" }] } }, disk0("device", "path not absolute")],
  [
    { storage: { disks: [{ device: "/dev/a" }, { device: "/dev/a" }] } },
    at("$.storage.disks.1", "duplicate entry defined"),
  ],
  [partitions({}), disk0("partitions.0", "a partition number >= 1 or a label must be specified")],
  [
    partitions({ number: 1 }, { number: 1 }),
    disk0("partitions.1", "partition numbers collide"),
    disk0("partitions.1", "duplicate entry defined"),
  ],
  [
    partitions(oneBased, { number: 2, label: "a" }),
    disk0("partitions.1", "cannot use the same partition label twice"),
  ],
  [
    partitions({ label: "a" }, { label: "a" }),
    disk0("partitions.1", "cannot use the same partition label twice"),
    disk0("partitions.1", "duplicate entry defined"),
  ],
  [partitions({ number: 1, label: "a".repeat(36) }, { number: 2, label: "" })],
  [
    partitions({ number: 1, label: `${"a".repeat(35)}ü` }),
    disk0("partitions.0.label", "partition labels may not exceed 36 characters"),
  ],
  [
    partitions({ label: "a:b" }),
    disk0("partitions.0.label", "partition label will be truncated to text before the colon"),
  ],
  [
    partitions({ number: 1, guid: "x", typeGuid: `{${guid}}` }),
    disk0("partitions.0.guid", `doesn't match the form "01234567-89AB-CDEF-EDCB-A98765432101"`),
    disk0("partitions.0.typeGuid", `doesn't match the form "01234567-89AB-CDEF-EDCB-A98765432101"`),
  ],
  [
    partitions({ number: 1, shouldExist: false, label: "" }),
    disk0("partitions.0", "shouldExist specified false with other options also specified"),
  ],
  [partitions({ number: 1, shouldExist: false, guid: "" })],
  [
    partitions({ number: 1, shouldExist: false }, { label: "b" }),
    disk0("partitions", "shouldExist is false for a partition and other partition(s) has start or size 0"),
  ],
  [partitions({ number: 1, startMiB: 1, sizeMiB: 10 }, { number: 2, startMiB: 11, sizeMiB: 10 })],
  [
    partitions({ number: 1, startMiB: 1, sizeMiB: 11 }, { number: 2, startMiB: 11, sizeMiB: 10 }),
    disk0("partitions.1", "partitions overlap"),
  ],
  [
    partitions({ number: 1, startMiB: 1, sizeMiB: 100 }, { number: 2, startMiB: 11, sizeMiB: 10 }),
    disk0("partitions.1", "partitions overlap"),
  ],
  [
    partitions({ number: 1, startMiB: 5, sizeMiB: 0 }, { number: 2, startMiB: 1, sizeMiB: 10 }),
    disk0("partitions.1", "partitions overlap"),
  ],
  [partitions({ number: 1, startMiB: 1, sizeMiB: 0 }, { number: 2, startMiB: 5, sizeMiB: 5 })],
  [
    partitions(
      { number: 1, startMiB: 0, sizeMiB: 9 },
      { number: 2, startMiB: 0, sizeMiB: 9 },
      { number: 3, startMiB: 1 },
    ),
  ],
  [
    '"storage":{"disks":[{"device":"/d","partitions":[{"number":1,"startMiB":2,"sizeMiB":9223372036854775807},{"number":2,"startMiB":5,"sizeMiB":5}]}]}',
  ],
];

const filesystems: Rows = [
  [
    filesystem({
      format: "ext4",
      path: "/var",
      label: "a".repeat(16),
      options: ["-x", "-x"],
      mountOptions: ["a", "a"],
    }),
  ],
  [filesystem({ path: "", label: "" })],
  [filesystem({ format: "none" })],
  [filesystem({ format: "ntfs" }), at("$.storage.filesystems.0.format", "invalid filesystem format")],
  [filesystem({ format: "ext4", path: "var" }), at("$.storage.filesystems.0.path", "path not absolute")],
  ...[
    { path: "/a" },
    { uuid: "x" },
    { wipeFilesystem: true },
    { options: ["x"] },
    { mountOptions: ["x"] },
  ].map((one): Rows[number] => [
    filesystem(one),
    at(
      "$.storage.filesystems.0.format",
      "format cannot be empty when path, label, uuid, wipeFilesystem, options, or mountOptions is specified",
    ),
  ]),
  ...(
    [
      ["ext4", 16],
      ["btrfs", 256],
      ["xfs", 12],
      ["swap", 15],
      ["vfat", 11],
    ] as const
  ).flatMap(
    ([format, longest]): Rows => [
      [filesystem({ format, label: "l".repeat(longest) })],
      [
        filesystem({ format, label: "l".repeat(longest + 1) }),
        at(
          "$.storage.filesystems.0.label",
          `filesystem labels cannot be longer than ${longest} characters when using ${format}`,
        ),
      ],
    ],
  ),
  [
    { storage: { filesystems: [{ device: "" }] } },
    at("$.storage.filesystems.0.device", "path not specified"),
  ],
  [
    { storage: { filesystems: [{ device: "/d" }, { device: "/d" }] } },
    at("$.storage.filesystems.1", "duplicate entry defined"),
  ],
];

const raids: Rows = [
  ...[
    "linear",
    "raid0",
    "0",
    "stripe",
    "raid1",
    "1",
    "mirror",
    "raid4",
    "raid5",
    "raid6",
    "raid10",
    "10",
  ].map((level): Rows[number] => [raid({ level, spares: 0 })]),
  [raid({ level: "raid1", spares: 1, options: ["a", "a"] })],
  [
    raid({ level: "raid0", spares: 1 }),
    at("$.storage.raid.0.level", "spares unsupported for linear and raid0 arrays"),
  ],
  [raid({ level: "raid2" }), at("$.storage.raid.0.level", "unrecognized raid level")],
  [raid({}), at("$.storage.raid.0.level", "raid level is required")],
  [raid({ level: "1", devices: [] }), at("$.storage.raid.0.devices", "raid devices required")],
  [raid({ level: "1", devices: ["a"] }), at("$.storage.raid.0.devices.0", "path not absolute")],
  [raid({ level: "1", devices: ["/a", "/a"] }), at("$.storage.raid.0.devices.1", "duplicate entry defined")],
];

const luks0 = (key: string, message: string) => at(`$.storage.luks.0.${key}`, message);
const custom = (one: object) => luks({ clevis: { custom: one } });
const lukses: Rows = [
  [luks({ label: "l".repeat(47), keyFile: { source: "data:,k" }, options: ["a", "a"] })],
  [luks({ name: "a/b" }), luks0("name", "device names cannot contain slashes")],
  [luks({ label: "l".repeat(48) }), luks0("label", "luks device labels cannot be longer than 47 characters")],
  [luks({ device: "" }), luks0("device", "disk device is required")],
  [luks({ device: "vda" }), luks0("device", "path not absolute")],
  [
    luks({ keyFile: { source: "x" } }),
    luks0("keys", "invalid key-file source"),
    luks0("keyFile.source", "invalid url scheme"),
  ],
  [tang({})],
  [tang({ url: "ftp://t" }), luks0("clevis.tang.0.url", "invalid url scheme")],
  [tang({ url: "http://%zz" }), luks0("clevis.tang.0.url", "unable to parse url")],
  [tang({ thumbprint: "" }), luks0("clevis.tang.0.thumbprint", "thumbprint is required")],
  [custom({ pin: "tang", config: "{}", needsNetwork: true })],
  [custom({})],
  [custom({ pin: "x", config: "{}" }), luks0("clevis.custom.pin", "unsupported clevis pin")],
  [custom({ config: "{}" }), luks0("clevis.custom.pin", "missing required custom clevis pin")],
  [custom({ pin: "sss" }), luks0("clevis.custom.config", "missing required custom clevis config")],
  [
    custom({ needsNetwork: true }),
    luks0("clevis.custom.pin", "missing required custom clevis pin"),
    luks0("clevis.custom.config", "missing required custom clevis config"),
  ],
  [
    luks({ clevis: { tpm2: true, custom: { pin: "tpm2", config: "{}" } } }),
    luks0("clevis", "cannot use custom clevis config with tpm2, tang, or threshold"),
  ],
  [luks({ clevis: { threshold: 0, custom: { pin: "tpm2", config: "{}" } } })],
];

const newIn34: Rows = [
  [luks({ openOptions: ["a", "b"], discard: true })],
  [luks({ openOptions: ["a", "a"] }), luks0("openOptions.1", "duplicate entry defined")],
  [tang({ advertisement: '{"a":1}' })],
  [tang({ advertisement: "" })],
  [tang({ advertisement: "{" }), luks0("clevis.tang.0.advertisement", "advertisement is not valid JSON")],
  [tang({ advertisement: "1e999" }), luks0("clevis.tang.0.advertisement", "advertisement is not valid JSON")],
  [source("arn:aws:s3:::bucket/key")],
  [source("arn:aws:s3:eu:1:accesspoint/a/key?versionId=1")],
  [source("arn:aws:s3:::bucket"), badSource("invalid S3 ARN format")],
  [source("arn:aws:ec2:::bucket/key"), badSource("invalid S3 ARN format")],
  [source("arn:aws:s3"), badSource("invalid S3 ARN format")],
  [source("arn:aws:s3:eu:1:accesspoint/a"), badSource("invalid S3 ARN format")],
  [source("arn:aws:s3:::bucket/key?versionId="), badSource("invalid S3 object VersionId")],
];

const notIn33: Rows = [
  [source("arn:aws:s3:::bucket/key"), badSource("invalid url scheme")],
  [tang({ advertisement: "{" })],
  [luks({ openOptions: ["a", "a"] })],
];

const unit0 = (key: string, message: string) => at(`$.systemd.units.0.${key}`, message);
const line = (length: number) => "x".repeat(length);
const badUnits: readonly (readonly [contents: string, message: string])[] = [
  ["[Unit", "unable to find end of section"],
  ["[Unit] x\n", 'found garbage after section name : "x"'],
  ["[Unit]\nfoo\nbar=1\n", "unexpected newline encountered while parsing option name"],
  ["[Unit]\nfoo", "EOF"],
  [`[Unit]\nA=${line(2048)}\n`, "line too long (max 2048 bytes)"],
];
const goodUnits = [
  "",
  "foo",
  "#[Unit",
  "[Unit]\n# a \\\n still a comment\nA=1\\\n  2\n",
  "[Unit]\r\nA=1\r\n",
  "[Unit]\nA=1 \\",
  "[]\n=\n",
  `[Unit]\nA=${line(2045)}\n`,
  `[Unit]\nA=${line(2000)}`,
];
const units: Rows = [
  ...[
    "service",
    "socket",
    "device",
    "mount",
    "automount",
    "swap",
    "target",
    "path",
    "timer",
    "slice",
    "scope",
  ].map((kind): Rows[number] => [unit({ name: `a.${kind}` })]),
  ...["a", "", "a.servicex", "a.service/b"].map((name): Rows[number] => [
    unit({ name }),
    unit0("name", "invalid systemd unit extension"),
  ]),
  ...goodUnits.flatMap((contents): Rows => [[unit({ contents, enabled: true })], [dropin({ contents })]]),
  ...badUnits.flatMap(
    ([contents, message]): Rows => [
      [unit({ contents }), unit0("contents", `invalid unit content: ${message}`)],
      [dropin({ contents }), unit0("dropins.0.contents", `invalid unit content: ${message}`)],
    ],
  ),
  [dropin({ name: "a" }), unit0("dropins.0.name", "invalid systemd drop-in extension")],
  [
    unit({ dropins: [{ name: "a.conf" }, { name: "a.conf" }] }),
    unit0("dropins.1", "duplicate entry defined"),
  ],
  [
    { systemd: { units: [{ name: "a.service" }, { name: "a.service" }] } },
    at("$.systemd.units.1", "duplicate entry defined"),
  ],
  [
    {
      systemd: {
        units: [{ name: "a.service", contents: "[A]", dropins: [{ name: "b.conf", contents: "[A]" }] }],
      },
      storage: {
        files: [{ path: "/etc/systemd/system/a.service" }],
        directories: [{ path: "/etc/systemd/system/a.service.d/b.conf" }],
      },
    },
    at("$.storage.files.0.path", "path conflicts with systemd unit or dropin"),
    at("$.storage.directories.0.path", "path conflicts with systemd unit or dropin"),
  ],
];

const rest: Rows = [
  [{ passwd: { users: [{ name: "a" }, { name: "b" }], groups: [{ name: "a" }] } }],
  [{ passwd: { users: [{ name: "a" }, { name: "a" }] } }, at("$.passwd.users.1", "duplicate entry defined")],
  [
    { passwd: { groups: [{ name: "a" }, { name: "a" }] } },
    at("$.passwd.groups.1", "duplicate entry defined"),
  ],
  [
    { passwd: { users: [{ name: "a", sshAuthorizedKeys: ["k", "k"], groups: ["g", "g"] }] } },
    at("$.passwd.users.0.sshAuthorizedKeys.1", "duplicate entry defined"),
    at("$.passwd.users.0.groups.1", "duplicate entry defined"),
  ],
  [{ kernelArguments: { shouldExist: ["a"], shouldNotExist: ["b"] } }],
  [
    { kernelArguments: { shouldExist: ["a"], shouldNotExist: ["a"] } },
    at("$.kernelArguments.shouldNotExist.0", "duplicate entry defined"),
  ],
  [{ ignition: { proxy: { httpProxy: "http://p", httpsProxy: "https://p", noProxy: ["a", "b"] } } }],
  [
    { ignition: { proxy: { httpProxy: "socks5://p" } } },
    at("$.ignition.proxy.httpProxy", "proxies must be http(s)"),
  ],
  [{ ignition: { proxy: { httpsProxy: "" } } }, at("$.ignition.proxy.httpsProxy", "proxies must be http(s)")],
  [{ ignition: { proxy: { httpsProxy: ":" } } }, at("$.ignition.proxy.httpsProxy", "unable to parse url")],
  [{ ignition: { timeouts: { httpTotal: -5, httpResponseHeaders: null } } }],
  [{ ignition: { config: { merge: [{ source: "https://h/a" }], replace: { source: "https://h/b" } } } }],
  [{ ignition: { config: { merge: [{}] } } }, at("$.ignition.config.merge.0", "source is required")],
  [
    { ignition: { config: { merge: [{ source: "x" }] } } },
    at("$.ignition.config.merge.0", "invalid url scheme"),
    at("$.ignition.config.merge.0.source", "invalid url scheme"),
  ],
  [
    { ignition: { security: { tls: { certificateAuthorities: [{ source: "" }] } } } },
    at("$.ignition.security.tls.certificateAuthorities.0", "source is required"),
  ],
];

const json: Rows = [
  ['{"ignition":{"version":"3.4.0"},"ignition":{"timeouts":{}}}'],
  ['{"IGNITION":{"Version":"3.4.0"},"\u017ftorage":{"file\u017f":[{"path":"/a"}]}}'],
  ['{"ignition":{"version":"3.04.0"}}'],
  ['{"ignition":{"version":"9.9.9","version":"3.4.0","version":null}}'],
  ['"storage":null'],
  ['"storage":{"files":[null]}', file0("path", "path not specified")],
  ['"storage":{"files":[{"path":"/a"},{"path":"/b"}],"files":[{"mode":1}]}'],
  [
    '"storage":{"files":[{"path":"/a"}],"files":null,"files":[{"mode":1}]}',
    file0("path", "path not specified"),
  ],
  [
    '"storage":{"files":[{"path":"/a"}],"files":[],"files":[{"mode":1}]}',
    file0("path", "path not specified"),
  ],
  ['"unknown":[1e999,{"deep":true}]'],
  ['"storage":[]', at("$.storage", "found a list, expected an object")],
  ['"storage":{"files":{}}', at("$.storage.files", "found an object, expected a list")],
  ['"storage":{"files":[{"path":1}]}', file0("path", "found a number, expected a string")],
  [
    '"storage":{"files":[{"path":"/a","overwrite":"yes"}]}',
    file0("overwrite", "found a string, expected true or false"),
  ],
  ["{", at("$", "expected a key, found the end")],
  ['{"ignition":{"version":"3.4.0"}} x', at("$", 'unexpected "x" after the value')],
  ['{"ignition":{"version":"3.4.0"},}', at("$", 'expected a key, found "}"')],
  ['{"a":01}', at("$", 'expected a comma or an end, found "1"')],
  ['{"a":"\\x"}', at("$", "string with a control character, or a bad escape, in it")],
  ['{"a":"b}', at("$", "string without an end")],
];

const throughout = (version: string): readonly Case[] =>
  Object.entries({ paths, modes, owners, contents, headers, urls, links, disks, filesystems }).flatMap(
    ([topic, rows]) => cases(topic, version, rows),
  );

/** A good config and a bad one for every rule, by hand. */
export const handWritten: readonly Case[] = [
  ...["3.3.0", "3.4.0"].flatMap((version) => [
    ...throughout(version),
    ...Object.entries({ raids, lukses, units, rest }).flatMap(([topic, rows]) => cases(topic, version, rows)),
    ...cases("hashes", version, [[source("https://h/x", { verification: { hash: sha256 } })]]),
  ]),
  ...cases("only", "3.4.0", newIn34),
  ...cases("only", "3.3.0", notIn33),
  ...cases("json", "3.4.0", json),
];
