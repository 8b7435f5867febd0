// strconv.FormatFloat: exact decimal digits, rounded half to even as Go does it (JavaScript's toFixed rounds half up).

/**
 * @param value not negative, finite
 * @param precision digits after the point; for "g" significant digits. Default, for "g" only: as few as name the value.
 */
export function formatFloat(value: number, kind: "e" | "f" | "g", precision: number | undefined): string {
  if (kind === "f") return fixed(value, precision ?? 6);
  if (kind === "e") return scientific(digitsOf(value, (precision ?? 6) + 1));
  const wanted = precision === undefined ? undefined : Math.max(1, precision);
  const digits = wanted === undefined ? shortest(value) : trimmed(digitsOf(value, wanted));
  if (digits.exponent < -4 || digits.exponent >= (wanted ?? 6)) return scientific(digits);
  return positional(digits);
}

interface Digits {
  /** Without a point: the first stands before it. */
  readonly digits: string;
  readonly exponent: number;
}

function fixed(value: number, precision: number): string {
  const text = scaled(value, precision)
    .toString()
    .padStart(precision + 1, "0");
  const point = text.length - precision;
  return precision === 0 ? text : `${text.slice(0, point)}.${text.slice(point)}`;
}

function scientific({ digits, exponent }: Digits): string {
  const rest = digits.length > 1 ? `.${digits.slice(1)}` : "";
  const sign = exponent < 0 ? "-" : "+";
  return `${digits[0]}${rest}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function positional({ digits, exponent }: Digits): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const rest = digits.slice(exponent + 1);
  return rest === "" ? whole : `${whole}.${rest}`;
}

function trimmed({ digits, exponent }: Digits): Digits {
  return { digits: digits.replace(/(?<=.)0+$/, ""), exponent };
}

function shortest(value: number): Digits {
  const [mantissa = "0", exponent = "0"] = value.toExponential().split("e");
  return { digits: mantissa.replace(".", ""), exponent: Number(exponent) };
}

function digitsOf(value: number, count: number): Digits {
  if (value === 0) return { digits: "0".repeat(count), exponent: 0 };
  let { exponent } = shortest(value);
  let digits = scaled(value, count - 1 - exponent).toString();
  if (digits.length > count) {
    exponent += 1;
    digits = digits.slice(0, count);
  }
  return { digits, exponent };
}

/** value * 10^power as a whole number, rounded half to even. */
function scaled(value: number, power: number): bigint {
  const [mantissa, exponent] = parts(value);
  let over = mantissa;
  let under = 1n;
  if (exponent >= 0) over <<= BigInt(exponent);
  else under <<= BigInt(-exponent);
  if (power >= 0) over *= 10n ** BigInt(power);
  else under *= 10n ** BigInt(-power);
  const whole = over / under;
  const twice = (over % under) * 2n;
  const up = twice > under || (twice === under && whole % 2n === 1n);
  return up ? whole + 1n : whole;
}

/** A double as mantissa * 2^exponent. */
function parts(value: number): readonly [bigint, number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const fraction = bits & ((1n << 52n) - 1n);
  const biased = Number((bits >> 52n) & 0x7ffn);
  return biased === 0 ? [fraction, -1074] : [fraction | (1n << 52n), biased - 1075];
}
