// The curve of figure 6 under other survivor rules and at other steps.
import * as Plot from "@observablehq/plot";
import { type About, table } from "./data";
import { COLOURS, type Frame } from "./frame";
import { alive, pearson, type Rule } from "./mathematics";

interface Known extends About {
  runset: string;
  p: number;
  runs: number;
  of: number;
  embeddings: number;
  steps: number[];
  rules: Record<Rule, number>;
}
interface Row {
  run: number;
  step: number;
  embedding: number;
  signals: number[];
  mean: number;
}
interface Point {
  embedding: number;
  k: number;
  signal0: number;
  trials: number;
  rate: number;
}

type At = { step: number; r: number };

const BINS = 8;

export async function survival(frame: Frame): Promise<void> {
  const { rows, about } = await table<Row, Known>(frame.name, "", "trials");
  const { steps } = about;
  const words: Record<Rule, string> = {
    two_mean: `above ${about.rules.two_mean} times the mean (the authors')`,
    absolute: `above ${about.rules.absolute} (the authors', figure 7)`,
    relative: `above ${about.rules.relative} of the largest (ours)`,
  };
  const rule = frame.choose("rule", "Survivor", Object.entries(words).map(([value, label]) => ({ value, label })));
  const slider = frame.slide("step", "Step", steps);

  const starts = new Map<number, Row>();
  const ends = new Map<number, number>();
  for (const row of rows) {
    ends.set(row.run, Math.max(row.step, ends.get(row.run) ?? 0));
    const known = starts.get(row.run);
    if (!known || row.step < known.step) starts.set(row.run, row);
  }

  /** Of each frequency of each embedding: signal at the start, and share of trials that it survived. */
  function rates(step: number, name: Rule): Point[] {
    // A run that stopped earlier stays as it was.
    const latest = new Map<number, Row>();
    for (const row of rows) {
      const known = latest.get(row.run);
      if (row.step <= step && (!known || row.step > known.step)) latest.set(row.run, row);
    }
    const found = new Map<string, { embedding: number; k: number; signal0: number; alive: number; trials: number }>();
    for (const [run, row] of latest) {
      const living = alive(row.signals, row.mean, name, about.rules[name]);
      living.forEach((is, i) => {
        const key = `${row.embedding} ${i}`;
        const one = found.get(key) ?? { embedding: row.embedding, k: i + 1, signal0: 0, alive: 0, trials: 0 };
        one.signal0 += starts.get(run)!.signals[i]!;
        one.alive += Number(is);
        one.trials += 1;
        found.set(key, one);
      });
    }
    return [...found.values()].map((one) => ({
      embedding: one.embedding,
      k: one.k,
      signal0: one.signal0 / one.trials,
      trials: one.trials,
      rate: one.alive / one.trials,
    }));
  }

  /** Runs end once their survivors are settled, and count on as they ended. */
  function stopped(step: number): string {
    const count = [...ends.values()].filter((end) => end < step).length;
    return count ? ` ${count} of ${ends.size} runs have ended before, settled, and count as they ended.` : "";
  }

  const correlation = (points: Point[]): number =>
    pearson(points.map((one) => one.signal0), points.map((one) => one.rate));

  function binned(points: Point[]): { signal0: number; rate: number; frequencies: number }[] {
    const sorted = [...points].sort((a, b) => a.signal0 - b.signal0);
    const size = Math.max(1, Math.ceil(sorted.length / BINS));
    const mean = (part: Point[], key: "signal0" | "rate"): number => part.reduce((sum, one) => sum + one[key], 0) / part.length;
    const found = [];
    for (let from = 0; from < sorted.length; from += size) {
      const part = sorted.slice(from, from + size);
      found.push({ signal0: mean(part, "signal0"), rate: mean(part, "rate"), frequencies: part.length });
    }
    return found;
  }

  function draw(): void {
    const name = rule.value() as Rule;
    const step = slider.value();
    const points = rates(step, name);
    const r = correlation(points);
    const alive_ = (points.reduce((sum, one) => sum + one.rate, 0) / Math.max(1, about.embeddings)).toFixed(2);
    frame.say(
      `At step ${step.toLocaleString("en")}: Pearson's r ${Number.isNaN(r) ? "is undefined, since all rates are equal" : `= ${r.toFixed(3)} between initial signal and survival rate`}; ${alive_} survivors per network.${stopped(step)}`,
    );
    frame.picture("rates", `Survival rate against initial signal at step ${step.toLocaleString("en")}`, points.map((one) => ({ ...one })), {
      height: 380,
      x: { label: "signal at the start", grid: true },
      y: { label: "share of trials survived", domain: [0, 1], grid: true },
      marks: [
        Plot.dot(points, { x: "signal0", y: "rate", fill: COLOURS[0], fillOpacity: 0.7, r: 3 }),
        Plot.line(binned(points), { x: "signal0", y: "rate", stroke: COLOURS[1], strokeWidth: 2, marker: "circle" }),
        Plot.tip(points, Plot.pointer({ x: "signal0", y: "rate", title: (one) => `embedding ${one.embedding}, k = ${one.k}\n${one.trials} trials, survived ${(100 * one.rate).toFixed(0)} %` })),
      ],
    });
    const over = steps.map((at) => ({ step: at, r: correlation(rates(at, name)) }));
    const known = over.filter((one) => !Number.isNaN(one.r));
    if (known.length === 0) frame.without("correlation");
    else correlations(over, known, step);
    frame.tell(about, `n = ${about.runs} of ${about.of} runs of ${about.runset} (${about.embeddings} embeddings)`);
  }

  /** Over the steps; not drawn at those of `over` where it is undefined. */
  function correlations(over: At[], known: At[], step: number): void {
    frame.picture("correlation", "The correlation over the steps at which survival is asked", over, {
      height: 240,
      x: {
        type: "log",
        label: "training step + 1",
        domain: [1, Math.max(2, ...steps.map((at) => at + 1))],
        transform: (value: number) => value + 1,
      },
      y: { label: "Pearson's r", grid: true, domain: [-1, 1] },
      marks: [
        Plot.ruleY([0]),
        Plot.line(known, { x: "step", y: "r", stroke: COLOURS[0], marker: "circle" }),
        Plot.ruleX([step], { stroke: "currentColor", strokeDasharray: "4 3" }),
      ],
    });
  }

  frame.drawWith(draw);
}
