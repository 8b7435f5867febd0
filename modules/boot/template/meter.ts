// What one rendering may cost. Templates come over the network: none may hang the service or eat its memory.
import { bytesOf, textOf } from "../go/text.ts";
import { failed } from "./value.ts";

/** Characters of the output, and of any text that is made on the way. */
export const maxText = 4 * 1024 * 1024;
/** Nodes evaluated; each 64 characters written or looked through count as one more. Some tenths of a second. */
export const maxSteps = 1_000_000;
/** Templates that call templates. */
export const maxCalls = 100;

export class Meter {
  private steps = 0;

  /** @throws {LandfallError} */
  step(characters = 0): void {
    this.steps += 1 + characters / 64;
    if (this.steps > maxSteps) throw failed(`the template takes more than ${maxSteps} steps`);
  }
}

/** A text that grows up to the limit. */
export class Output {
  readonly meter: Meter;
  private text = "";

  constructor(meter: Meter) {
    this.meter = meter;
  }

  write(text: string): void {
    this.meter.step(text.length);
    this.text += text;
    if (this.text.length > maxText) throw failed(`the template makes more than ${maxText} characters`);
  }

  /** Bytes that stand beside one another now may make a character. */
  toString(): string {
    return this.text.isWellFormed() ? this.text : textOf(bytesOf(this.text));
  }
}
