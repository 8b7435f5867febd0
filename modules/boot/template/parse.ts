// From tokens to trees, with the verdicts of Go's text/template/parse, and a few more: see docs/reference/boot-templates.md.
import { checkFormat } from "./format.ts";
import { functionNames } from "./functions.ts";
import { lex, Refusal, type Token, type TokenKind } from "./lex.ts";
import { charLiteral, numberLiteral, stringLiteral } from "./literals.ts";
import type { Node, Operand, Pipe, Templates } from "./tree.ts";

/** How deep blocks and parentheses may stand in one another. */
const maxDepth = 100;
/** How many variables may be seen from one place: each use looks through them. */
const maxVariables = 1_000;

type Ending = "end" | "else" | "else if" | "else with";

/** @throws {Refusal} */
export function parse(text: string): Templates {
  return new Parser(lex(text)).templates();
}

class Parser {
  private readonly tokens: readonly Token[];
  private next = 0;
  private depth = 0;
  /** Names that are declared here, innermost last. */
  private variables = ["$"];
  /** How many loops of this template stand around. */
  private loops = 0;
  private readonly found = new Map<string, readonly Node[]>();

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  templates(): Templates {
    const root: Node[] = [];
    while (this.peek().kind !== "end") {
      if (this.peek().kind === "open" && this.isKeyword(this.pastSpace(1), "define")) this.definition();
      else {
        const at = this.peek().at;
        const node = this.textOrAction();
        if (typeof node === "string") throw new Refusal(at, `unexpected {{${node}}}`);
        root.push(node);
      }
    }
    this.define("", root, 0);
    return this.found;
  }

  private peek(): Token {
    return this.tokens[this.next]!;
  }

  private take(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.next += 1;
    return token;
  }

  private pastSpace(from: number): Token {
    let index = this.next + from;
    while (this.tokens[index]?.kind === "space") index += 1;
    return this.tokens[index] ?? this.tokens.at(-1)!;
  }

  private skipSpace(): void {
    while (this.peek().kind === "space") this.next += 1;
  }

  private takeWord(): Token {
    this.skipSpace();
    return this.take();
  }

  private expect(kind: TokenKind, where: string): Token {
    const token = this.takeWord();
    if (token.kind !== kind) throw unexpected(token, where);
    return token;
  }

  private isKeyword(token: Token, text: string): boolean {
    return token.kind === "keyword" && token.text === text;
  }

  private nested<T>(at: number, parse: () => T): T {
    if (++this.depth > maxDepth) throw new Refusal(at, `more than ${maxDepth} levels`);
    const result = parse();
    this.depth -= 1;
    return result;
  }

  private definition(): void {
    this.take();
    this.takeWord();
    const { name, at } = this.templateName("define clause");
    this.expect("close", "define clause");
    this.define(name, this.ownScope("define clause"), at);
  }

  /** A template's text up to its {{end}}: it sees no variable of those around it. */
  private ownScope(where: string): readonly Node[] {
    const outer = { variables: this.variables, loops: this.loops };
    this.variables = ["$"];
    this.loops = 0;
    const { list, ending, at } = this.list();
    if (ending !== "end") throw new Refusal(at, `unexpected {{else}} in ${where}`);
    this.variables = outer.variables;
    this.loops = outer.loops;
    return list;
  }

  /** One that is empty may be defined again, as in Go. */
  private define(name: string, list: readonly Node[], at: number): void {
    const before = this.found.get(name);
    if (before === undefined || before.every(isBlank)) this.found.set(name, list);
    else if (!list.every(isBlank))
      throw new Refusal(at, `multiple definition of template ${JSON.stringify(name)}`);
  }

  private templateName(where: string): { readonly name: string; readonly at: number } {
    const token = this.takeWord();
    if (token.kind !== "string") throw unexpected(token, where);
    return { name: stringLiteral(token.text, token.at), at: token.at };
  }

  private list(): { readonly list: readonly Node[]; readonly ending: Ending; readonly at: number } {
    const list: Node[] = [];
    for (;;) {
      const { kind, at } = this.peek();
      if (kind === "end") throw new Refusal(at, "unexpected end of the template: an {{end}} is missing");
      const node = this.nested(at, () => this.textOrAction());
      if (typeof node === "string") return { list, ending: node, at };
      list.push(node);
    }
  }

