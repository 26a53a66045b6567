const root = element.querySelector(".score-grid");

function make(tag, className, attributes, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  Object.entries(attributes || {}).forEach(([name, value]) => node.setAttribute(name, value));
  node.append(...children);
  return node;
}

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 100;

const empty = make("p", "empty-note", {});
const chart = document.createElementNS(SVG, "svg");
chart.setAttribute("class", "chart");
chart.setAttribute("preserveAspectRatio", "none");
chart.setAttribute("aria-hidden", "true");
const line = make("div", "cut", { "aria-hidden": "true" });
const range = make("input", "range", { type: "range", "aria-label": "Threshold" });
const plot = make("div", "plot", {}, chart, line, range);
const lowLabel = make("span", "", { "aria-hidden": "true" });
const highLabel = make("span", "", { "aria-hidden": "true" });
const axis = make("div", "axis", {}, lowLabel, make("span", "", { "aria-hidden": "true" }, "cosine with the prompt"), highLabel);
const number = make("input", "number", { type: "number", inputmode: "decimal" });
const field = make("label", "field", {}, make("span", "", {}, "Threshold"), number);
const counts = make("p", "counts", { "data-testid": "score-counts" });
const spoken = make("p", "spoken", { role: "status", "aria-live": "polite" });
const model = make("p", "model", { "data-testid": "score-model" });
const warning = make("p", "warning", { role: "alert" });
const head = make("div", "head", {}, field, counts);

function section(name, title) {
  const heading = make("h3", "", {});
  const note = make("p", "note", {});
  const list = make("ul", "cells", { "aria-label": title, tabindex: "0", "data-testid": "score-" + name });
  return { title, heading, note, list, node: make("section", "side " + name, {}, make("header", "", {}, heading, note), list) };
}

const kept = section("kept", "Kept");
const dropped = section("dropped", "Dropped");
const work = make("div", "work", {}, head, plot, axis, warning, spoken, model, make("div", "sides", {}, kept.node, dropped.node));
root.append(empty, work);

let view = null;
let scores = [];
let cells = [];
let waiting = 0;
let commitTimer = 0;
let fetching = 0;

function below(cut) {
  let low = 0;
  let high = scores.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (scores[middle] < cut) low = middle + 1;
    else high = middle;
  }
  return low;
}

function show3(value) {
  return value.toFixed(3).replace("-", "−");
}

function cut() {
  return Number(range.value);
}

function drawChart() {
  const most = Math.max(1, ...view.counts);
  const span = view.high - view.low;
  const width = (view.edges[1] - view.edges[0]) / view.counts.length;
  chart.setAttribute("viewBox", "0 0 1000 " + HEIGHT);
  chart.replaceChildren(
    ...view.counts.map((count, index) => {
      const bar = document.createElementNS(SVG, "rect");
      const left = view.edges[0] + index * width;
      const tall = count ? Math.max(2, (count / most) * (HEIGHT - 4)) : 0;
      bar.setAttribute("x", String(((left - view.low) / span) * 1000));
      bar.setAttribute("width", String(Math.max(0.5, (width / span) * 1000 - 1.5)));
      bar.setAttribute("y", String(HEIGHT - tall));
      bar.setAttribute("height", String(tall));
      bar.dataset.middle = String(left + width / 2);
      return bar;
    }),
  );
}

function makeCells(side) {
  if (!side.sheet) return [];
  const columns = props.columns;
  const rows = Math.ceil(side.names.length / columns);
  return side.names.map((name, index) => {
    const across = Math.min(columns, side.names.length);
    const picture = make("div", "thumb", { role: "img" });
    const column = index % columns;
    const row = Math.floor(index / columns);
    picture.style.backgroundImage = 'url("' + encodeURI(side.sheet.url).replace(/"/g, "%22") + '")';
    picture.style.backgroundSize = across * 100 + "% " + rows * 100 + "%";
    picture.style.backgroundPosition = (across > 1 ? (column / (across - 1)) * 100 : 0) + "% " + (rows > 1 ? (row / (rows - 1)) * 100 : 0) + "%";
    const caption = make("span", "score", { "aria-hidden": "true" }, show3(side.scores[index]));
    const node = make("li", "cell", { title: name }, picture, caption);
    return { node, picture, name, score: side.scores[index], state: "" };
  });
}

