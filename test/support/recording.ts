// What a program says on a terminal, with the time of each line, and an SVG that plays it.
import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";

export interface RecordedLine {
  /** Seconds since the beginning. */
  readonly at: number;
  /** As it came, with the codes of its colours. */
  readonly text: string;
}

export interface Recorded {
  readonly lines: readonly RecordedLine[];
  readonly exitCode: number;
  readonly seconds: number;
}

/** Runs a command on a terminal of its own, by script(1). It may write lines and colours, and not move the cursor. */
export async function record(
  command: string,
  options: {
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
    readonly columns: number;
    readonly onLine?: (text: string) => void;
  },
): Promise<Recorded> {
  const { cwd, env, columns, onLine } = options;
  const begun = performance.now();
  const elapsed = () => (performance.now() - begun) / 1000;
  const lines: RecordedLine[] = [];
  const child = spawn("script", ["-qec", `stty cols ${columns} rows 50; ${command}`, "/dev/null"], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split(/\r?\n/);
    rest = parts.pop() ?? "";
    for (const text of parts) {
      lines.push({ at: elapsed(), text });
      onLine?.(text);
    }
  });
  const exitCode = await new Promise<number>((done) => child.once("close", (code) => done(code ?? 1)));
  return { lines, exitCode, seconds: elapsed() };
}

export interface PlayOptions {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  readonly columns: number;
  readonly rows: number;
  /** How much quicker than it was. */
  readonly speed: number;
}

const [lineHeight, charWidth, left, top] = [18, 7.83, 14, 30] as const;
const fills: Readonly<Record<string, string>> = { "✔": "#9ece6a", "✖": "#f7768e", "↓": "#e0af68" };
const bold = "#7aa2f7";

/** Plays once, and stays on its last lines; where no motion is wanted, those are all that is shown. */
export function recordingSvg(lines: readonly RecordedLine[], options: PlayOptions): string {
  const { label, columns, rows, speed } = options;
  const width = Math.round(left * 2 + columns * charWidth);
  const height = top + rows * lineHeight + 10;
  const time = ({ at }: RecordedLine) => at / speed;
  const length = time(lines.at(-1)!) + 0.01;
  const hidden = Math.max(0, lines.length - rows);
  const scrolls = lines
    .slice(rows)
    .map(
      (line, index) =>
        `${((time(line) / length) * 100).toFixed(3)}%{transform:translateY(-${(index + 1) * lineHeight}px)}`,
    );
  const style = [
    `text{font:13px "DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#c0caf5;white-space:pre}`,
    ".l{animation:a 1ms backwards}",
    `#s{transform:translateY(-${hidden * lineHeight}px);animation:s ${length.toFixed(2)}s step-end}`,
    "@keyframes a{from{visibility:hidden}to{visibility:visible}}",
    `@keyframes s{0%{transform:none}${scrolls.join("")}}`,
    "@media(prefers-reduced-motion){.l,#s{animation:none}}",
  ];
  const buttons = ["#f7768e", "#e0af68", "#9ece6a"].map(
    (fill, index) => `<circle cx="${18 + index * 18}" cy="17" r="5.5" fill="${fill}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(label)}">`,
    `<style>${style.join("")}</style>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#1a1b26"/>`,
    ...buttons,
    `<clipPath id="c"><rect y="${top}" width="${width}" height="${rows * lineHeight}"/></clipPath><g clip-path="url(#c)">`,
    `<g id="s">`,
    ...lines.map(
      (line, index) =>
        `<text y="${top + 14 + index * lineHeight}" class="l" style="animation-delay:${time(line).toFixed(2)}s">${cells(line.text, columns)}</text>`,
    ),
    "</g></g>",
    "</svg>",
    "",
  ].join("\n");
}

/** Words that are apart stand where they stood, whatever font there is. */
function cells(text: string, columns: number): string {
  const loud = text.includes("\u001b[1m");
  const plain = stripVTControlCharacters(text).slice(0, columns);
  return [...plain.matchAll(/[✔✖↓]|[^\s✔✖↓]+(?: [^\s✔✖↓]+)*/gu)]
    .map(({ 0: cell, index }) => {
      const fill = fills[cell] ?? (loud ? bold : undefined);
      const x = (left + index * charWidth).toFixed(1);
      return `<tspan x="${x}"${fill === undefined ? "" : ` fill="${fill}"`}>${escaped(cell)}</tspan>`;
    })
    .join("");
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
