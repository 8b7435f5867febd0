/**
 * The text as a Terraform string that means exactly it: `${` and `%{` would begin a template, and both are
 * ordinary in iPXE arguments, shell scripts and systemd units.
 */
export function literal(text: string): string {
  return text.replace(/[$%](?=\{)/g, "$&$&");
}

/** The same for every value of a map. */
export function literals(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, literal(value)]));
}
