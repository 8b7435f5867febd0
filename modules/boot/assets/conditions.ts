// If-Match and its kin, in the order of RFC 9110 section 13.2.2, as Go's net/http takes them.

export interface Facts {
  /** Strong, with its quotes. */
  readonly etag: string | undefined;
  /** Whole seconds. */
  readonly modified: Date;
}

type Headers = (name: string) => string;

/** @returns whether to send the file, and whether a range of it may be sent */
export function judge(
  header: Headers,
  { etag, modified }: Facts,
): { readonly verdict: "send" | "not-modified" | "failed"; readonly range: boolean } {
  const verdict = (of: "send" | "not-modified" | "failed", range = false) => ({ verdict: of, range });
  const ifMatch = header("if-match");
  const unmodifiedSince = dateOf(header("if-unmodified-since"));
  if (ifMatch !== "") {
    if (!listed(ifMatch, (tag) => !tag.startsWith("W/") && tag === etag)) return verdict("failed");
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) return verdict("failed");

  const ifNoneMatch = header("if-none-match");
  const modifiedSince = dateOf(header("if-modified-since"));
  if (ifNoneMatch !== "") {
    if (listed(ifNoneMatch, (tag) => tag.replace(/^W\//, "") === etag)) return verdict("not-modified");
  } else if (modifiedSince !== undefined && modified <= modifiedSince) return verdict("not-modified");

  const ifRange = header("if-range");
  return verdict(
    "send",
    ifRange === "" || ifRange === etag || dateOf(ifRange)?.getTime() === modified.getTime(),
  );
}

/** Whether one of a list of entity tags matches; `*` is any. What is no list matches nothing from there on. */
function listed(header: string, matches: (tag: string) => boolean): boolean {
  let rest = header;
  for (;;) {
    rest = rest.replace(/^[\s,]+/, "");
    if (rest.startsWith("*")) return true;
    const tag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/.exec(rest)?.[0];
    if (tag === undefined) return false;
    if (matches(tag)) return true;
    rest = rest.slice(tag.length);
  }
}

/** Only the form that servers write. */
function dateOf(header: string): Date | undefined {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(header))
    return undefined;
  const date = new Date(header);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
