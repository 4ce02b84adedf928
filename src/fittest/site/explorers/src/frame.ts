// The frame of an explorer: controls, state in the address, pictures with their downloads.
import * as Plot from "@observablehq/plot";
import type { About } from "./data";
import { make } from "./elements";
import { csv, save, savePng, type Sheet, standalone, written } from "./saving";

export interface Option {
  value: string;
  label: string;
}

let identity = 0;

interface Shown {
  place: HTMLElement;
  caption: HTMLElement;
  body: HTMLElement;
  drawn: SVGSVGElement | null;
  sheet: Sheet;
}

export class Frame {
  private readonly controls = make("form", { class: "controls", "aria-label": "What is shown" });
  private readonly pictures = make("div", { class: "pictures" });
  private readonly said = make("p", { class: "said", "aria-live": "polite" });
  private readonly from = make("p", { class: "from" });
  private readonly what = make("p", { class: "what" });
  private readonly amiss = make("p", { class: "amiss", role: "status" });
  /** Keys of all controls, and whether anything was chosen here, after the address. */
  private readonly known = new Set<string>();
  private chosen = false;
  private origin = "";
  private file = "";
  private readonly state = new URLSearchParams(location.hash.slice(1));
  private readonly shown = new Map<string, Shown>();
  private redraw: () => void = () => undefined;

  constructor(
    readonly root: HTMLElement,
    readonly name: string,
  ) {
    this.controls.addEventListener("submit", (event) => event.preventDefault());
    root.replaceChildren(this.controls, this.amiss, this.what, this.said, this.pictures, this.from);
  }

  /** What the address asks for, and the page has not, gives way to what is shown. Said where it is
   * the address that was given; later it is left over from another choice. */
  private giveWay(key: string, instead: string | null, words: string): void {
    if (!this.chosen) this.sayAmiss(`The address asks for ${key} = ${this.state.get(key)}, which is not here: ${words} is shown.`);
    if (instead === null) this.state.delete(key);
    else this.state.set(key, instead);
    history.replaceState(null, "", `#${this.state}`);
  }

  private sayAmiss(text: string): void {
    this.amiss.append(make("span", {}, `${text} `));
  }

  /** What the runs are for, in a sentence. */
  describe(text: string): void {
    this.what.textContent = text;
  }

  /** What draws all pictures; called at every change, and when the width of the page changes. */
  drawWith(redraw: () => void): void {
    for (const [key, value] of this.state)
      if (value && !this.known.has(key)) this.sayAmiss(`The address asks for ${key}, which this page does not know.`);
    let width = this.width();
    this.redraw = redraw;
    redraw();
    new ResizeObserver(() => {
      if (this.width() !== width) {
        width = this.width();
        redraw();
      }
    }).observe(this.root);
  }

  width(): number {
    return Math.max(280, Math.floor(this.root.clientWidth));
  }

  private keep(key: string, value: string): void {
    this.chosen = true;
    this.amiss.replaceChildren();
    this.state.set(key, value);
    history.replaceState(null, "", `#${this.state}`);
  }

  /** One of several; the address decides, else the first. `changed` goes before the redrawing. */
  choose(key: string, label: string, options: Option[], changed?: () => void): Choice {
    this.known.add(key);
    const select = make("select", { name: key, autocomplete: "off" });
    this.controls.append(make("label", {}, `${label} `, select));
    const fill = (offered: Option[]): void => {
      select.replaceChildren(...offered.map((one) => make("option", { value: one.value }, one.label)));
      const wanted = this.state.get(key);
      if (wanted === null || offered.length === 0) return;
      if (offered.some((one) => one.value === wanted)) select.value = wanted;
      else this.giveWay(key, null, offered[0]!.label);
    };
    fill(options);
    select.addEventListener("change", () => {
      this.keep(key, select.value);
      changed?.();
      this.redraw();
    });
    return { value: () => select.value, offer: fill };
  }

  /** One of ascending numbers; the address decides, else the last. */
  slide(key: string, label: string, values: number[]): Slider {
    this.known.add(key);
    const input = make("input", { type: "range", name: key, min: "0", step: "1", autocomplete: "off" });
    const output = make("output");
    this.controls.append(make("label", { class: "slider" }, `${label} `, input, output));
    let offered: number[] = values;
    const value = (): number => offered[Number(input.value)] ?? 0;
    const print = (): void => {
      output.value = value().toLocaleString("en");
      input.setAttribute("aria-valuetext", `${label} ${output.value}`);
    };
    const fill = (numbers: number[]): void => {
      offered = numbers;
      input.max = String(Math.max(0, numbers.length - 1));
      const wanted = this.state.get(key);
      const place = wanted === null || !wanted.trim() || Number.isNaN(Number(wanted)) ? input.max : String(nearest(numbers, Number(wanted)));
      input.value = place;
      if (wanted !== null && numbers.length && value() !== Number(wanted)) this.giveWay(key, String(value()), String(value()));
      print();
    };
    fill(values);
    input.addEventListener("input", () => {
      this.keep(key, String(value()));
      print();
      this.redraw();
    });
    return { value, offer: fill };
  }

