// The plainest forms of what the assets folder does.
import { createReadStream, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";

export function plainAssets(folder: string) {
  return (path: string, request: IncomingMessage, response: ServerResponse): void => {
    const file = join(folder, join("/", path.slice("/assets/".length)));
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile()) {
      response.writeHead(404, {
        "Content-Type": "text/plain; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
      });
      response.end("404 page not found\n");
      return;
    }
    response.writeHead(200, { "content-length": stat.size });
    if (request.method === "HEAD") response.end();
    else createReadStream(file).pipe(response);
  };
}
