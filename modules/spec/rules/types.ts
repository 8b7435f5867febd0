import type { Diagnostic } from "../diagnostic.ts";
import type { Path, SourceDocument } from "../document.ts";
import type { Cluster, Site } from "../schema.ts";
import type { Partially } from "../shape.ts";

/** A file with what could be read of it: rules look at `partial`, so that one mistake does not hide the next. */
export interface SiteFile {
  readonly source: SourceDocument;
  readonly value: Site | undefined;
  readonly partial: Partially<Site>;
}

export interface ClusterFile {
  readonly source: SourceDocument;
  readonly value: Cluster | undefined;
  readonly partial: Partially<Cluster>;
  /** The site that it names; undefined when that cannot be told. */
  readonly siteFile: string | undefined;
}

/** Says what is wrong at a path of a file; `part` "key" points at the key instead of its value. */
export type Report = (
  file: { readonly source: SourceDocument },
  path: Path,
  message: string,
  part?: "key" | "value",
) => void;

export type { Diagnostic };
