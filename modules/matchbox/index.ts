export { type Group, groupName, type Metadata, type Profile, profileName, type Selector } from "./model.ts";
