// The little that is computed in the browser. Definitions are those of the documentation's methods.

export type Numbers = ArrayLike<number>;

/** Tokens in the plane of frequency k of an embedding (p rows of d values): x and y of each. */
export function plane(values: Numbers, p: number, d: number, k: number): [number, number][] {
  const axes = [Math.cos, (angle: number) => -Math.sin(angle)].map((wave) => {
    const direction = new Float64Array(d);
    for (let token = 0; token < p; token += 1) {
      const weight = wave((2 * Math.PI * ((k * token) % p)) / p);
      for (let i = 0; i < d; i += 1) direction[i]! += weight * values[token * d + i]!;
    }
    const norm = Math.hypot(...direction);
    return direction.map((one) => (norm > 1e-9 ? one / norm : 0));
  });
  return Array.from({ length: p }, (_, token) => {
    const [x, y] = axes.map((axis) => axis.reduce((sum, one, i) => sum + one * values[token * d + i]!, 0));
    return [x ?? 0, y ?? 0];
  });
}

export type Rule = "two_mean" | "absolute" | "relative";

/** Which frequencies are alive by a rule (methods of the survival paper, 2.3). */
export function alive(signals: Numbers, mean: number, rule: Rule, value: number): boolean[] {
  const all = Array.from(signals);
  const largest = Math.max(0, ...all);
  const threshold = { two_mean: value * mean, absolute: value, relative: value * largest }[rule];
  return all.map((one) => one > threshold);
}

/** Pearson's correlation; NaN where one of them does not vary. */
export function pearson(x: number[], y: number[]): number {
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  x.forEach((one, i) => {
    const [dx, dy] = [one - mx, y[i]! - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  });
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : NaN;
}

/** Places near the values, in their order and `gap` apart at least, for labels beside them. */
export function apart(values: number[], gap: number): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  // Neighbours that are too close become one group, centred on its values' mean.
  const groups: { members: number[]; middle: number }[] = [];
  const low = (group: { members: number[]; middle: number }): number =>
    group.middle - ((group.members.length - 1) * gap) / 2;
  for (const i of order) {
    groups.push({ members: [i], middle: values[i]! });
    for (let last = groups.length - 1; last > 0; last -= 1) {
      const [before, own] = [groups[last - 1]!, groups[last]!];
      if (low(own) - (low(before) + (before.members.length - 1) * gap) >= gap) break;
      const members = [...before.members, ...own.members];
      const middle = members.reduce((sum, one) => sum + values[one]!, 0) / members.length;
      groups.splice(last - 1, 2, { members, middle });
    }
  }
  const places = new Array<number>(values.length).fill(0);
  for (const group of groups)
    group.members.forEach((one, rank) => {
      places[one] = low(group) + rank * gap;
    });
  return places;
}

export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** The least u coprime to n with u = f / gcd(f, n) modulo n / gcd(f, n) (cosets methods 2.7). */
export function unit(n: number, f: number): number {
  const shared = gcd(f, n);
  const [own, period] = [f / shared, n / shared];
  for (let u = own % period; u < n + period; u += period) if (gcd(u, n) === 1) return u;
  return 1;
}

/** Values of x at the places u x mod n: a wave of frequency f becomes one of gcd(f, n). */
export function remapped(values: Numbers, f: number): number[] {
  const n = values.length;
  const u = unit(n, f);
  const moved = new Array<number>(n).fill(0);
  for (let x = 0; x < n; x += 1) moved[(u * x) % n] = values[x]!;
  return moved;
}
