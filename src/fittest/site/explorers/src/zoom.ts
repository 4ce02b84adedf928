// Figures in full size: a click opens them, + and - change the size, Escape closes.

export function zoom(links: Iterable<HTMLAnchorElement>): void {
  const dialog = document.createElement("dialog");
  dialog.className = "zoomed";
  dialog.setAttribute("aria-label", "Figure in full size");
  const bar = document.createElement("p");
  const view = document.createElement("div");
  view.tabIndex = 0;
  view.setAttribute("role", "region");
  view.setAttribute("aria-label", "Figure; the arrow keys move it");
  const picture = document.createElement("img");
  view.append(picture);
  dialog.append(bar, view);
  let scale = 1;
  const size = (factor: number): void => {
    scale = Math.min(8, Math.max(0.5, factor));
    picture.style.width = `${100 * scale}%`;
  };
  for (const [label, words, act] of [
    ["−", "Smaller", () => size(scale / 1.5)],
    ["+", "Larger", () => size(scale * 1.5)],
    ["Close", "Close", () => dialog.close()],
  ] as const) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.setAttribute("aria-label", words);
    button.addEventListener("click", act);
    bar.append(button);
  }
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") size(scale * 1.5);
    if (event.key === "-") size(scale / 1.5);
    // The page's own keys are for the page.
    event.stopPropagation();
  });
  document.body.append(dialog);
  for (const link of links)
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      picture.src = link.href;
      picture.alt = link.querySelector("img")?.alt ?? "";
      size(1);
      dialog.showModal();
      view.focus();
    });
}
