// The digits Mesos prints for doubles that need 17 of them. Its JSON writer uses Grisu2 (Loitsch,
// "Printing floating-point numbers quickly and accurately with integers", 2010), which yields digits
// that read back as the same number but are now and then not the closest ones. JavaScript always
// prints the closest, so for these numbers the last digits would differ.

/** `significand * 2 ** exponent`, the significand in 64 bits. */
interface Float64 {
  readonly significand: bigint;
  readonly exponent: number;
}

const BITS = 64;
const FRACTION_BITS = 52;
const EXPONENT_BIAS = 0x3ff + FRACTION_BITS;
const HIDDEN_BIT = 1n << 52n;
const TOP_BIT = 1n << 63n;

/** The exponents the scaled number must fall between start here; a fact of the algorithm. */
const SCALED_EXPONENT = -61;
const LOG10_OF_2 = 0.30102999566398114;
/** Powers of ten are taken at steps of eight from 10^-348. */
const POWER_MIN = -348;
const POWER_STEP = 8;
/** With so many digits behind the scaled point, the last digit stays as it was generated. */
const UNROUNDED_DIGITS = 9;

/** Decimal digits and exponent: the number is `0.digits * 10 ** point`. `value` is finite and above 0. */
export function grisuDigits(value: number): { readonly digits: string; readonly point: number } {
  const { significand, exponent } = parts(value);
  const upper = normalize({ significand: (significand << 1n) + 1n, exponent: exponent - 1 });
  const lower = lowerBoundary(significand, exponent, upper.exponent);
  const { power, decimalExponent } = scaleFor(upper.exponent);
  const scaled = multiply(normalize({ significand, exponent }), power);
  const high = multiply(upper, power).significand - 1n;
  const low = multiply({ significand: lower, exponent: upper.exponent }, power).significand + 1n;
  const { digits, dropped } = generate(scaled, high, high - low);
  return { digits, point: digits.length + dropped + decimalExponent };
}

function parts(value: number): Float64 {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const fraction = bits & (HIDDEN_BIT - 1n);
  const biased = Number((bits >> 52n) & 0x7ffn);
  return biased === 0
    ? { significand: fraction, exponent: 1 - EXPONENT_BIAS }
    : { significand: fraction + HIDDEN_BIT, exponent: biased - EXPONENT_BIAS };
}

function normalize({ significand, exponent }: Float64): Float64 {
  const shift = BITS - significand.toString(2).length;
  return { significand: significand << BigInt(shift), exponent: exponent - shift };
}

/** Half way to the next smaller double, in units of `2 ** exponent`. Closer at a power of two. */
function lowerBoundary(significand: bigint, own: number, exponent: number): bigint {
  return significand === HIDDEN_BIT
    ? ((significand << 2n) - 1n) << BigInt(own - 2 - exponent)
    : ((significand << 1n) - 1n) << BigInt(own - 1 - exponent);
}

/** The product rounded to 64 bits. */
function multiply(a: Float64, b: Float64): Float64 {
  return {
    significand: (a.significand * b.significand + TOP_BIT) >> 64n,
    exponent: a.exponent + b.exponent + BITS,
  };
}

function scaleFor(exponent: number): { readonly power: Float64; readonly decimalExponent: number } {
  const needed = Math.ceil((SCALED_EXPONENT - exponent) * LOG10_OF_2 + (-POWER_MIN - 1));
  const index = Math.floor(needed / POWER_STEP) + 1;
  const decimal = POWER_MIN + index * POWER_STEP;
  return { power: powerOfTen(decimal), decimalExponent: -decimal };
}

const powers = new Map<number, Float64>();

/** 10^`decimal` with its significand rounded to 64 bits. */
function powerOfTen(decimal: number): Float64 {
  let power = powers.get(decimal);
  if (power === undefined) {
    power = computePower(decimal);
    powers.set(decimal, power);
  }
  return power;
}

function computePower(decimal: number): Float64 {
  const magnitude = 10n ** BigInt(Math.abs(decimal));
  const length = magnitude.toString(2).length;
  // A quotient with some bits more than needed, whose last one only serves to round.
  const extra = decimal < 0 ? length + BITS + 1 : Math.max(0, BITS + 1 - length);
  const wide = decimal < 0 ? (1n << BigInt(extra)) / magnitude : magnitude << BigInt(extra);
  const excess = wide.toString(2).length - BITS;
  const rounded = (wide + (1n << BigInt(excess - 1))) >> BigInt(excess);
  return { significand: rounded, exponent: excess - extra };
}

/** Digits of `high` until what is left is within `delta`, then moved towards `scaled`. */
function generate(
  scaled: Float64,
  high: bigint,
  delta: bigint,
): { readonly digits: string; readonly dropped: number } {
  const distance = high - scaled.significand;
  const shift = BigInt(-scaled.exponent);
  const mask = (1n << shift) - 1n;
  const whole = (high >> shift).toString();
  let digits = '';
  for (let index = 0; index < whole.length; index += 1) {
    digits += whole[index];
    const left = whole.length - index - 1;
    const unit = (10n ** BigInt(left)) << shift;
    const rest = high % unit;
    if (rest <= delta)
      return { digits: approach(digits, delta, rest, unit, distance), dropped: left };
  }
  let rest = high & mask;
  let scaledDelta = delta;
  let scaledDistance = distance;
  for (let dropped = -1; ; dropped -= 1) {
    rest *= 10n;
    scaledDelta *= 10n;
    scaledDistance *= 10n;
    const digit = rest >> shift;
    if (digit !== 0n || digits !== '') digits += digit.toString();
    rest &= mask;
    if (rest < scaledDelta) {
      // NOTE: the writer does not round after this many digits: its table of powers ends there.
      if (-dropped >= UNROUNDED_DIGITS) scaledDistance = 0n;
      return { digits: approach(digits, scaledDelta, rest, mask + 1n, scaledDistance), dropped };
    }
  }
}

function approach(
  digits: string,
  delta: bigint,
  start: bigint,
  unit: bigint,
  distance: bigint,
): string {
  let rest = start;
  let last = Number(digits.at(-1));
  while (
    rest < distance &&
    delta - rest >= unit &&
    (rest + unit < distance || distance - rest > rest + unit - distance)
  ) {
    last -= 1;
    rest += unit;
  }
  return digits.slice(0, -1) + last;
}
