// Keeps the page of one machine as the service has it: asks again while somebody looks.
import { count, parse, patch } from "./patch.js";

setInterval(async () => {
  if (document.hidden) return;
  try {
    const response = await fetch(location.pathname);
    if (!response.ok) return;
    const wanted = parse(await response.text());
    for (const id of ["summary", "main"]) patch(document.getElementById(id), wanted.getElementById(id));
    count();
  } catch {
    // The service is away; it is asked again.
  }
}, 2000);
