// A terminal's other screen, and the way back from it.

export interface Terminal {
  readonly write: (text: string) => void;
}

const enter = "\u001b[?1049h\u001b[?25l";
const leave = "\u001b[?25h\u001b[?1049l";

/** Draws frames over each other. What was on the terminal before is there again after `close`. */
export function openScreen({ write }: Terminal): {
  draw: (lines: readonly string[]) => void;
  close: () => void;
} {
  let last = "";
  let open = true;
  write(enter);
  return {
    draw(lines) {
      // Line by line, without clearing first: nothing flickers.
      const text = `\u001b[H${lines.map((line) => `${line}\u001b[K`).join("\r\n")}\u001b[J`;
      if (open && text !== last) write(text);
      last = text;
    },
    close() {
      if (open) write(leave);
      open = false;
    },
  };
}
