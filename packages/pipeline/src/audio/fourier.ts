/** The Fourier transform of one length, of complex numbers: what it is given is overwritten. */
type Transform = (re: Float64Array, im: Float64Array) => readonly [Float64Array, Float64Array];

/**
 * Prepares |X[k]|² for k = 0 … ⌊n / 2⌋ of n real numbers, of any n: [n] → [⌊n / 2⌋ + 1], in memory of its own that
 * the next call overwrites. X[k] = Σ x[i] · e^(−2πi·ik/n) (numpy's `rfft`).
 */
export function preparePowerSpectrum(n: number): (samples: Float64Array) => Float64Array {
  return n % 2 === 0 ? prepareEven(n) : prepareOdd(n);
}

/** About how many operations {@link preparePowerSpectrum} takes: many for a length with large primes. */
export function operationsOfSpectrum(n: number): number {
  const length = n % 2 === 0 ? n / 2 : n;
  return n + length * factorsOf(length).reduce((sum, factor) => sum + factor, 0);
}

/** An even number of real numbers is half as many complex ones: X is put together from their transform. */
function prepareEven(n: number): (samples: Float64Array) => Float64Array {
  const half = n / 2;
  const transform = prepareTransform(half);
  const turns = unitRoots(n);
  const [re, im] = [new Float64Array(half), new Float64Array(half)];
  const powers = new Float64Array(half + 1);
  return (samples) => {
    for (let i = 0; i < half; i++) {
      re[i] = samples[2 * i] as number;
      im[i] = samples[2 * i + 1] as number;
    }
    const [zRe, zIm] = transform(re, im);
    for (let k = 0; k <= half; k++) {
      const a = k === half ? 0 : k;
      const b = k === 0 ? 0 : half - k;
      const evenRe = ((zRe[a] as number) + (zRe[b] as number)) / 2;
      const evenIm = ((zIm[a] as number) - (zIm[b] as number)) / 2;
      const oddRe = ((zIm[a] as number) + (zIm[b] as number)) / 2;
      const oddIm = ((zRe[b] as number) - (zRe[a] as number)) / 2;
      const cos = turns.re[k] as number;
      const sin = turns.im[k] as number;
      const xRe = evenRe + cos * oddRe - sin * oddIm;
      const xIm = evenIm + cos * oddIm + sin * oddRe;
      powers[k] = xRe * xRe + xIm * xIm;
    }
    return powers;
  };
}

function prepareOdd(n: number): (samples: Float64Array) => Float64Array {
  const transform = prepareTransform(n);
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  const powers = new Float64Array((n + 1) / 2);
  return (samples) => {
    re.set(samples);
    im.fill(0);
    const [xRe, xIm] = transform(re, im);
    for (let k = 0; k < powers.length; k++) {
      powers[k] = (xRe[k] as number) ** 2 + (xIm[k] as number) ** 2;
    }
    return powers;
  };
}

/**
 * By mixed radices (Cooley and Tukey 1965), in Stockham's order, which needs no reversal: one pass for each factor
 * of n. A factor p costs about n · p operations, so n is best without large primes.
 */
function prepareTransform(n: number): Transform {
  const roots = unitRoots(n);
  const passes: ((from: Complex, to: Complex) => void)[] = [];
  let done = 1;
  for (const radix of factorsOf(n)) {
    const pass = { n, radix, done, roots };
    passes.push(radix === 2 ? byTwo(pass) : radix === 4 ? byFour(pass) : byOdd(pass));
    done *= radix;
  }
  const spare: Complex = { re: new Float64Array(n), im: new Float64Array(n) };
  return (re, im) => {
    let from: Complex = { re, im };
    let to = spare;
    for (const pass of passes) {
      pass(from, to);
      [from, to] = [to, from];
    }
    return [from.re, from.im];
  };
}

interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

interface Pass {
  readonly n: number;
  readonly radix: number;
  /** Product of the radices of the passes before. */
  readonly done: number;
  readonly roots: Complex;
}

/**
 * to[i + inner·(k + done·r)] = e^(−2πi·done·r·i/n) · Σ over q of from[i + inner·(q + radix·k)] · e^(−2πi·qr/radix),
 * with inner = n / (done · radix), for i < inner, k < done, r < radix. For odd radices: q and radix − q turn by
 * opposite angles, so that their sum and their difference serve r and radix − r alike.
 */
