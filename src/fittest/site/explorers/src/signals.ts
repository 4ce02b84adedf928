// Signals of any run over steps, and its tokens in the plane of a frequency at a chosen step.
import * as Plot from "@observablehq/plot";
import { type About, choices, table } from "./data";
import { COLOURS, DEAD, type Frame, nearest } from "./frame";
import { alive, apart, plane } from "./mathematics";

interface Run {
  id: string;
  label: string;
  p: number;
  d: number;
  survivors: number[];
}
interface Known extends About {
  runset: string;
  description: string;
  of: number;
  two_mean_factor: number;
  runs: Run[];
}
interface Row {
  run: number;
  step: number;
  signals: number[];
  mean: number;
}
interface Embedding {
  run: number;
  step: number;
  values: number[];
}

export async function signals(frame: Frame): Promise<void> {
  const offered = await choices(frame.name);
  const names = Object.keys(offered).sort();
  const preferred = ["base", "demo"].find((name) => name in offered) ?? "";
  names.sort((a, b) => Number(b === preferred) - Number(a === preferred));
  let rows: Row[] = [];
  let embeddings: Embedding[] = [];
  let about: Known | undefined;

  const runset = frame.choose("runset", "Run-set", names.map((value) => ({ value, label: value })), () => {
    void load();
  });
  const run = frame.choose("run", "Run", [], () => offerSteps());
  const frequency = frame.choose("k", "Frequency", []);
  const slider = frame.slide("step", "Step", []);

  const place = (): number => Math.max(0, about?.runs.findIndex((one) => one.id === run.value()) ?? 0);
  const own = (): Row[] => rows.filter((row) => row.run === place());

  function offerSteps(): void {
    const one = about?.runs[place()];
    if (!one) return;
    const count = Math.floor((one.p - 1) / 2);
    const first = new Set(one.survivors);
    const ks = Array.from({ length: count }, (_, i) => i + 1);
    ks.sort((a, b) => Number(first.has(b)) - Number(first.has(a)) || a - b);
    frequency.offer(ks.map((k) => ({ value: String(k), label: first.has(k) ? `${k} (survivor)` : `${k}` })));
    slider.offer(own().map((row) => row.step));
  }

  async function load(): Promise<void> {
    const found = await table<Row, Known>(frame.name, runset.value(), "signals");
    ({ rows, about } = found);
    embeddings = offered[runset.value()]?.includes("embeddings")
      ? (await table<Embedding>(frame.name, runset.value(), "embeddings")).rows
      : [];
    const kept = new Set(embeddings.map((row) => row.run));
    run.offer(about.runs.map((one, i) => ({ value: one.id, label: `${one.label}${kept.has(i) ? " (tokens kept)" : ""}` })));
    frame.describe(about.description);
    offerSteps();
    draw();
  }

  function draw(): void {
    const one = about?.runs[place()];
    if (!about || !one) return;
    const steps = own();
    const step = slider.value();
    const at = steps[nearest(steps.map((row) => row.step), step)];
    const living = at ? alive(at.signals, at.mean, "two_mean", about.two_mean_factor) : [];
    const now = living.flatMap((is, i) => (is ? [i + 1] : []));
    const colour = (k: number): string => {
      const order = one.survivors.indexOf(k);
      return order < 0 ? DEAD : (COLOURS[order % COLOURS.length] ?? DEAD);
    };
    const points = steps.flatMap((row) =>
      Array.from(row.signals, (signal, i) => ({ step: row.step, k: i + 1, signal })),
    );
    const last = steps.at(-1);
    const ends = points.filter((row) => row.step === last?.step && one.survivors.includes(row.k));
    // A label is some 12 pixels high, and the axis starts at zero.
    const line = (12 / 330) * Math.max(...points.map((row) => row.signal));
    const beside = apart(ends.map((row) => row.signal), line);
    frame.say(
      `At step ${step.toLocaleString("en")}, ${now.length} frequencies exceed ${about.two_mean_factor} times the mean: ${now.join(", ") || "none"}. ` +
        `At the end: ${one.survivors.join(", ") || "none"}.` +
        (embeddings.some((row) => row.run === place()) ? "" : " No embedding of this run is here, and its tokens are not drawn."),
    );
    frame.picture("signals", `Signals of all frequencies, ${runset.value()}, ${one.label}`, points, {
      height: 380,
      marginRight: 60,
      x: { type: "log", label: "training step + 1", transform: (value: number) => value + 1 },
      y: { label: "signal", grid: true, zero: true },
      marks: [
        Plot.line(points, { x: "step", y: "signal", z: "k", stroke: (row) => colour(row.k), strokeWidth: (row) => (one.survivors.includes(row.k) ? 2 : 0.7) }),
        Plot.ruleX([step], { stroke: "currentColor", strokeDasharray: "4 3" }),
        Plot.text(ends, { x: "step", y: (_, i) => beside[i]!, text: (row) => `k = ${row.k}`, dx: 6, textAnchor: "start", fill: (row) => colour(row.k) }),
        Plot.tip(points, Plot.pointer({ x: "step", y: "signal", title: (row) => `k = ${row.k}\nstep ${row.step}\nsignal ${row.signal.toPrecision(4)}` })),
      ],
    });
    circle(one, step);
    frame.tell(about, `n = ${about.runs.length} of ${about.of} runs of ${runset.value()}`);
  }

  function circle(one: Run, step: number): void {
    const kept = embeddings.filter((row) => row.run === place());
    const stored = kept[nearest(kept.map((row) => row.step), step)];
    if (!stored) {
      frame.without("circle");
      return;
    }
    const k = Number(frequency.value());
    const points = plane(stored.values, one.p, one.d, k).map(([x, y], token) => ({ token, x, y }));
    const side = Math.min(480, frame.width());
    const reach = 1.1 * Math.max(1e-9, ...points.map((point) => Math.hypot(point.x, point.y)));
    frame.picture("circle", `Tokens in the plane of k = ${k} at step ${stored.step.toLocaleString("en")} (nearest kept one)`, points, {
      // A circle is round where the plane is as high as it is wide.
      width: side,
      height: side - 26,
      marginLeft: 56,
      marginRight: 20,
      marginTop: 20,
      marginBottom: 30,
      x: { domain: [-reach, reach], label: "along Re F_k" },
      y: { domain: [-reach, reach], label: "along Im F_k" },
      // Round as the tokens are, and seen on light and dark.
      color: { type: "cyclical", domain: [0, one.p], legend: false },
      marks: [
        Plot.dot(points, { x: "x", y: "y", fill: "token", r: 4 }),
        Plot.text(points, { x: "x", y: "y", text: "token", dy: -9, fontSize: 9 }),
      ],
    });
  }

  frame.drawWith(draw);
  await load();
}
