// What a template is parsed into.
import type { Value } from "./value.ts";

/** `at` is an offset in the template everywhere. */
export type Node =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "action"; readonly at: number; readonly pipe: Pipe }
  | Control
  | {
      readonly type: "template";
      readonly at: number;
      readonly name: string;
      readonly pipe: Pipe | undefined;
    }
  | { readonly type: "break" | "continue"; readonly at: number };

export interface Control {
  readonly type: "if" | "with" | "range";
  readonly at: number;
  readonly pipe: Pipe;
  readonly list: readonly Node[];
  readonly otherwise: readonly Node[];
}

/** `$a, $b := command | command` */
export interface Pipe {
  readonly at: number;
  readonly variables: readonly string[];
  /** `=` where a declaration has `:=`. */
  readonly assigns: boolean;
  /** Each with its function or value first, and arguments. */
  readonly commands: readonly (readonly Operand[])[];
}

export type Operand =
  | { readonly type: "dot" | "nil"; readonly at: number }
  | { readonly type: "literal"; readonly at: number; readonly value: Value }
  | { readonly type: "field"; readonly at: number; readonly fields: readonly string[] }
  | {
      readonly type: "variable";
      readonly at: number;
      readonly name: string;
      readonly fields: readonly string[];
    }
  | { readonly type: "function"; readonly at: number; readonly name: string }
  | { readonly type: "pipe"; readonly at: number; readonly pipe: Pipe }
  | {
      readonly type: "chain";
      readonly at: number;
      readonly of: Operand;
      readonly fields: readonly string[];
    };

/** Templates by name: the text itself is "". */
export type Templates = ReadonlyMap<string, readonly Node[]>;
