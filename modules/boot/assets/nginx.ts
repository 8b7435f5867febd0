// nginx beside the boot service, for racks that need more than one process gives: it serves the same folder at /assets/
// with the same answers, and hands all other paths on.
import { knownTypes } from "./type.ts";

export interface NginxOptions {
  /** As 10.0.0.1:8080 or [::1]:8080: where machines ask. */
  readonly listen: string;
  /** As 127.0.0.1:8081: where the boot service listens; it gets all other paths. Default: those are 404. */
  readonly service?: string;
  /** Absolute. */
  readonly folder: string;
  /** Absolute; where nginx keeps its process id and what it has to put on disk. */
  readonly state: string;
  /** Default: one a processor. */
  readonly workers?: number;
}

/** A whole nginx.conf, for `nginx -p STATE -c FILE`: it goes on in the foreground and logs errors to stderr. */
export function nginxConfig({ listen, service, folder, state, workers }: NginxOptions): string {
  const types = knownTypes.map(([suffix, type]) => `    "${type}" ${suffix.slice(1)};`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `  ${kind}_temp_path ${quoted(`${state}/${kind}`)};`,
  );
  return `# Made by Landfall. The boot service's assets, served by nginx.
daemon off;
worker_processes ${workers ?? "auto"};
error_log stderr warn;
pid ${quoted(`${state}/nginx.pid`)};
events {
  worker_connections 4096;
}
http {
  access_log off;
  server_tokens off;
  sendfile on;
  # A reader takes its turn: no worker spends more than this on one at a time.
  sendfile_max_chunk 256k;
  tcp_nopush on;
  keepalive_timeout 60s;
  send_timeout 60s;
  client_max_body_size 64k;
${temporary.join("\n")}
  types {
${types.join("\n")}
  }
  default_type application/octet-stream;
  server {
    listen ${listen} backlog=1024 default_server;
    location /assets/ {
      alias ${quoted(`${folder}/`)};
      disable_symlinks on from=${quoted(folder)};
    }
    location / {
      ${service === undefined ? "return 404;" : proxied(service)}
    }
  }
}
`;
}

function proxied(service: string): string {
  // What the machine asked, byte for byte, and whom.
  return `proxy_pass http://${service};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 1h;`;
}

/** nginx reads $ as a variable in some of its words: a folder that has one, or a quote, is refused. */
function quoted(path: string): string {
  if (!/^\/[^"\\$\p{Cc}]*$/u.test(path)) throw new RangeError(`no path for nginx: ${JSON.stringify(path)}`);
  return `"${path}"`;
}
