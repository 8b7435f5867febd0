export * from "./builders.ts";
export * from "./config.ts";
export { render } from "./render.ts";
export { type Contents, dataUrl, type Inline, type Remote, resource } from "./resource.ts";
export type * from "./types.ts";