function place(where, chosen, total, at) {
  chosen.sort((one, other) => Math.abs(one.score - at) - Math.abs(other.score - at));
  chosen.forEach((cell) => {
    if (cell.state !== where.title) {
      cell.state = where.title;
      cell.picture.setAttribute("aria-label", cell.name + ", score " + cell.score.toFixed(3) + ", " + where.title.toLowerCase());
    }
  });
  where.list.replaceChildren(...chosen.map((cell) => cell.node));
  where.heading.textContent = where.title + " " + total.toLocaleString("en");
  const shown = chosen.length < total ? "the " + chosen.length + " nearest the cut" : "nearest the cut first";
  where.note.textContent = total ? shown : "no picture";
}

function refresh() {
  waiting = 0;
  if (!view || !scores.length) return;
  const at = cut();
  const out = below(at);
  const all = scores.length;
  const share = Math.round(((all - out) / all) * 100);
  counts.textContent = (all - out).toLocaleString("en") + " of " + all.toLocaleString("en") + " kept (" + share + " %)";
  root.dataset.kept = String(all - out);
  root.dataset.dropped = String(out);
  root.dataset.threshold = String(at);
  range.setAttribute("aria-valuetext", at.toFixed(3) + ", " + counts.textContent);
  line.style.left = "calc(10px + (100% - 20px) * " + (at - view.low) / (view.high - view.low) + ")";
  chart.querySelectorAll("rect").forEach((bar) => bar.classList.toggle("in", Number(bar.dataset.middle) >= at));
  place(kept, cells.filter((cell) => cell.score >= at), all - out, at);
  place(dropped, cells.filter((cell) => cell.score < at), out, at);
}

function soon() {
  if (!waiting) waiting = requestAnimationFrame(refresh);
}

function commit() {
  clearTimeout(commitTimer);
  commitTimer = setTimeout(() => {
    spoken.textContent = counts.textContent;
    if (view && cut() !== view.threshold) trigger("commit", { key: view.key, threshold: cut() });
  }, 150);
}

range.addEventListener("input", () => {
  number.value = cut().toFixed(3);
  warning.textContent = "";
  soon();
});
range.addEventListener("change", commit);

number.addEventListener("change", () => {
  const value = number.value.trim() === "" ? NaN : Number(number.value);
  if (!Number.isFinite(value) || value < -1 || value > 1) {
    warning.textContent = "The threshold is a number from −1 to 1: write one such as 0.2.";
    number.setAttribute("aria-invalid", "true");
    return;
  }
  warning.textContent = "";
  number.removeAttribute("aria-invalid");
  if (!view) return;
  view.low = Math.min(view.low, value);
  view.high = Math.max(view.high, value);
  reach();
  range.value = String(value);
  number.value = cut().toFixed(3);
  refresh();
  commit();
});

function reach() {
  range.min = String(view.low);
  range.max = String(view.high);
  lowLabel.textContent = show3(view.low);
  highLabel.textContent = show3(view.high);
  drawChart();
}

function apply(value) {
  const fresh = !view || view.key !== value.key;
  const dragging = !fresh && cut() !== value.threshold && (waiting || document.activeElement === range);
  view = { ...value };
  range.step = number.step = String(props.step);
  number.min = "-1";
  number.max = "1";
  reach();
  if (!dragging) {
    range.value = String(value.threshold);
    number.value = value.threshold.toFixed(3);
  }
  if (fresh) warning.textContent = "";
  model.textContent = "Scored by " + value.model + " for “" + value.prompt + "”. A threshold belongs to this model and this prompt.";
  cells = [...makeCells(value.kept), ...makeCells(value.dropped)];
  refresh();
  root.dataset.key = value.key;
  if (fresh) spoken.textContent = counts.textContent;
}

async function showValue() {
  const value = Array.isArray(props.value) ? props.value[0] : props.value;
  root.classList.toggle("is-empty", !value);
  empty.textContent = value ? "" : props.empty || "";
  if (!value) {
    view = null;
    return;
  }
  const turn = ++fetching;
  if (!view || view.key !== value.key) {
    try {
      const answer = await fetch(value.scores.url);
      const fetched = await answer.json();
      if (turn !== fetching) return;
      scores = fetched;
    } catch (error) {
      warning.textContent = "The scores could not be read from the studio: press Score again.";
      return;
    }
  }
  apply(value);
}

watch("value", showValue);
showValue();
