// `node test/boot/page/picture.ts` makes docs/images/page.png: the live page in the middle of a landing.
import { join } from "node:path";
import { exampleFleet } from "../../../modules/boot/fleet/example-fleet.ts";
import { openBrowser } from "../../support/browser.ts";
import { startPage } from "./service.ts";

const { machines, conditions } = exampleFleet(new Date());
const service = await startPage(machines, conditions);
const browser = await openBrowser();
try {
  const { page } = await browser.visit(service.url, { viewport: { width: 1040, height: 900 } });
  await page.getByText("live", { exact: true }).waitFor();
  await page.getByText("w1", { exact: true }).click();
  await page.locator("pre").waitFor();
  await page.screenshot({ path: join(import.meta.dirname, "../../../docs/images/page.png"), fullPage: true });
} finally {
  await browser.close();
  await service.stop();
}
