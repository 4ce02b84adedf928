// A population of networks: how often each frequency has a cluster; the neurons of one network.
import * as Plot from "@observablehq/plot";
import { type About, choices, table } from "./data";
import { COLOURS, type Frame, whole } from "./frame";
import { remapped, unit } from "./mathematics";

interface Known extends About {
  runset: string;
  description: string;
  networks: number;
  labels: string[];
  n: number[];
}
interface Network {
  network: number;
  n: number;
  step: number;
  accuracy: number;
  live: number;
  frequency: number[];
  size: number[];
}
interface Neuron {
  network: number;
  neuron: number;
  frequency: number;
  a: number[];
  b: number[];
}

function counted<Value>(values: Value[]): Map<Value, number> {
  const found = new Map<Value, number>();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return found;
}

export async function cosets(frame: Frame): Promise<void> {
  const offered = await choices(frame.name);
  let networks: Network[] = [];
  let neurons: Neuron[] = [];
  let about: Known | undefined;
  const names = Object.keys(offered);
  const population = frame.choose("population", "Population", names.map((value) => ({ value, label: value })), () => {
    void load();
  });
  const network = frame.choose("network", "Network", [], () => offerFrequencies());
  const frequency = frame.choose("f", "Frequency", []);
  const own = (): Network | undefined => networks[Number(network.value())];

  function offerFrequencies(): void {
    const one = own();
    const clusters = one ? Array.from(one.frequency, (f, i) => ({ value: String(f), label: `${f} (${one.size[i]} neurons)` })) : [];
    frequency.offer(clusters);
  }

  async function load(): Promise<void> {
    const found = await table<Network, Known>(frame.name, population.value(), "networks");
    networks = found.rows;
    about = found.about;
    neurons = offered[population.value()]?.includes("neurons")
      ? (await table<Neuron>(frame.name, population.value(), "neurons")).rows
      : [];
    const drawn = new Set(neurons.map((row) => row.network));
    const order = networks.map((row) => row.network).sort((a, b) => Number(drawn.has(b)) - Number(drawn.has(a)) || a - b);
    network.offer(order.map((i) => ({ value: String(i), label: `${about!.labels[i]}${drawn.has(i) ? " (neurons kept)" : ""}` })));
    offerFrequencies();
    frame.describe(about.description);
    draw();
  }

  function draw(): void {
    const one = own();
    if (!about || !one) return;
    const held = counted(networks.flatMap((row) => Array.from(row.frequency)));
    const most = Math.max(1, ...networks.map((row) => Math.floor(row.n / 2)));
    const bars = Array.from({ length: most }, (_, i) => ({ frequency: i + 1, networks: held.get(i + 1) ?? 0 }));
    const mine = new Set(one.frequency);
    frame.say(
      `${about.labels[one.network]}: ${one.frequency.length} clusters, ${one.live} live neurons, accuracy ${one.accuracy.toFixed(4)} at step ${one.step.toLocaleString("en")}.` +
        (neurons.some((row) => row.network === one.network) ? "" : " Its neurons are not kept here, and so not drawn."),
    );
    frame.picture("frequencies", "Networks with a cluster at each frequency; those of the chosen network in colour", bars, {
      height: 240,
      x: { label: "frequency", type: "linear", domain: [0, most + 1], ticks: whole(most + 1, 10) },
      y: { label: "networks", grid: true, ticks: whole(Math.max(...bars.map((bar) => bar.networks))) },
      marks: [
        Plot.ruleX(bars, { x: "frequency", y: "networks", stroke: (bar) => (mine.has(bar.frequency) ? COLOURS[1]! : COLOURS[0]!), strokeWidth: 4 }),
        Plot.ruleY([0]),
      ],
    });
    const numbers = [...counted(networks.map((row) => row.frequency.length))]
      .map(([clusters, count]) => ({ clusters, networks: count }))
      .sort((a, b) => a.clusters - b.clusters);
    frame.picture("clusters", "How many clusters networks have", numbers, {
      height: 220,
      width: 560,
      x: { label: "clusters", type: "band", tickFormat: String },
      y: { label: "networks", grid: true, ticks: whole(Math.max(...numbers.map((row) => row.networks))) },
      marks: [
        Plot.barY(numbers, { x: "clusters", y: "networks", fill: (row) => (row.clusters === one.frequency.length ? COLOURS[1]! : COLOURS[0]!) }),
        Plot.ruleY([0]),
      ],
    });
    neuronPictures(one);
    frame.tell(about, `n = ${about.networks} networks of ${about.runset}`);
  }

  function neuronPictures(one: Network): void {
    const f = Number(frequency.value());
    const cluster = neurons.filter((row) => row.network === one.network && row.frequency === f);
    if (cluster.length === 0) {
      frame.without("neurons");
      frame.without("remapped");
      return;
    }
    const lines = (values: (row: Neuron) => number[]): { x: number; neuron: number; part: number }[] =>
      cluster.flatMap((row) => Array.from(values(row), (part, x) => ({ x, neuron: row.neuron, part })));
    const plot = (key: string, title: string, label: string, rows: ReturnType<typeof lines>): void =>
      frame.picture(key, title, rows, {
        height: 260,
        x: { label },
        y: { label: "part of the pre-activation", grid: true },
        marks: [Plot.line(rows, { x: "x", y: "part", z: "neuron", stroke: COLOURS[0], strokeOpacity: 0.85, strokeWidth: 1.2 })],
      });
    plot("neurons", `Neurons of frequency ${f}, by the first operand a`, "a", lines((row) => Array.from(row.a)));
    const u = unit(one.n, f);
    plot("remapped", `The same neurons remapped: a goes to ${u} a mod ${one.n}`, `${u} a mod ${one.n}`, lines((row) => remapped(row.a, f)));
  }

  frame.drawWith(draw);
  await load();
}
