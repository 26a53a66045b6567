const root = element.querySelector(".lab-trials");

const line = make("p", "line", "");
line.setAttribute("role", "status");
const scroller = make("div", "scroller");
scroller.tabIndex = 0; // it scrolls, and must do so without a mouse
scroller.setAttribute("role", "region");
scroller.setAttribute("aria-label", "Trials, the best first");
const effects = make("div", "effects");
root.append(line, scroller, effects);

function cell(tag, text, scope) {
  const node = make(tag, "");
  if (scope) node.scope = scope;
  node.append(make("bdi", "", text));
  return node;
}

function effect([name, values]) {
  const box = make("figure", "effect");
  box.append(make("figcaption", "", name));
  const means = values.map(([, mean]) => mean).filter((mean) => mean !== null);
  const [lowest, highest] = [Math.min(...means), Math.max(...means)];
  // Bars begin at 0, or a little below the lowest where scores are below 0, as those of swaps are.
  const from = lowest < 0 ? lowest - 0.15 * (highest - lowest || 1) : 0;
  const most = Math.max(highest - from, 1e-9);
  const list = make("ul", "values");
  for (const [value, mean, trials] of values) {
    const row = make("li", mean !== null && mean === lowest ? "value lowest" : "value");
    const track = make("span", "track");
    const bar = make("span", "bar");
    bar.style.width = mean === null ? "0" : (100 * (mean - from)) / most + "%";
    track.append(bar);
    const many = trials === 1 ? "1 trial" : trials + " trials";
    row.append(make("bdi", "what", value), track, make("span", "mean", mean === null ? "no score" : inWords(mean, 4) + ", " + many));
    list.append(row);
  }
  box.append(list);
  return box;
}

function show() {
  const value = props.value;
  root.classList.toggle("empty", !value);
  line.textContent = value ? value.line : props.empty || "";
  scroller.hidden = !value;
  root.dataset.rows = String(value ? value.rows.length : 0);
  scroller.replaceChildren();
  effects.replaceChildren();
  if (!value) return;
  const head = make("tr", "");
  for (const title of ["Trial", ...value.settings, "Score", "Step", "Seconds", "Remark"]) head.append(cell("th", title, "col"));
  const body = make("tbody", "");
  for (const [name, settings, score, step, seconds, remark] of value.rows) {
    const best = name === value.best;
    const row = make("tr", best ? "best" : "");
    row.append(cell("th", (best ? "★ " : "") + name, "row"));
    for (const setting of settings) row.append(cell("td", setting));
    row.append(cell("td", score === null ? "–" : inWords(score, 4)), cell("td", step === null ? "–" : String(step)), cell("td", String(Math.round(seconds))));
    row.append(cell("td", best ? "best" : remark));
    body.append(row);
  }
  const top = make("thead", "");
  top.append(head);
  const table = make("table", "");
  table.append(top, body);
  scroller.append(table);
  if (value.effects.length) {
    effects.append(make("p", "explained", "Mean score of the trials with each value; lower is better."));
    effects.append(...value.effects.map(effect));
  }
}

watch("value", show);
show();
