import type * as v330 from "./generated/3.3.0.ts";
import type * as v340 from "./generated/3.4.0.ts";

export type * from "./generated/3.4.0.ts";
export type { v330, v340 };

/** The versions of the spec that this package writes. */
export type ConfigVersion = "3.3.0" | "3.4.0";

/** A config of a version. Parts of a 3.3.0 config are parts of a 3.4.0 one too. */
export type ConfigOf<V extends ConfigVersion> = V extends "3.3.0" ? v330.Config : v340.Config;

/** A config of either version. */
export type AnyConfig = ConfigOf<ConfigVersion>;
