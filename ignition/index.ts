export * from "./builders.ts";
export * from "./config.ts";
export { render } from "./render.ts";
export { type Contents, dataUrl, type Inline, type Remote, resource } from "./resource.ts";
export { type Version, versions } from "./shape.ts";
export { type SizeItem, type SizeReport, sizeReport } from "./size.ts";
export type * from "./types.ts";
export { type NamedText, validateFiles } from "./validate/files.ts";
export { type Finding, type Verdict, validate } from "./validate/index.ts";
