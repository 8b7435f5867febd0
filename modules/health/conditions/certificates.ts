import { X509Certificate } from "node:crypto";
import { type Condition, everyOne } from "../condition.ts";

const dayMs = 86_400_000;
/** A deploy renews what has less than a third of its life left; this much before the end nobody may have deployed. */
const farDays = 30;

export const certificates: Condition = {
  name: "certificates",
  describe: `every certificate is good for ${farDays} days or more`,
  next: "Deploy again: certificates near their end are issued anew and delivered.",
  async check({ pki, now }) {
    const ends = [
      ...Object.entries(pki.authorities).map(([name, { pem }]) => ({
        name: `authority of ${name}`,
        end: new X509Certificate(pem).validToDate,
      })),
      ...Object.entries(pki.certificates).map(([name, { notAfter }]) => ({ name, end: new Date(notAfter) })),
    ].map(({ name, end }) => ({ name, days: (end.getTime() - now().getTime()) / dayMs }));
    const first = ends.reduce((soonest, one) => (one.days < soonest.days ? one : soonest), {
      name: "",
      days: Infinity,
    });
    return everyOne(
      ends
        .filter(({ days }) => !(days >= farDays))
        .map(({ name, days }) => ({ who: name, what: ending(days) })),
      `${ends.length} certificates; the first to end, ${first.name}, in ${Math.floor(first.days)} days`,
    );
  },
};

function ending(days: number): string {
  if (Number.isNaN(days)) return "its end cannot be read";
  return days > 0 ? `ends in ${Math.floor(days)} days` : `ended ${Math.ceil(-days)} days ago`;
}
