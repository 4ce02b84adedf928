// What a picture can be saved as: its numbers, and itself with its title and origin.
import { make } from "./elements";

type Cell = string | number | boolean | null | undefined;
export type Sheet = Record<string, Cell>[];

export function save(content: Blob, name: string): void {
  const link = make("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Rows as CSV, every column of the first row. */
export function csv(rows: Sheet): string {
  const names = Object.keys(rows[0] ?? {});
  const cell = (value: Cell): string => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names, ...rows.map((row) => names.map((name) => row[name]))]
    .map((row) => row.map((value) => cell(value as Cell)).join(","))
    .join("\n");
}

const SVG = "http://www.w3.org/2000/svg";
const FOOT = 12;

/** A picture that says by itself what it shows and where it comes from: title above, origin below
 * in lines that its width holds, and the address that draws it again. */
export function standalone(drawn: SVGElement, title: string, from: string): SVGElement {
  const copy = drawn.cloneNode(true) as SVGElement;
  const [width = 0, height = 0] = ["width", "height"].map((key) => Number(drawn.getAttribute(key)));
  const above = lines(title, width / 6.5);
  const below = lines(from, width / 5.5);
  const top = FOOT * (above.length + 0.5);
  const whole = height + top + FOOT * (below.length + 0.5);
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("style", "color:#111;background:#fff;font-family:sans-serif");
  copy.setAttribute("height", String(whole));
  copy.setAttribute("viewBox", `0 ${-top} ${width} ${whole}`);
  const write = (text: string, y: number, size: number): void => {
    const one = document.createElementNS(SVG, "text");
    for (const [key, value] of Object.entries({ x: 4, y, "font-size": size, "text-anchor": "start", fill: "#111" }))
      one.setAttribute(key, String(value));
    one.textContent = text;
    copy.append(one);
  };
  above.forEach((text, i) => write(text, FOOT * (i + 1) - top, 12));
  below.forEach((text, i) => write(text, height + FOOT * (i + 1), 10));
  const address = document.createElementNS(SVG, "desc");
  address.textContent = `${from} ${location.pathname.split("/").at(-1)}${location.hash}`;
  copy.prepend(address);
  return copy;
}

export function written(drawn: SVGElement): string {
  return new XMLSerializer().serializeToString(drawn);
}

/** Words in lines of at most so many letters. */
function lines(text: string, most: number): string[] {
  const found = [""];
  for (const word of text.split(" ")) {
    const last = found.at(-1)!;
    if (last && last.length + word.length >= most) found.push(word);
    else found[found.length - 1] = last ? `${last} ${word}` : word;
  }
  return found;
}

export function savePng(drawn: SVGElement, name: string): void {
  const [width, height] = ["width", "height"].map((key) => Number(drawn.getAttribute(key)));
  const picture = new Image();
  picture.onload = () => {
    const canvas = make("canvas");
    canvas.width = 2 * (width ?? 0);
    canvas.height = 2 * (height ?? 0);
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((content) => content && save(content, name));
  };
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(written(drawn))}`;
}
