// What people see of machines that boot, in a browser: modules/boot/fleet's view as a page that follows it.
export { openPage, type Page, type PageOptions } from "./app.ts";
