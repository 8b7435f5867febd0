// Images that Kubernetes' own e2e tests ask for, as far as they can be made from Go modules. Programs that upstream's
// take from their distributions come from Debian.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LandfallError } from "../spec/error.ts";
import { goStep, kubernetesFolder, kubernetesStep, ownGoStep } from "./go.ts";
import { type ImageStep, imageStep } from "./images.ts";
import { layerPath, writeImageLayout } from "./oci.ts";
import { debian, goModules, sourceDate, testImageTags } from "./pins.ts";
import { defineStep, type Step, type StepContext } from "./step.ts";
import { debianStep } from "./system.ts";

/** What shell commands of the tests call. */
const applets =
  `cat chgrp chmod chown cp cut date dd df dirname du echo env expr false find grep head hexdump hostname id
  ifconfig kill ln ls mkdir mkfifo mknod mktemp mount mv netstat nohup ping ping6 printf ps pwd readlink rm rmdir route sed
  seq sleep sort stat sync sysctl tail tar tee test timeout top touch tr traceroute true umount uname uniq vi watch wc wget
  which xargs`.split(/\s+/);

/** A file put over an image's own. Without a source: an empty folder. */
interface Addition {
  readonly path: string;
  readonly mode: number;
  /** Of Kubernetes' module, of a step's output, or a text. */
  readonly from?: { readonly module: string } | { readonly step: Step; readonly file: string } | string;
}

interface Layered {
  readonly reference: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly additions: readonly Addition[];
}

/** @throws LandfallError `release-unknown` */
export function testImages(kubernetes: string): readonly ImageStep[] {
  const tags = testImageTags[kubernetes];
  if (tags === undefined) {
    throw new LandfallError("release-unknown", `no test images of Kubernetes ${kubernetes} are known`, {
      found: kubernetes,
      expected: Object.keys(testImageTags).join(" or "),
    });
  }
  const tree = debianStep("debian-tests", debian.testPackages);
  const shell = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [`/usr/bin/${name}`, "busybox"]));
  const agnhost = kubernetesStep("agnhost", kubernetes, ["k8s.io/kubernetes/test/images/agnhost"]);
  const nnp = kubernetesStep("nonewprivs", kubernetes, ["k8s.io/kubernetes/test/images/nonewprivs"]);
  const busybox = imageStep("busybox", tree, {
    version: tags.busybox,
    binaries: [],
    programs: ["/usr/bin/busybox"],
    links: shell([...applets, "sh", "ash", "nc", "nslookup"]),
    entrypoint: [],
    command: ["sh"],
  });
  const tools = imageStep("test-tools", tree, {
    version: tags.agnhost,
    binaries: [{ step: agnhost, binary: "agnhost" }],
    programs: ["bash", "busybox", "curl", "dash", "dig", "getent", "ip", "nc.openbsd", "nslookup", "ss"].map(
      (name) => `/usr/bin/${name}`,
    ),
    links: {
      ...shell(applets),
      // Not busybox's: it runs its own nc and nslookup, whatever else has their names.
      "/usr/bin/sh": "dash",
      "/usr/bin/nc": "nc.openbsd",
      "/agnhost": "usr/local/bin/agnhost",
      "/agnhost-2": "usr/local/bin/agnhost",
    },
  });
  const agnhostWith = (name: string, tag: string, command: string, additions: readonly Addition[]) =>
    layeredStep(name, kubernetes, tools, {
      reference: `landfall.local/${name}:${tag}`,
      entrypoint: ["/agnhost"],
      command: [command],
      additions: [...agnhostFiles, ...additions],
    });
  const page = (name: string): Addition[] =>
    ["data.json", `${name}.jpg`].map((file) => ({
      path: file,
      mode: 0o644,
      from: { module: `test/images/${name}/html/${file}` },
    }));
  return [
    agnhostWith("agnhost", tags.agnhost, "pause", []),
    agnhostWith("jessie-dnsutils", tags["jessie-dnsutils"], "pause", []),
    agnhostWith("kitten", tags.kitten, "test-webserver", page("kitten")),
    agnhostWith("nautilus", tags.nautilus, "test-webserver", page("nautilus")),
    busybox,
    layeredStep("nonewprivs", kubernetes, busybox, {
      reference: `landfall.local/nonewprivs:${tags.nonewprivs}`,
      entrypoint: [],
      command: ["nnp"],
      // Run by somebody else, it is root's: what no_new_privs must prevent.
      additions: [{ path: "usr/local/bin/nnp", mode: 0o6755, from: { step: nnp, file: "bin/nonewprivs" } }],
    }),
    imageStep("pause", tree, {
      version: tags.pause,
      binaries: [{ step: ownGoStep("pause"), binary: "pause" }],
      user: "65535:65535",
    }),
    imageStep("sample-apiserver", tree, {
      version: tags["sample-apiserver"],
      binaries: [
        {
          step: kubernetesStep("sample-apiserver", kubernetes, ["k8s.io/sample-apiserver"]),
          binary: "sample-apiserver",
        },
      ],
      links: { "/sample-apiserver": "usr/local/bin/sample-apiserver" },
      entrypoint: ["/sample-apiserver"],
    }),
    // What the sample API server keeps its objects in: the release's own.
    imageStep("etcd", tree, {
      version: tags.etcd,
      binaries: [{ step: goStep("etcd", goModules.etcd), binary: "server", as: "etcd" }],
    }),
  ];
}

