import { describe, expect, it } from "vitest";
import { probe, probeManifests } from "./probe-manifests.ts";

interface Container {
  env: { name: string; value?: string }[];
  securityContext: object;
  image: string;
}
interface PodSpec {
  automountServiceAccountToken: boolean;
  securityContext: object;
  tolerations: object[];
  containers: [Container];
  hostNetwork?: boolean;
  volumes?: object[];
}
interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string; labels: Record<string, string> };
  spec: { selector: unknown; ports: { targetPort: number }[]; template: { metadata: object; spec: PodSpec } };
}

const manifests = probeManifests({
  plan: { network: { pods: "", services: "", apiService: "", dnsService: "", domain: "example.internal" } },
  image: "landfall.local/web:v1",
}) as Manifest[];
const of = (kind: string) => manifests.find((manifest) => manifest.kind === kind);

describe("probeManifests", () => {
  it("are one namespace that refuses privileged pods, a Service and a DaemonSet, under the names that checks use", () => {
    expect(manifests.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name])).toEqual([
      ["Namespace", undefined, probe.namespace],
      ["Service", probe.namespace, probe.name],
      ["DaemonSet", probe.namespace, probe.name],
    ]);
    expect(of("Namespace")?.metadata.labels).toEqual({ "pod-security.kubernetes.io/enforce": "restricted" });
  });

  it("run on every node, whatever its taints, and ask for the Service by its full name", () => {
    const pod = of("DaemonSet")?.spec.template.spec;
    expect(pod?.tolerations).toEqual([{ operator: "Exists" }]);
    expect(pod?.containers[0].image).toBe("landfall.local/web:v1");
    expect(pod?.containers[0].env.at(-1)?.value).toBe("web.landfall-system.svc.example.internal");
    expect(of("Service")?.spec.ports[0]?.targetPort).toBe(probe.port);
    expect(of("DaemonSet")?.spec.template.metadata).toEqual({ labels: of("Service")?.spec.selector });
  });

  it("hold no rights: no token, no root, nothing to write to, nothing of the host", () => {
    const pod = of("DaemonSet")?.spec.template.spec;
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(pod?.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
    });
    expect([pod?.hostNetwork, pod?.volumes]).toEqual([undefined, undefined]);
  });
});
