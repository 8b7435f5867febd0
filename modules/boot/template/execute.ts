// Walks a template's tree as Go's text/template/exec does it, with missingkey=error, which is how Matchbox asks for it.
import { sprint } from "./format.ts";
import { call } from "./functions.ts";
import { Meter, maxCalls, Output } from "./meter.ts";
import type { Control, Node, Operand, Pipe, Templates } from "./tree.ts";
import { type Dict, Fields, failed, isList, isTrue, toValue, typeName, type Value } from "./value.ts";

/** @throws {LandfallError} `template-failed` */
export function execute(templates: Templates, data: Dict): string {
  const dot = toValue(data);
  const meter = new Meter();
  const output = new Output(meter);
  new Run(templates, output, dot, 0).walkAll(dot, templates.get("")!);
  return output.toString();
}

/** How a walk ended: {{break}} and {{continue}} unwind to their loop. */
type Ended = "done" | "break" | "continue";

/** One template on its way, with its variables. */
class Run {
  private readonly templates: Templates;
  private readonly output: Output;
  private readonly depth: number;
  private readonly variables: { readonly name: string; value: Value }[];

  constructor(templates: Templates, output: Output, data: Value, depth: number) {
    this.templates = templates;
    this.output = output;
    this.depth = depth;
    this.variables = [{ name: "$", value: data }];
  }

  walkAll(dot: Value, nodes: readonly Node[]): Ended {
    for (const node of nodes) {
      const ended = this.walk(dot, node);
      if (ended !== "done") return ended;
    }
    return "done";
  }

  private walk(dot: Value, node: Node): Ended {
    this.output.meter.step();
    switch (node.type) {
      case "text":
        this.output.write(node.text);
        return "done";
      case "action": {
        const value = this.pipeline(dot, node.pipe);
        if (node.pipe.variables.length === 0) this.output.write(printed(value, this.output.meter));
        return "done";
      }
      case "if":
      case "with":
        return this.scoped(() => {
          const value = this.pipeline(dot, node.pipe);
          if (!isTrue(value)) return this.walkAll(dot, node.otherwise);
          return this.walkAll(node.type === "with" ? value : dot, node.list);
        });
      case "range":
        return this.scoped(() => this.range(dot, node));
      case "template":
        this.template(dot, node.name, node.pipe);
        return "done";
      case "break":
      case "continue":
        return node.type;
    }
  }

  /** Variables that are declared within end with it. */
  private scoped(body: () => Ended): Ended {
    const mark = this.variables.length;
    const ended = body();
    this.variables.length = mark;
    return ended;
  }

  private range(dot: Value, { pipe, list, otherwise }: Control): Ended {
    const over = this.pipeline(dot, pipe);
    const names = pipe.variables;
    if (typeof over === "bigint" && names.length > 1)
      throw failed(`can't use ${over} to iterate over more than one variable`);
    const items = iterate(over);
    const top = this.variables.length;
    let none = true;
    for (const [key, item] of items) {
      none = false;
      this.output.meter.step();
      const [first, second] = names;
      if (pipe.assigns) {
        if (first !== undefined) this.assign(first, second === undefined ? item : key);
        if (second !== undefined) this.assign(second, item);
      } else if (first !== undefined) {
        this.variables[top - 1]!.value = item;
        if (second !== undefined) this.variables[top - 2]!.value = key;
      }
      const ended = this.scoped(() => this.walkAll(item, list));
      if (ended === "break") break;
    }
    return none ? this.walkAll(dot, otherwise) : "done";
  }

  private template(dot: Value, name: string, pipe: Pipe | undefined): void {
    const nodes = this.templates.get(name);
    if (nodes === undefined) throw failed(`template ${JSON.stringify(name)} not defined`);
    if (this.depth === maxCalls) throw failed(`more than ${maxCalls} templates call one another`);
    const data = pipe === undefined ? null : this.pipeline(dot, pipe);
    new Run(this.templates, this.output, data, this.depth + 1).walkAll(data, nodes);
  }

  private pipeline(dot: Value, pipe: Pipe): Value {
    let value: Value | undefined;
    for (const command of pipe.commands) value = this.command(dot, command, value);
    for (const name of pipe.variables) {
      if (pipe.assigns) this.assign(name, value!);
      else this.variables.push({ name, value: value! });
    }
    return value!;
  }

  /** @param last what the command before it in the pipeline made: one more argument */
  private command(dot: Value, [first, ...args]: readonly Operand[], last: Value | undefined): Value {
    if (first!.type === "function") return this.call(dot, first!.name, args, last);
    if (args.length > 0 || last !== undefined) throw failed("can't give argument to non-function");
    if (first!.type === "nil") throw failed("nil is not a command");
    return this.operand(dot, first!);
  }

  private operand(dot: Value, operand: Operand): Value {
    this.output.meter.step();
    switch (operand.type) {
      case "dot":
        return dot;
      case "nil":
        return null;
      case "literal":
        return operand.value;
      case "field":
        return operand.fields.reduce(field, dot);
      case "variable":
        return operand.fields.reduce(field, this.variable(operand.name).value);
      case "function":
        return this.call(dot, operand.name, [], undefined);
      case "pipe":
        return this.pipeline(dot, operand.pipe);
      case "chain":
        return operand.fields.reduce(field, this.operand(dot, operand.of));
    }
  }

  private call(dot: Value, name: string, args: readonly Operand[], last: Value | undefined): Value {
    this.output.meter.step();
    if (name === "and" || name === "or") {
      let value: Value | undefined;
      for (const arg of args) {
        value = this.operand(dot, arg);
        if (isTrue(value) === (name === "or")) return value;
      }
      const result = last !== undefined ? last : value;
      if (result === undefined) throw failed(`wrong number of args for ${name}: want at least 1 got 0`);
      return result;
    }
    const values = args.map((arg) => this.operand(dot, arg));
    return call(name, last === undefined ? values : [...values, last], this.output.meter);
  }

  private variable(name: string): { readonly name: string; value: Value } {
    this.output.meter.step(this.variables.length);
    const found = this.variables.findLast((variable) => variable.name === name);
    if (found === undefined) throw failed(`undefined variable: ${name}`);
    return found;
  }

  private assign(name: string, value: Value): void {
    this.variable(name).value = value;
  }
}

/** A missing key ends the rendering: better no config than one with a hole. */
function field(value: Value, name: string): Value {
  if (!(value instanceof Fields)) {
    const type = value === null ? "nil" : typeName(value);
    throw failed(`can't evaluate field ${name} in ${type}`);
  }
  const found = value.get(name);
  if (found === undefined) throw failed(`map has no entry for key ${JSON.stringify(name)}`);
  return found;
}

function printed(value: Value, meter: Meter): string {
  if (typeof value === "string") return value;
  return value === null ? "<no value>" : sprint([value], meter);
}

function* iterate(value: Value): Generator<readonly [Value, Value]> {
  if (value === null) return;
  if (typeof value === "bigint") {
    for (let i = 0n; i < value; i++) yield [i, i];
  } else if (isList(value)) {
    for (const [index, item] of value.entries()) yield [BigInt(index), item];
  } else if (value instanceof Fields) yield* value;
  else throw failed(`range can't iterate over ${typeName(value)}`);
}
