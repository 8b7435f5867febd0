// Hardware addresses as Go's net.ParseMAC reads them: 6, 8 or 20 bytes; `:` or `-` between bytes, dots between pairs, or
// nothing (since Go 1.25; a Matchbox that an older Go built drops those).

const shapes = [
  /^[0-9a-f]{2}(?::[0-9a-f]{2})+$/i,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2})+$/i,
  /^[0-9a-f]{4}(?:\.[0-9a-f]{4})+$/i,
  /^(?:[0-9a-f]{2})+$/i,
];

/** Lower case, joined with ':'; undefined for what is no address. */
export function parseMac(text: string): string | undefined {
  if (text.length > 59 || !shapes.some((shape) => shape.test(text))) return undefined;
  const digits = text.replaceAll(/[:.-]/g, "").toLowerCase();
  return [12, 16, 40].includes(digits.length) ? digits.match(/../g)!.join(":") : undefined;
}
