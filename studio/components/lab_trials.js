const root = element.querySelector(".lab-trials");

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

const line = make("p", "line", "");
line.setAttribute("role", "status");
const scroller = make("div", "scroller");
scroller.tabIndex = 0; // it scrolls, and must do so without a mouse
scroller.setAttribute("role", "region");
scroller.setAttribute("aria-label", "Trials, the best first");
const effects = make("div", "effects");
root.append(line, scroller, effects);

function inWords(number) {
  return String(Number(number.toPrecision(4)));
}

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
  const most = Math.max(...means.map(Math.abs), 1e-9);
  const lowest = Math.min(...means);
  const list = make("ul", "values");
  for (const [value, mean, trials] of values) {
    const row = make("li", mean !== null && mean === lowest ? "value lowest" : "value");
    const track = make("span", "track");
    const bar = make("span", "bar");
    bar.style.width = mean === null ? "0" : (100 * Math.max(0, mean)) / most + "%";
    track.append(bar);
    const many = trials === 1 ? "1 trial" : trials + " trials";
    row.append(make("bdi", "what", value), track, make("span", "mean", mean === null ? "no score" : inWords(mean) + ", " + many));
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
    row.append(cell("td", score === null ? "–" : inWords(score)), cell("td", step === null ? "–" : String(step)), cell("td", String(Math.round(seconds))));
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
