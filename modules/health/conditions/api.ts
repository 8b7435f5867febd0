import { type Condition, everyOne } from "../condition.ts";
import { apiServerUrl, endpointUrl, masters } from "../servers.ts";
import { ready } from "./readyz.ts";

export const api: Condition = {
  name: "api",
  describe: "the endpoint answers, and is ready",
  next: "See `apiservers`; if those hold, look at keepalived on the masters, and at the way to the endpoint's address.",
  async check({ plan, api }, signal) {
    const endpoint = endpointUrl(plan);
    const problem = await ready(api.only(endpoint), "/readyz?verbose", signal);
    return everyOne(problem ? [{ who: endpoint, what: problem.what }] : [], `${endpoint} is ready`);
  },
};

export const apiServers: Condition = {
  name: "apiservers",
  describe: "every apiserver by itself is ready",
  next: "Look at the named machines' consoles, and at `crictl ps -a` and the kubelet's journal there.",
  async check({ plan, api }, signal) {
    const found = await Promise.all(
      masters(plan).map(async (master) => {
        const problem = await ready(api.only(apiServerUrl(master)), "/readyz?verbose", signal);
        return problem && { ...problem, who: master.name };
      }),
    );
    return everyOne(
      found.filter((problem) => problem !== undefined),
      `${found.length} of ${found.length} ready`,
    );
  },
};