  private textOrAction(): Node | Ending {
    const { kind, text, at } = this.take();
    if (kind === "text") return { type: "text", text };
    const word = this.pastSpace(0);
    if (word.kind !== "keyword") return { type: "action", at, pipe: this.pipeline("command", "close") };
    switch (word.text) {
      case "if":
      case "with":
      case "range":
        this.takeWord();
        return this.control(word.text, at);
      case "end":
        this.takeWord();
        this.expect("close", "end");
        return "end";
      case "else": {
        this.takeWord();
        const after = this.pastSpace(0);
        if (this.isKeyword(after, "if")) return "else if";
        if (this.isKeyword(after, "with")) return "else with";
        this.expect("close", "else");
        return "else";
      }
      case "break":
      case "continue":
        this.takeWord();
        this.expect("close", `{{${word.text}}}`);
        if (this.loops === 0) throw new Refusal(at, `{{${word.text}}} outside {{range}}`);
        return { type: word.text, at };
      case "template": {
        this.takeWord();
        const { name } = this.templateName("template clause");
        const closed = this.pastSpace(0).kind === "close";
        if (closed) this.takeWord();
        return {
          type: "template",
          at,
          name,
          pipe: closed ? undefined : this.pipeline("template clause", "close"),
        };
      }
      case "block": {
        this.takeWord();
        const { name } = this.templateName("block clause");
        const pipe = this.pipeline("block clause", "close");
        this.define(name, this.ownScope("block clause"), at);
        return { type: "template", at, name, pipe };
      }
      default:
        return { type: "action", at, pipe: this.pipeline("command", "close") };
    }
  }

  private control(type: "if" | "with" | "range", at: number): Node {
    const declared = this.variables.length;
    const pipe = this.pipeline(type, "close");
    if (type === "range") this.loops += 1;
    const { list, ending, at: endingAt } = this.list();
    if (type === "range") this.loops -= 1;
    let otherwise: readonly Node[] = [];
    if (ending === `else ${type}` && type !== "range") {
      // Its {{end}} ends this one too.
      this.takeWord();
      otherwise = [this.nested(endingAt, () => this.control(type, endingAt))];
    } else if (ending === "else if" || ending === "else with") {
      // Go takes the rest for the text of an {{else}}, and stumbles over its keyword.
      throw new Refusal(endingAt, `unexpected {{${ending}}} in ${type}`);
    } else if (ending === "else") {
      const rest = this.list();
      if (rest.ending !== "end") throw new Refusal(rest.at, "expected {{end}}, found {{else}}");
      otherwise = rest.list;
    }
    this.variables.length = declared;
    return { type, at, pipe, list, otherwise };
  }

  private pipeline(where: string, end: "close" | ")"): Pipe {
    const at = this.pastSpace(0).at;
    const { variables, assigns } = this.declarations(where);
    const commands: (readonly Operand[])[] = [];
    for (;;) {
      const token = this.takeWord();
      if (token.kind === end) break;
      if (!startsCommand(token)) throw unexpected(token, where);
      this.next -= 1;
      const command = this.command();
      const { type } = command[0]!;
      if (commands.length > 0 && (type === "literal" || type === "dot" || type === "nil"))
        throw new Refusal(token.at, `non executable command in pipeline stage ${commands.length + 1}`);
      commands.push(command);
    }
    if (commands.length === 0) throw new Refusal(at, `missing value for ${where}`);
    return { at, variables, assigns, commands };
  }

