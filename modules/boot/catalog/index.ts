export { type Catalog, type CatalogKind, type CatalogOptions, catalogKinds, openCatalog } from "./catalog.ts";
export { mistyped } from "./fields.ts";
export { type Group, parseGroup, writeGroup } from "./group.ts";
export { type NetBoot, type Profile, parseProfile, writeProfile } from "./profile.ts";
