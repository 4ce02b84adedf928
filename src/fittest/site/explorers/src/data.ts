// Tables of the site: Parquet inside scripts, because a page from the file system may load scripts
// but not fetch files.
import { parquetReadObjects } from "hyparquet";

/** Origin and sizes of a table, as the site's builder wrote them. */
export interface About {
  scale: string;
  commit: string;
  config_hash: string;
}

interface Wrapped {
  about: About;
  parquet: string;
}

declare global {
  var fittestData: Record<string, Wrapped> | undefined;
  var fittestIndex: Record<string, Record<string, string[]>> | undefined;
}

const script = document.currentScript as HTMLScriptElement | null;
const base = new URL("../data/", script ? script.src : document.baseURI);

function inject(file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = new URL(file, base).href;
    element.onload = () => resolve();
    element.onerror = () => reject(new Error(`${file} cannot be loaded`));
    document.head.append(element);
  });
}

/** Choices of an explorer (run-sets; "" where there is but one) -> names of their tables. */
export async function choices(explorer: string): Promise<Record<string, string[]>> {
  if (!globalThis.fittestIndex) await inject("index.js");
  return globalThis.fittestIndex?.[explorer] ?? {};
}

/** Rows of a table and what is known of it. */
export async function table<Row, Known extends About = About>(
  explorer: string,
  choice: string,
  name: string,
): Promise<{ rows: Row[]; about: Known }> {
  const file = choice ? `${explorer}-${choice}-${name}` : `${explorer}-${name}`;
  if (!globalThis.fittestData?.[file]) await inject(`${file}.js`);
  const found = globalThis.fittestData?.[file];
  if (!found) throw new Error(`${file} is not what this page expects`);
  const bytes = Uint8Array.from(atob(found.parquet), (letter) => letter.charCodeAt(0));
  const rows = (await parquetReadObjects({ file: bytes.buffer })) as Row[];
  return { rows, about: found.about as Known };
}
