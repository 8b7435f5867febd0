// What reads bytes that came over the network, or lie in the data folder: for those who throw odd ones at it.
export { parseGroup } from "./catalog/group.ts";
export { parseProfile } from "./catalog/profile.ts";
export { writeJson } from "./go/json.ts";
export { parseMac } from "./go/mac.ts";
export { parseQuery } from "./go/query.ts";
export { bytesOf, textOf } from "./go/text.ts";
export { serveContent } from "./http/content.ts";
export { labelsOf } from "./http/labels.ts";
export { grubConfig, ipxeScript } from "./http/scripts.ts";
export { environmentLines, requestVariables } from "./http/variables.ts";