/** What agnhost's Dockerfile adds to the program: a certificate to serve with, and a user of several groups. */
const agnhostFiles: readonly Addition[] = [
  { path: "localhost.crt", mode: 0o644, from: { module: "test/images/agnhost/porter/localhost.crt" } },
  { path: "localhost.key", mode: 0o644, from: { module: "test/images/agnhost/porter/localhost.key" } },
  { path: "uploads", mode: 0o755 },
  {
    path: "etc/passwd",
    mode: 0o644,
    from: "root:x:0:0:root:/:/bin/sh\nuser-defined-in-image:x:1000:1000::/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  },
  {
    path: "etc/group",
    mode: 0o644,
    from: "root:x:0:\nuser-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image\nnogroup:x:65534:\n",
  },
];

/** An image with files put over another's; its output is an OCI image layout. */
function layeredStep(name: string, kubernetes: string, base: ImageStep, image: Layered): ImageStep {
  const sources = image.additions.flatMap(({ from }) =>
    typeof from === "object" && "step" in from ? [from.step] : [],
  );
  const additions = image.additions.map(({ path, mode, from }) => [
    path,
    mode,
    typeof from === "object" && "step" in from ? from.file : (from ?? null),
  ]);
  const inputs = { kubernetes, ...image, additions, sourceDate };
  const step = defineStep(`image-${name}-layered`, inputs, [base.step, ...sources], async (context) => {
    const { out, run, outputOf } = context;
    const layer = join(out, "layer.tar");
    copyFileSync(layerPath(outputOf(base.step)), layer);
    const files = join(out, "files");
    mkdirSync(files);
    for (const addition of image.additions) await add(context, files, addition, kubernetes);
    await run("tar", [
      ...["--append", "--file", layer, "--directory", files, "--sort=name", `--mtime=@${sourceDate}`],
      ...["--owner=0", "--group=0", "--numeric-owner", "--format=gnu", "--no-recursion"],
      ...image.additions.map(({ path }) => `./${path}`),
    ]);
    await run("rm", ["-r", files]);
    await writeImageLayout(out, layer, image);
  });
  return { name, reference: image.reference, step };
}

async function add(context: StepContext, folder: string, addition: Addition, kubernetes: string) {
  const { path, mode, from } = addition;
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  if (from === undefined) mkdirSync(target);
  else if (typeof from === "string") writeFileSync(target, from);
  else if ("step" in from) copyFileSync(join(context.outputOf(from.step), from.file), target);
  else copyFileSync(join(await kubernetesFolder(context, kubernetes), from.module), target);
  chmodSync(target, mode);
}