  private declarations(where: string): Pick<Pipe, "variables" | "assigns"> {
    const variables: string[] = [];
    for (;;) {
      const start = this.next;
      this.skipSpace();
      const variable = this.peek();
      const after = variable.kind === "variable" ? this.pastSpace(1) : undefined;
      if (after?.kind === "assign" || after?.kind === "declare") {
        this.take();
        this.takeWord();
        this.introduce(variable, variables);
        return { variables, assigns: after.kind === "assign" };
      }
      if (after?.kind === "punctuation" && after.text === ",") {
        this.take();
        this.takeWord();
        this.introduce(variable, variables);
        const follows = this.pastSpace(0).kind;
        if (where !== "range" || variables.length > 1)
          throw new Refusal(variable.at, `too many declarations in ${where}`);
        if (follows === "variable") continue;
        if (follows === "close") return { variables, assigns: false };
        throw new Refusal(variable.at, "range can only initialize variables");
      }
      this.next = start;
      return { variables, assigns: false };
    }
  }

  private introduce({ text, at }: Token, variables: string[]): void {
    if (this.variables.length > maxVariables) throw new Refusal(at, `more than ${maxVariables} variables`);
    variables.push(text);
    this.variables.push(text);
  }

  private command(): readonly Operand[] {
    const operands: Operand[] = [];
    this.skipSpace();
    const start = this.peek();
    for (;;) {
      this.skipSpace();
      const operand = this.operand();
      if (operand !== undefined) operands.push(operand);
      const token = this.take();
      if (token.kind === "space") continue;
      if (token.kind === "close" || token.kind === ")") this.next -= 1;
      else if (token.kind !== "pipe") throw unexpected(token, "operand");
      break;
    }
    if (operands.length === 0) throw new Refusal(start.at, "empty command");
    const [first, format] = operands;
    if (first?.type === "function" && first.name === "printf" && format?.type === "literal")
      if (typeof format.value === "string") checkFormat(format.value, format.at);
    return operands;
  }

  private operand(): Operand | undefined {
    const term = this.term();
    if (term === undefined || this.peek().kind !== "field") return term;
    const fields: string[] = [];
    while (this.peek().kind === "field") fields.push(this.take().text.slice(1));
    switch (term.type) {
      case "field":
      case "variable":
        return { ...term, fields: [...term.fields, ...fields] };
      case "literal":
      case "nil":
      case "dot":
        throw new Refusal(term.at, "unexpected . after a value");
      default:
        return { type: "chain", at: term.at, of: term, fields };
    }
  }

  private term(): Operand | undefined {
    this.skipSpace();
    const { kind, text, at } = this.peek();
    switch (kind) {
      case "identifier":
        if (text === "call") throw new Refusal(at, 'function "call" is not supported');
        if (!functionNames.has(text)) throw new Refusal(at, `function ${JSON.stringify(text)} not defined`);
        this.take();
        return { type: "function", at, name: text };
      case "dot":
        this.take();
        return { type: "dot", at };
      case "keyword":
        if (text !== "nil") return undefined;
        this.take();
        return { type: "nil", at };
      case "variable":
        if (!this.variables.includes(text))
          throw new Refusal(at, `undefined variable ${JSON.stringify(text)}`);
        this.take();
        return { type: "variable", at, name: text, fields: [] };
      case "field":
        this.take();
        return { type: "field", at, fields: [text.slice(1)] };
      case "bool":
        this.take();
        return { type: "literal", at, value: text === "true" };
      case "number":
        this.take();
        return { type: "literal", at, value: numberLiteral(text, at) };
      case "char":
        this.take();
        return { type: "literal", at, value: charLiteral(text, at) };
      case "string":
        this.take();
        return { type: "literal", at, value: stringLiteral(text, at) };
      case "(":
        this.take();
        return {
          type: "pipe",
          at,
          pipe: this.nested(at, () => this.pipeline("parenthesized pipeline", ")")),
        };
      default:
        return undefined;
    }
  }
}

function startsCommand({ kind, text }: Token): boolean {
  return (
    ["bool", "char", "number", "dot", "field", "identifier", "string", "variable", "("].includes(kind) ||
    (kind === "keyword" && text === "nil")
  );
}

function isBlank(node: Node): boolean {
  return node.type === "text" && node.text.trim() === "";
}

function unexpected({ kind, text, at }: Token, where: string): Refusal {
  return new Refusal(
    at,
    kind === "end" ? `unexpected end in ${where}` : `unexpected ${JSON.stringify(text)} in ${where}`,
  );
}
