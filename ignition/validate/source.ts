import { dataUrlError } from "./data-url.ts";
import type * as decoded from "./decoded.ts";
import type { Rule } from "./rules.ts";
import { parseUrl, queryValues } from "./url.ts";

/** What is wrong with a URL that contents may come from, in spec 3.`minor`; or nothing. */
export function sourceError(text: string, minor: number): string | undefined {
  const url = parseUrl(text);
  if (url === undefined) return "unable to parse url";
  if (["http", "https", "tftp"].includes(url.scheme)) return undefined;
  if (url.scheme === "data") return dataUrlError(text);
  if (url.scheme === "gs" && minor >= 2) return undefined;
  if (url.scheme === "s3") return objectVersionError(url.query);
  if (url.scheme === "arn" && minor >= 4) return arnError(url.opaque) ?? objectVersionError(url.query);
  return "invalid url scheme";
}

function objectVersionError(query: string): string | undefined {
  return queryValues(query, "versionId")[0] === "" ? "invalid S3 object VersionId" : undefined;
}

/** `aws:s3:region:account:bucket/key`, or `accesspoint/name/key` in the last place. */
function arnError(opaque: string): string | undefined {
  const sections = opaque.split(":");
  if (sections.length < 5 || sections[1] !== "s3") return "invalid S3 ARN format";
  const resource = sections.slice(4).join(":");
  const parts = opaque.split("/").length;
  return parts < (resource.startsWith("accesspoint/") ? 3 : 2) ? "invalid S3 ARN format" : undefined;
}

/** Another config, or a CA, must come from somewhere. */
export function requiredSourceError({ source }: decoded.Resource, minor: number): string | undefined {
  return source ? sourceError(source, minor) : "source is required";
}

export const resource: Rule<decoded.Resource> = (value, at, report, minor) => {
  const { source, compression, httpHeaders, verification } = value;
  if (compression !== undefined && compression !== "" && compression !== "gzip") {
    report.error([...at, "compression"], "invalid compression method");
  }
  if (verification.hash !== undefined && source === undefined) {
    report.error([...at, "verification", "hash"], "source must be specified if verification is specified");
  }
  if (source) report.error([...at, "source"], sourceError(source, minor));
  if (httpHeaders && httpHeaders.length > 0) report.error([...at, "httpHeaders"], headersError(source));
};

function headersError(source: string | undefined): string | undefined {
  const url = source ? parseUrl(source) : undefined;
  if (url === undefined) return "unable to parse url";
  return url.scheme === "http" || url.scheme === "https"
    ? undefined
    : "cannot use HTTP headers with this source scheme";
}

export const httpHeader: Rule<decoded.HTTPHeader> = ({ name, value }, at, report) => {
  if (!name) report.error([...at, "name"], "HTTP header name can't be empty");
  if (value === "") report.error([...at, "value"], "unable to parse HTTP header");
};

export const verification: Rule<decoded.Verification> = ({ hash }, at, report, minor) => {
  if (hash !== undefined) report.error([...at, "hash"], hashError(hash, minor));
};

function hashError(hash: string, minor: number): string | undefined {
  const dash = hash.indexOf("-");
  if (dash < 0) return "malformed hash specifier";
  const digits: Readonly<Record<string, number>> = { sha512: 128, ...(minor >= 1 && { sha256: 64 }) };
  const kind = hash.slice(0, dash);
  if (!Object.hasOwn(digits, kind)) return "unrecognized hash function";
  return Buffer.byteLength(hash.slice(dash + 1)) === digits[kind] ? undefined : "incorrect size for hash sum";
}

export const proxy: Rule<decoded.Proxy> = ({ httpProxy, httpsProxy }, at, report) => {
  for (const [key, url] of [
    ["httpProxy", httpProxy],
    ["httpsProxy", httpsProxy],
  ] as const) {
    if (url === undefined) continue;
    const scheme = parseUrl(url)?.scheme;
    if (scheme === undefined) report.error([...at, key], "unable to parse url");
    else if (scheme !== "http" && scheme !== "https") report.error([...at, key], "proxies must be http(s)");
    else if (scheme === "http" && key === "httpsProxy") {
      report.warn([...at, key], "insecure plaintext HTTP proxy specified for HTTPS resources");
    }
  }
};