function byOdd({ n, radix, done, roots }: Pass): (from: Complex, to: Complex) => void {
  const inner = n / (done * radix);
  const step = n / radix;
  const jump = inner * done;
  const half = (radix - 1) / 2;
  const { re: cos, im: sin } = roots;
  const sumRe = new Float64Array(half + 1);
  const sumIm = new Float64Array(half + 1);
  const apartRe = new Float64Array(half + 1);
  const apartIm = new Float64Array(half + 1);

  return ({ re: fromRe, im: fromIm }, { re: toRe, im: toIm }) => {
    function turnInto(put: number, turn: number, re: number, im: number): void {
      toRe[put] = re * (cos[turn] as number) - im * (sin[turn] as number);
      toIm[put] = re * (sin[turn] as number) + im * (cos[turn] as number);
    }

    for (let k = 0; k < done; k++) {
      for (let i = 0; i < inner; i++) {
        const first = i + inner * radix * k;
        const put = i + inner * k;
        let allRe = fromRe[first] as number;
        let allIm = fromIm[first] as number;
        for (let q = 1; q <= half; q++) {
          const a = first + inner * q;
          const b = first + inner * (radix - q);
          sumRe[q] = (fromRe[a] as number) + (fromRe[b] as number);
          sumIm[q] = (fromIm[a] as number) + (fromIm[b] as number);
          apartRe[q] = (fromRe[a] as number) - (fromRe[b] as number);
          apartIm[q] = (fromIm[a] as number) - (fromIm[b] as number);
          allRe += sumRe[q] as number;
          allIm += sumIm[q] as number;
        }
        toRe[put] = allRe;
        toIm[put] = allIm;
        for (let r = 1; r <= half; r++) {
          let alongRe = fromRe[first] as number;
          let alongIm = fromIm[first] as number;
          let acrossRe = 0;
          let acrossIm = 0;
          for (let q = 1; q <= half; q++) {
            const turn = ((q * r) % radix) * step;
            alongRe += (sumRe[q] as number) * (cos[turn] as number);
            alongIm += (sumIm[q] as number) * (cos[turn] as number);
            acrossRe -= (apartIm[q] as number) * (sin[turn] as number);
            acrossIm += (apartRe[q] as number) * (sin[turn] as number);
          }
          const turn = done * i;
          turnInto(put + jump * r, turn * r, alongRe + acrossRe, alongIm + acrossIm);
          const other = radix - r;
          turnInto(put + jump * other, turn * other, alongRe - acrossRe, alongIm - acrossIm);
        }
      }
    }
  };
}

/** {@link byOdd} for 2, written out. */
function byTwo({ n, done, roots }: Pass): (from: Complex, to: Complex) => void {
  const inner = n / (done * 2);
  const { re: cos, im: sin } = roots;
  return ({ re: fromRe, im: fromIm }, { re: toRe, im: toIm }) => {
    for (let k = 0; k < done; k++) {
      for (let i = 0; i < inner; i++) {
        const a = i + inner * 2 * k;
        const b = a + inner;
        const put = i + inner * k;
        toRe[put] = (fromRe[a] as number) + (fromRe[b] as number);
        toIm[put] = (fromIm[a] as number) + (fromIm[b] as number);
        const re = (fromRe[a] as number) - (fromRe[b] as number);
        const im = (fromIm[a] as number) - (fromIm[b] as number);
        const c = cos[done * i] as number;
        const s = sin[done * i] as number;
        toRe[put + inner * done] = re * c - im * s;
        toIm[put + inner * done] = re * s + im * c;
      }
    }
  };
}

/** {@link byOdd} for 4, written out: a quarter turn swaps the parts. */
function byFour({ n, done, roots }: Pass): (from: Complex, to: Complex) => void {
  const inner = n / (done * 4);
  const jump = inner * done;
  const { re: cos, im: sin } = roots;
  return ({ re: fromRe, im: fromIm }, { re: toRe, im: toIm }) => {
    for (let k = 0; k < done; k++) {
      for (let i = 0; i < inner; i++) {
        const a = i + inner * 4 * k;
        const b = a + inner;
        const c = b + inner;
        const d = c + inner;
        const acRe = (fromRe[a] as number) + (fromRe[c] as number);
        const acIm = (fromIm[a] as number) + (fromIm[c] as number);
        const bdRe = (fromRe[b] as number) + (fromRe[d] as number);
        const bdIm = (fromIm[b] as number) + (fromIm[d] as number);
        const apartRe = (fromRe[a] as number) - (fromRe[c] as number);
        const apartIm = (fromIm[a] as number) - (fromIm[c] as number);
        const turnedRe = (fromIm[b] as number) - (fromIm[d] as number);
        const turnedIm = (fromRe[d] as number) - (fromRe[b] as number);
        const put = i + inner * k;
        toRe[put] = acRe + bdRe;
        toIm[put] = acIm + bdIm;
        const cos1 = cos[done * i] as number;
        const sin1 = sin[done * i] as number;
        toRe[put + jump] = (apartRe + turnedRe) * cos1 - (apartIm + turnedIm) * sin1;
        toIm[put + jump] = (apartRe + turnedRe) * sin1 + (apartIm + turnedIm) * cos1;
        const cos2 = cos[2 * done * i] as number;
        const sin2 = sin[2 * done * i] as number;
        toRe[put + 2 * jump] = (acRe - bdRe) * cos2 - (acIm - bdIm) * sin2;
        toIm[put + 2 * jump] = (acRe - bdRe) * sin2 + (acIm - bdIm) * cos2;
        const cos3 = cos[3 * done * i] as number;
        const sin3 = sin[3 * done * i] as number;
        toRe[put + 3 * jump] = (apartRe - turnedRe) * cos3 - (apartIm - turnedIm) * sin3;
        toIm[put + 3 * jump] = (apartRe - turnedRe) * sin3 + (apartIm - turnedIm) * cos3;
      }
    }
  };
}

/** 4 as often as it goes, then primes. */
function factorsOf(n: number): number[] {
  const factors: number[] = [];
  let left = n;
  for (let factor = 4; left > 1; factor = factor === 4 ? 2 : factor === 2 ? 3 : factor + 2) {
    if (factor * factor > left && factor > 4) factor = left; // what is left is a prime
    for (; left % factor === 0; left /= factor) factors.push(factor);
  }
  return factors;
}

/** [n] of e^(−2πi·k/n) */
function unitRoots(n: number): Complex {
  const angle = (k: number) => (-2 * Math.PI * k) / n;
  return {
    re: Float64Array.from({ length: n }, (_, k) => Math.cos(angle(k))),
    im: Float64Array.from({ length: n }, (_, k) => Math.sin(angle(k))),
  };
}
