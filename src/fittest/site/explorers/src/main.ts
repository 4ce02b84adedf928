// What the pages of the site do: claims that filter, figures that grow, explorers.
import { circuits } from "./circuits";
import { claims } from "./claims";
import { cosets } from "./cosets";
import { Frame } from "./frame";
import { signals } from "./signals";
import { structures } from "./structures";
import { survival } from "./survival";
import { zoom } from "./zoom";

const EXPLORERS: Record<string, (frame: Frame) => Promise<void>> = { signals, survival, circuits, cosets, structures };

async function start(root: HTMLElement): Promise<void> {
  const name = root.dataset["explorer"] ?? "";
  try {
    await EXPLORERS[name]?.(new Frame(root, name));
    root.dataset["ready"] = "yes";
  } catch (error) {
    root.textContent = `This explorer cannot be shown: ${error instanceof Error ? error.message : String(error)}`;
    throw error;
  }
}

for (const root of document.querySelectorAll<HTMLElement>("[data-claims]")) claims(root);
for (const root of document.querySelectorAll<HTMLElement>("[data-explorer]")) {
  void start(root);
  // An address typed or followed on the same page shows what it says.
  window.addEventListener("hashchange", () => void start(root));
}
const links = document.querySelectorAll<HTMLAnchorElement>("a.zoom");
if (links.length) zoom(links);