  /** Yes or no; no unless the address says yes. */
  tick(key: string, label: string): () => boolean {
    this.known.add(key);
    const input = make("input", { type: "checkbox", name: key, autocomplete: "off" });
    input.checked = this.state.get(key) === "yes";
    if (!["yes", "no", null].includes(this.state.get(key))) this.giveWay(key, null, "no");
    this.controls.append(make("label", {}, input, ` ${label}`));
    input.addEventListener("change", () => {
      this.keep(key, input.checked ? "yes" : "no");
      this.redraw();
    });
    return () => input.checked;
  }

  /** A sentence on what is seen. */
  say(text: string): void {
    this.said.textContent = text;
  }

  /** Scale, n and commit, at the foot. */
  tell(about: About, n: string): void {
    const text = `Scale ${about.scale}, ${n}, commit ${about.commit.slice(0, 12)}, config ${about.config_hash.slice(0, 12)}.`;
    this.from.textContent = text;
    this.origin = text;
    this.file = `fittest-${about.scale}-${about.commit.slice(0, 12)}-${this.name}`;
  }

  /** Put a picture in its place, with downloads of it and of its data. */
  picture(key: string, title: string, sheet: Sheet, options: Plot.PlotOptions): void {
    const width = Math.min(this.width(), options.width ?? 900);
    const drawn = Plot.plot({ marginLeft: 56, ...options, width }) as SVGSVGElement;
    // A picture has one name; those of its parts would be names of nothing.
    for (const part of drawn.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", title);
    const shown = this.shown.get(key) ?? this.place(key);
    Object.assign(shown, { drawn, sheet });
    shown.caption.textContent = title;
    shown.body.replaceChildren(drawn);
  }

  private place(key: string): Shown {
    identity += 1;
    const caption = make("figcaption", { id: `picture-${identity}` });
    const files = make("p", { class: "files" });
    const place = make("figure", { "data-picture": key, "aria-labelledby": caption.id });
    const body = make("div");
    const shown: Shown = { place, caption, body, drawn: null, sheet: [] };
    const file = (ending: string): string => `${this.file}-${key}.${ending}`;
    const whole = (drawn: SVGElement): SVGElement => standalone(drawn, caption.textContent ?? "", this.origin);
    const button = (label: string, act: (drawn: SVGSVGElement) => void): void => {
      const words = `${label} of this picture`;
      const one = make("button", { type: "button", "aria-describedby": caption.id, title: words }, label);
      one.addEventListener("click", () => shown.drawn && act(shown.drawn));
      files.append(one);
    };
    button("SVG", (drawn) => save(new Blob([written(whole(drawn))], { type: "image/svg+xml" }), file("svg")));
    button("PNG", (drawn) => savePng(whole(drawn), file("png")));
    button("CSV", () => save(new Blob([csv(shown.sheet)], { type: "text/csv" }), file("csv")));
    place.append(caption, body, files);
    this.shown.set(key, shown);
    this.pictures.append(place);
    return shown;
  }

  /** Take away a picture that the present choice does not have. */
  without(key: string): void {
    this.shown.get(key)?.place.remove();
    this.shown.delete(key);
  }
}

export interface Choice {
  value: () => string;
  offer: (options: Option[]) => void;
}

export interface Slider {
  value: () => number;
  offer: (values: number[]) => void;
}

/** Place of the number closest to `wanted` among ascending ones. */
export function nearest(numbers: number[], wanted: number): number {
  let best = 0;
  numbers.forEach((one, place) => {
    if (Math.abs(one - wanted) < Math.abs((numbers[best] ?? Infinity) - wanted)) best = place;
  });
  return best;
}

export const DEAD = "#8a8a8a";
/** Colours that the colour-blind tell apart, for lines on light and dark. */
export const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8f5fbf", "#a6761d"];

/** About how many ticks an axis of whole numbers up to `greatest` may have, so that all are whole. */
export function whole(greatest: number, most = 5): number {
  return Math.max(1, Math.min(most, greatest));
}

/** Numbers of a logarithmic axis: 0.5, 2.65, 1e-7. */
export function short(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) < 0.01 && rounded !== 0 ? rounded.toExponential() : String(rounded);
}
