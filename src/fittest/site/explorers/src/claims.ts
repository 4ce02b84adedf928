// The claims table: rows by verdict, section and words; the address holds the choice.

export function claims(root: HTMLElement): void {
  const form = root.querySelector("form");
  const output = root.querySelector("output");
  if (!form || !output) return;
  const rows = [...root.querySelectorAll<HTMLTableRowElement>("tbody tr")];
  const fields = [...form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("[name]")];
  const field = (name: string): string => fields.find((one) => one.name === name)?.value ?? "";

  function apply(): void {
    const words = field("words").toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits =
        (!field("verdict") || row.dataset["verdict"] === field("verdict")) &&
        (!field("section") || row.dataset["section"] === field("section")) &&
        (!words || (row.textContent ?? "").toLowerCase().includes(words));
      row.hidden = !fits;
      shown += Number(fits);
    }
    output!.textContent = `${shown} of ${rows.length} claims`;
  }

  function fromAddress(): void {
    const state = new URLSearchParams(location.hash.slice(1));
    for (const one of fields) if (state.has(one.name)) one.value = state.get(one.name) ?? "";
    apply();
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    const chosen = fields.filter((one) => one.value).map((one): [string, string] => [one.name, one.value]);
    history.replaceState(null, "", chosen.length ? `#${new URLSearchParams(chosen)}` : "#claims");
    apply();
  });
  // A link to one claim shows it whatever was chosen.
  window.addEventListener("hashchange", () => {
    const row = document.getElementById(location.hash.slice(1));
    if (row instanceof HTMLTableRowElement && row.hidden) {
      for (const one of fields) one.value = "";
      apply();
      row.scrollIntoView();
    }
  });
  fromAddress();
}
