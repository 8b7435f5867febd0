// What may be a DNS name.

/** DNS-1123 subdomain, which every certificate and resolver takes: lower case, no wildcard, no trailing dot. */
export function isDnsName(text: string): boolean {
  const labels = text.split(".");
  return (
    text.length <= 253 &&
    labels.every((label) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(label)) &&
    // A last label of digits makes it an address to most programs, and a bad one.
    !/^\d+$/.test(labels.at(-1)!)
  );
}

/** The DNS name that was likely meant by a URL, a name with a port, a trailing dot or upper case. */
export function likelyDnsName(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, "")
    .replace(/[/?#].*$/, "")
    .replace(/:\d+$/, "")
    .replace(/^\*\./, "")
    .replace(/\.$/, "");
  return name !== text && isDnsName(name) ? name : undefined;
}
