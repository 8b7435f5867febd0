import ssh2 from "ssh2";
import { expect, test } from "vitest";
import { deliveryKey } from "./roots.ts";

// One malformed key in 256 would pass this by luck once in some 10^17 runs.
test("every delivery key can be read again", { timeout: 60_000 }, () => {
  for (let made = 0; made < 10_000; made += 1)
    expect(ssh2.utils.parseKey(deliveryKey())).not.toBeInstanceOf(Error);
});
