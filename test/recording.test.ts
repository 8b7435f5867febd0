import { expect, test } from "vitest";
import { recordingSvg } from "./support/recording.ts";

const options = { label: "A & B", columns: 60, rows: 2, speed: 2 };
const lines = [
  { at: 0, text: "$ landfall <x>" },
  { at: 2, text: "   2.0 s  dns        ✔ it answers" },
  { at: 6, text: "\u001b[1m   6.0 s  upgrade    1/2 land\u001b[22m" },
];

test("each line comes when it came, and the last ones stay", () => {
  const svg = recordingSvg(lines, options);
  expect(svg).toContain('aria-label="A &#38; B"');
  expect([...svg.matchAll(/animation-delay:([\d.]+)s/g)].map((match) => match[1])).toEqual([
    "0.00",
    "1.00",
    "3.00",
  ]);
  // One line more than there is room for.
  expect(svg).toContain("#s{transform:translateY(-18px);animation:s 3.01s step-end}");
  expect(svg).toContain("99.668%{transform:translateY(-18px)}");
});

test("words that are apart stand where they stood, as text and nothing else", () => {
  const svg = recordingSvg(lines, options);
  expect(svg).toContain('<tspan x="14.0">$ landfall &#60;x&#62;</tspan>');
  expect(svg).toMatch(
    /<tspan x="37\.5">2\.0 s<\/tspan><tspan x="92\.3">dns<\/tspan><tspan x="178\.4" fill="#9ece6a">✔<\/tspan>/,
  );
  expect(svg).toContain('fill="#7aa2f7">upgrade</tspan>');
  expect(svg).not.toContain("\u001b");
});
