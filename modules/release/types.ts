/** One file of a release, published at `<boot.assets>/<sha256>/<name>`. */
export interface ReleaseFile {
  readonly name: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** The loader is what sends a machine with UEFI from the network to its own disk. */
export type ReleaseFileKind = "kernel" | "initrd" | "root" | "kubernetes" | "loader";

/** What a cluster version is made of. The same pins and recipes give the same id. */
export interface Release {
  readonly id: string;
  /** As "1.34.1". */
  readonly kubernetes: string;
  /** Version of each part by its name, for people and for inventories. */
  readonly versions: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<ReleaseFileKind, ReleaseFile>>;
  /** Image references by component; every machine has them in its store, nothing is pulled. */
  readonly images: Readonly<Record<string, string>>;
}

/** Host programs that clusters and tests are made with, by absolute path. */
export interface Tools {
  readonly matchbox: string;
  readonly bootcmd: string;
  readonly ignitionValidate: string;
  readonly kubectl: string;
  readonly etcdctl: string;
  /** Folder laid out as a Terraform filesystem mirror. */
  readonly terraformMirror: string;
  /** Terraform CLI configuration that installs providers from the mirror only (TF_CLI_CONFIG_FILE). */
  readonly terraformConfig: string;
}

export interface ProgressEvent {
  readonly step: string;
  /** "line" is a sign of life while a step runs; "cached" a step that an earlier build has done. */
  readonly state: "start" | "line" | "done" | "cached";
  readonly detail: string;
  /** Seconds since the step started. */
  readonly elapsed: number;
  /** Steps not yet done, this one included unless it is done. */
  readonly left: number;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the runner's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly signal?: AbortSignal;
  /** Called with each line that the program prints. */
  readonly onLine?: (line: string) => void;
}

/** Runs a program to its end and resolves to its stdout; rejects when it fails. */
export type Run = (program: string, args: readonly string[], options?: RunOptions) => Promise<string>;

export interface BuildOptions {
  /** Absolute path. Outputs of all builds; ten gigabytes and more with several releases. */
  readonly cacheDir: string;
  /** Go's build cache, about 8 GB after a first build. Default: Go's own. */
  readonly goCacheDir?: string;
  /** Go's module cache, about 6 GB after a first build. Default: Go's own. */
  readonly goModCacheDir?: string;
  readonly progress?: (event: ProgressEvent) => void;
  readonly signal?: AbortSignal;
  readonly run: Run;
}
