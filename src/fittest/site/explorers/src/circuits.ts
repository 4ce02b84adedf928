// A transformer as it groks: losses over steps, and spectra and logits at a chosen one.
import * as Plot from "@observablehq/plot";
import { type About, choices, table } from "./data";
import { COLOURS, DEAD, type Frame, nearest, short, whole } from "./frame";

interface Known extends About {
  runset: string;
  p: number;
  runs: number;
}
interface Loss {
  seed: number;
  step: number;
  train_loss: number;
  test_loss: number;
  restricted_loss: number;
  excluded_loss: number;
  gini_embedding: number;
}
interface Key {
  seed: number;
  step: number;
  k: number;
  alpha: number;
}
interface Spectrum {
  seed: number;
  step: number;
  of: string;
  norms: number[];
}

const LOSSES = { train_loss: "train", test_loss: "test", restricted_loss: "restricted", excluded_loss: "excluded" } as const;

export async function circuits(frame: Frame): Promise<void> {
  const offered = (await choices(frame.name))[""] ?? [];
  const { rows: losses, about } = await table<Loss, Known>(frame.name, "", "losses");
  const { rows: keys } = await table<Key>(frame.name, "", "logits");
  const spectra = offered.includes("spectra") ? (await table<Spectrum>(frame.name, "", "spectra")).rows : [];
  const seeds = [...new Set(losses.map((row) => row.seed))].sort((a, b) => a - b);
  const stepsOf = (seed: number): number[] => losses.filter((row) => row.seed === seed).map((row) => row.step);

  const seed = frame.choose("seed", "Run (seed)", seeds.map((one) => ({ value: String(one), label: String(one) })), () =>
    slider.offer(stepsOf(Number(seed.value()))),
  );
  const slider = frame.slide("step", "Step", stepsOf(Number(seed.value())));

  function draw(): void {
    const mine = <Row extends { seed: number }>(rows: Row[]): Row[] => rows.filter((row) => row.seed === Number(seed.value()));
    const step = slider.value();
    const own = mine(losses);
    const now = own[nearest(own.map((row) => row.step), step)];
    const lines = own.flatMap((row) =>
      Object.entries(LOSSES).map(([name, words]) => ({ step: row.step, loss: words, value: row[name as keyof typeof LOSSES] })),
    );
    if (now) {
      const told = Object.entries(LOSSES).map(([name, words]) => `${words} ${now[name as keyof typeof LOSSES].toPrecision(3)}`);
      frame.say(`Losses at step ${step.toLocaleString("en")}: ${told.join(", ")}. Gini coefficient of W_E: ${now.gini_embedding.toFixed(3)}.`);
    }
    frame.picture("losses", `Losses of the run with seed ${seed.value()}`, lines, {
      height: 360,
      marginRight: 72,
      x: { label: "training step" },
      y: { type: "log", label: "loss (nats)", grid: true, tickFormat: short },
      color: { domain: Object.values(LOSSES), range: COLOURS.slice(0, 4) },
      marks: [
        Plot.line(lines, { x: "step", y: "value", stroke: "loss" }),
        Plot.text(lines, Plot.selectLast({ x: "step", y: "value", z: "loss", text: "loss", fill: "loss", dx: 5, textAnchor: "start" })),
        Plot.ruleX([step], { stroke: "currentColor", strokeDasharray: "4 3" }),
      ],
    });
    const keysNow = mine(keys).filter((row) => row.step === step);
    const ks = new Set(keysNow.map((row) => row.k));
    for (const of of ["W_E", "W_L"]) spectrum(of, mine(spectra).filter((row) => row.of === of), step, ks);
    if (keysNow.length === 0) frame.without("logits");
    else
      frame.picture("logits", `Coefficients of the key frequencies in the logits at step ${step.toLocaleString("en")}`, keysNow.map((row) => ({ ...row })), {
        height: 240,
        x: { label: "frequency k", type: "band", tickFormat: String },
        y: { label: "coefficient of cos w_k (a + b − c)", grid: true },
        marks: [Plot.barY(keysNow, { x: "k", y: "alpha", fill: COLOURS[1], fillOpacity: 0.9 }), Plot.ruleY([0])],
      });
    frame.tell(about, `n = ${about.runs} runs of ${about.runset}, p = ${about.p}`);
  }

  function spectrum(of: string, rows: Spectrum[], step: number, ks: Set<number>): void {
    const stored = rows[nearest(rows.map((row) => row.step), step)];
    if (!stored) {
      frame.without(of);
      return;
    }
    const bars = Array.from(stored.norms, (norm, i) => ({ k: i + 1, norm }));
    frame.picture(of, `Spectrum of ${of} at step ${stored.step.toLocaleString("en")} (nearest shown one); key frequencies in colour`, bars, {
      height: 220,
      x: { label: "frequency k", type: "linear", domain: [0, bars.length + 1], ticks: whole(bars.length + 1, 10) },
      y: { label: "norm", grid: true, domain: [0, Math.max(1e-12, ...rows.flatMap((row) => Array.from(row.norms)))] },
      marks: [
        Plot.ruleX(bars, { x: "k", y: "norm", stroke: (bar) => (ks.has(bar.k) ? (COLOURS[1] ?? DEAD) : DEAD), strokeWidth: 4 }),
        Plot.ruleY([0]),
      ],
    });
  }

  frame.drawWith(draw);
}
