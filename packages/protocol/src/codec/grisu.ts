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
const DIGITS_MAX = 17;
/** 10^0, 10^1 and so on. */
const TENS: readonly bigint[] = Array.from(
  { length: DIGITS_MAX },
  (_, index) => 10n ** BigInt(index),
);

/**
 * The digits Mesos prints for `value`, which is finite and above 0, if they are `count`; undefined when they are
 * fewer or more. `count` is 16 or 17.
 */
export function grisuDigits(value: number, count: number): string | undefined {
  const { significand, exponent } = parts(value);
  const upper = normalize((significand << 1n) + 1n, exponent - 1);
  const power = scaleFor(upper.exponent);
  const scaled = multiply(normalize(significand, exponent), power);
  const high = multiply(upper, power).significand - 1n;
  const lower = lowerBoundary(significand, exponent, upper.exponent);
  const low = multiply({ significand: lower, exponent: upper.exponent }, power).significand + 1n;
  return generate(scaled, high, high - low, count);
}

const float = new Float64Array(1);
const floatBits = new BigUint64Array(float.buffer);

function parts(value: number): Float64 {
  float[0] = value;
  const bits = floatBits[0] as bigint;
  const fraction = bits & (HIDDEN_BIT - 1n);
  const biased = Number((bits >> 52n) & 0x7ffn);
  return biased === 0
    ? { significand: fraction, exponent: 1 - EXPONENT_BIAS }
    : { significand: fraction + HIDDEN_BIT, exponent: biased - EXPONENT_BIAS };
}

function normalize(significand: bigint, exponent: number): Float64 {
  const upperHalf = Number(significand >> 32n);
  const shift = upperHalf > 0 ? Math.clz32(upperHalf) : BITS / 2 + Math.clz32(Number(significand));
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

/** The power of ten that brings a number of this exponent to where its digits can be read off. */
function scaleFor(exponent: number): Float64 {
  const needed = Math.ceil((SCALED_EXPONENT - exponent) * LOG10_OF_2 + (-POWER_MIN - 1));
  const index = Math.floor(needed / POWER_STEP) + 1;
  return powerOfTen(POWER_MIN + index * POWER_STEP);
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

/**
 * Digits of `high` until what is left is within `delta`, then moved towards `scaled`. Whether that happens at the
 * last of `count` digits can be said without the others: what is within reach once stays so.
 */
function generate(scaled: Float64, high: bigint, delta: bigint, count: number): string | undefined {
  const shift = BigInt(-scaled.exponent);
  const mask = (1n << shift) - 1n;
  const fraction = high & mask;
  const whole = (high >> shift).toString();
  const behind = count - whole.length;
  if (fraction <= delta || behind < 1) return undefined;
  const before = TENS[behind - 1] as bigint;
  if (((fraction * before) & mask) < delta * before) return undefined;
  const unit = before * 10n;
  const read = fraction * unit;
  const rest = read & mask;
  if (rest >= delta * unit) return undefined;
  const digits = whole + (read >> shift).toString().padStart(behind, '0');
  // NOTE: the writer does not round after this many digits: its table of powers ends there.
  const distance = behind >= UNROUNDED_DIGITS ? 0n : (high - scaled.significand) * unit;
  return approach(digits, delta * unit, rest, mask + 1n, distance);
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
