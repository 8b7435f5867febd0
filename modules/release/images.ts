// Images of what a cluster runs as pods, each made from what was built, FROM scratch.
import { join } from "node:path";
import { ownPath, ownText } from "./files.ts";
import { goStep, kubernetesStep, ownGoStep } from "./go.ts";
import { writeImageLayout } from "./oci.ts";
import { goModules, sourceDate } from "./pins.ts";
import { defineStep, type Step } from "./step.ts";

export interface ImageStep {
  /** Component, as `kube-proxy`. */
  readonly name: string;
  readonly reference: string;
  readonly step: Step;
}

interface Contents {
  readonly version: string;
  /** Programs from steps' `bin/`, put into /usr/local/bin. */
  readonly binaries: readonly { readonly step: Step; readonly binary: string; readonly as?: string }[];
  /** Programs of the Debian tree, with their libraries. */
  readonly programs?: readonly string[];
  /** Folders of the Debian tree. */
  readonly folders?: readonly string[];
  /** Symbolic links by path. */
  readonly links?: Readonly<Record<string, string>>;
  /** Default: the first binary. */
  readonly entrypoint?: readonly string[];
  /** Arguments where a pod gives none. Default: none. */
  readonly command?: readonly string[];
  readonly user?: string;
}

/** An image's step; its output is an OCI image layout. */
export function imageStep(name: string, debian: Step, contents: Contents): ImageStep {
  const reference = `landfall.local/${name}:${contents.version}`;
  const names = contents.binaries.map(({ binary, as }) => as ?? binary);
  const { binaries, ...rest } = contents;
  const usesDebian = contents.programs !== undefined || contents.folders !== undefined;
  const needs = [...new Set(binaries.map((item) => item.step)), ...(usesDebian ? [debian] : [])];
  const recipe = ownText("recipes", "image.sh");
  const step = defineStep(
    `image-${name}`,
    { recipe, names, rest, reference, sourceDate },
    needs,
    async (context) => {
      await context.run("sh", [ownPath("recipes", "image.sh")], {
        env: {
          OUT: context.out,
          DEBIAN: usesDebian ? context.outputOf(debian) : "",
          BINARIES: binaries
            .map(
              (item) => `${join(context.outputOf(item.step), "bin", item.binary)} ${item.as ?? item.binary}`,
            )
            .join("\n"),
          PROGRAMS: (contents.programs ?? []).join(" "),
          FOLDERS: (contents.folders ?? []).join(" "),
          LINKS: Object.entries(contents.links ?? {})
            .map(([path, target]) => `${target} ${path}`)
            .join("\n"),
          SOURCE_DATE_EPOCH: String(sourceDate),
        },
      });
      await writeImageLayout(context.out, join(context.out, "layer.tar"), {
        reference,
        entrypoint: contents.entrypoint ?? [`/usr/local/bin/${names[0]}`],
        ...(contents.command !== undefined && { command: contents.command }),
        ...(contents.user !== undefined && { user: contents.user }),
      });
    },
  );
  return { name, reference, step };
}

/** What the pod network's image needs of Debian, seen by running it: every firewall front end that it calls. */
const xtables = ["iptables", "ip6tables"].flatMap((family) =>
  ["", "-save", "-restore"].map((verb) => `${family}${verb}`),
);

/** All images of a release. */
export function releaseImages(kubernetes: string, programs: Step, debian: Step): readonly ImageStep[] {
  const version = `v${kubernetes}`;
  const gate = { step: ownGoStep("gate"), binary: "gate" };
  const etcd = goStep("etcd", goModules.etcd);
  const etcdctl = goStep("etcdctl", goModules.etcdctl);
  const component = (name: string) =>
    imageStep(name, debian, { version, binaries: [{ step: programs, binary: name }] });
  return [
    component("kube-apiserver"),
    imageStep("kube-controller-manager", debian, {
      version,
      binaries: [{ step: programs, binary: "kube-controller-manager" }, gate],
    }),
    imageStep("kube-scheduler", debian, {
      version,
      binaries: [{ step: programs, binary: "kube-scheduler" }, gate],
    }),
    imageStep("kube-proxy", debian, {
      version,
      binaries: [{ step: programs, binary: "kube-proxy" }, gate],
      programs: ["/usr/sbin/nft", "/usr/sbin/conntrack"],
    }),
    imageStep("etcd", debian, {
      version: goModules.etcd.version,
      binaries: [
        { step: etcd, binary: "server", as: "etcd" },
        { step: etcdctl, binary: "etcdctl" },
      ],
    }),
    imageStep("coredns", debian, {
      version: goModules.coredns.version,
      binaries: [{ step: goStep("coredns", goModules.coredns), binary: "coredns" }],
    }),
    imageStep("kube-router", debian, {
      version: goModules["kube-router"].version,
      binaries: [{ step: goStep("kube-router", goModules["kube-router"]), binary: "kube-router" }, gate],
      programs: [
        ...["/usr/sbin/xtables-nft-multi", "/usr/sbin/nft", "/usr/sbin/ipset", "/usr/sbin/conntrack"],
        ...["/usr/bin/ip", "/usr/bin/busybox"],
      ],
      folders: ["/usr/lib/x86_64-linux-gnu/xtables", "/etc/iproute2"],
      links: {
        ...Object.fromEntries(xtables.map((name) => [`/usr/sbin/${name}`, "xtables-nft-multi"])),
        ...Object.fromEntries(
          ["sh", "cat", "cp", "grep", "mv", "rm", "sleep"].map((name) => [`/usr/bin/${name}`, "busybox"]),
        ),
      },
    }),
    imageStep("pause", debian, {
      version: "v1",
      binaries: [{ step: ownGoStep("pause"), binary: "pause" }],
      user: "65534:65534",
    }),
    imageStep("web", debian, {
      version: "v1",
      binaries: [{ step: ownGoStep("web"), binary: "web" }],
      user: "65534:65534",
    }),
  ];
}

/** Kubernetes' own programs that a release has, on machines and in images. */
export function kubernetesPrograms(kubernetes: string): Step {
  const names = [
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "kubectl",
  ];
  return kubernetesStep(
    "kubernetes",
    kubernetes,
    names.map((name) => `k8s.io/kubernetes/cmd/${name}`),
  );
}
