import type { Path, SourceDocument } from "../document.ts";
import type { Cluster, Site } from "../schema.ts";
import type { Partially } from "../shape.ts";

/** A file in which a place can be pointed at. */
export interface WrittenFile {
  readonly source: SourceDocument;
}

/** A file with what could be read of it: rules look at `partial`, so that one mistake does not hide the next. */
export interface SiteFile extends WrittenFile {
  readonly partial: Partially<Site>;
}

export interface ClusterFile extends WrittenFile {
  readonly partial: Partially<Cluster>;
  /** The site that it names; undefined when that cannot be told. */
  readonly siteFile: string | undefined;
}

/**
 * Says what is wrong at a path of a file: "found X, expected Y". `part` "key" points at the key instead of its
 * value. Of something that is not written, the map that it would stand in is pointed at.
 */
export type Report = (file: WrittenFile, path: Path, message: string, part?: "key" | "value") => void;

/** `clusters/site.yaml:12`, for a message about one place that speaks of another. */
export function where({ source }: WrittenFile, path: Path): string {
  return `${source.file}:${source.locate(path).line}`;
}
