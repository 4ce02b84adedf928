// The learned structure of each run among all that it could have learned, before training.
import * as Plot from "@observablehq/plot";
import { type About, choices, table } from "./data";
import { COLOURS, DEAD, type Frame, whole } from "./frame";

interface Known extends About {
  runs: number;
  letter: string;
  learned: string;
}
interface Row {
  seed: number;
  solved: boolean;
  clear: boolean;
  learned: string;
  value: number;
  least: number;
  mean: number;
  greatest: number;
  total: number;
  mid_rank: number;
}

export async function structures(frame: Frame): Promise<void> {
  const offered = Object.keys(await choices(frame.name));
  let rows: Row[] = [];
  let about: Known | undefined;
  const task = frame.choose("task", "Task", offered.map((value) => ({ value, label: value === "xor" ? "XOR" : value })), () => {
    void load();
  });
  const order = frame.choose("order", "Order", [
    { value: "seed", label: "by seed" },
    { value: "rank", label: "by rank" },
  ]);
  const clear = frame.tick("clear", "clear structures only");
  const solved = frame.tick("solved", "solved runs only");

  async function load(): Promise<void> {
    ({ rows, about } = await table<Row, Known>(frame.name, task.value(), "runs"));
    draw();
  }

  function draw(): void {
    if (!about) return;
    const own = rows.filter((row) => (row.clear || !clear()) && (row.solved || !solved()));
    own.sort((a, b) => (order.value() === "rank" ? a.mid_rank - b.mid_rank : a.seed - b.seed));
    const ranks = own.map((row) => row.mid_rank).filter((rank) => !Number.isNaN(rank));
    const mean = ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length;
    const spread = Math.sqrt(ranks.reduce((sum, rank) => sum + (rank - mean) ** 2, 0) / (ranks.length - 1));
    frame.say(
      ranks.length === 0
        ? "No run is like that."
        : `${own.length} ${own.length === 1 ? "run" : "runs"}: rank ${mean.toFixed(3)} ± ${ranks.length > 1 ? spread.toFixed(3) : "undefined"} (mean ± standard deviation; chance is 0.5, the most complete of all is 0).`,
    );
    const sheet = own.map((row) => ({ ...row }));
    const seeds = own.map((row) => String(row.seed));
    const what = `${about.letter}, completeness before training`;
    frame.picture("completeness", "What each run learned (dot; orange where it is not clear) among all that it could have: least to greatest, tick at the mean", sheet, {
      height: 60 + 14 * Math.max(1, own.length),
      marginLeft: 60,
      x: { label: what, grid: true },
      y: { label: "seed", type: "band", domain: seeds },
      marks: [
        Plot.ruleY(own, { y: (row) => String(row.seed), x1: "least", x2: "greatest", stroke: DEAD }),
        Plot.tickX(own, { y: (row) => String(row.seed), x: "mean", stroke: DEAD }),
        Plot.dot(own, { y: (row) => String(row.seed), x: "value", fill: (row) => (row.clear ? COLOURS[0]! : COLOURS[4]!), r: 4 }),
        Plot.tip(own, Plot.pointer({ y: (row) => String(row.seed), x: "value", title: (row) => `seed ${row.seed}: ${about!.learned} ${row.learned}\nrank ${row.mid_rank.toFixed(3)} of ${row.total}` })),
      ],
    });
    const tenths = ranks.map((rank) => Math.min(9, Math.floor(10 * rank)));
    const most = Math.max(0, ...tenths.map((tenth) => tenths.filter((other) => other === tenth).length));
    frame.picture("ranks", "Where the learned structure stood among all (0: the most complete)", sheet, {
      height: 220,
      width: 560,
      x: { label: "rank", domain: [0, 1] },
      y: { label: "runs", grid: true, ticks: whole(most) },
      marks: [
        Plot.rectY(own, { ...Plot.binX({ y: "count" }, { x: { value: "mid_rank", thresholds: 10, domain: [0, 1] } }), fill: COLOURS[0]! }),
        Plot.ruleX([0.5], { stroke: "currentColor", strokeDasharray: "4 3" }),
        Plot.ruleY([0]),
      ],
    });
    frame.tell(about, `n = ${own.length} of ${about.runs} runs`);
  }

  frame.drawWith(draw);
  await load();
}
