const root = element.querySelector(".lab-curves");
const WIDTH = 360;
const HEIGHT = 190;
const EDGE = { left: 44, right: 10, top: 8, bottom: 24 };
const COLOURS = 6;
const ROWS = 60;

function draw(tag, attributes, parent) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (parent) parent.append(node);
  return node;
}

// Whole steps of 1, 2 or 5 that cut a span into about four.
function ticks(low, high) {
  const rough = (high - low) / 4 || 1;
  const power = Math.pow(10, Math.floor(Math.log10(rough)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(Math.abs(at) < step * 1e-9 ? 0 : at);
  return found;
}

function reach(panel) {
  const xs = panel.curves.flatMap((curve) => curve.x);
  // A few wild reports must not flatten everything: where there is a mean, it sets the scale.
  const ys = panel.curves.flatMap((curve) => (curve.smooth.length ? curve.smooth : curve.y)).filter(Number.isFinite);
  const low = Math.min(...ys);
  const high = Math.max(...ys);
  const margin = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return { x: [Math.min(...xs), Math.max(...xs)], y: [low - margin, high + margin] };
}

function summary(panel, axis) {
  return panel.curves
    .map((curve) => {
      const shown = curve.smooth.length ? curve.smooth : curve.y;
      const lowest = Math.min(...shown);
      const where = curve.x[shown.indexOf(lowest)];
      return `${curve.name}: ${inWords(shown[0])} at first, ${inWords(shown[shown.length - 1])} at last, lowest ${inWords(lowest)} at ${inWords(where)} ${axis}`;
    })
    .join("; ");
}

function path(xs, ys, toX, toY) {
  return xs.map((x, place) => `${place ? "L" : "M"}${toX(x).toFixed(1)} ${toY(ys[place]).toFixed(1)}`).join("");
}

function figure(panel, axis, number) {
  const box = make("figure", "chart");
  const caption = make("figcaption", "caption");
  caption.append(make("span", "title", panel.title));
  const readout = make("span", "readout");
  caption.append(readout);
  box.append(caption);
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${panel.title}. ${summary(panel, axis)}` });
  box.append(svg);
  const span = reach(panel);
  const named = panel.curves.length > 1 || panel.curves[0].name !== panel.title;
  const inner = { width: WIDTH - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };
  const wide = span.x[1] - span.x[0] || 1;
  const toX = (x) => EDGE.left + ((x - span.x[0]) / wide) * inner.width;
  const toY = (y) => EDGE.top + (1 - (Math.min(span.y[1], Math.max(span.y[0], y)) - span.y[0]) / (span.y[1] - span.y[0])) * inner.height;
  for (const y of ticks(...span.y)) {
    draw("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: toY(y), y2: toY(y) }, svg);
    draw("text", { class: "tick", x: EDGE.left - 6, y: toY(y) + 4, "text-anchor": "end" }, svg).textContent = inWords(y);
  }
  for (const x of span.x[1] > span.x[0] ? ticks(...span.x) : [span.x[0]]) {
    const atTheEnd = toX(x) > WIDTH - EDGE.right - 12;
    const where = { x: atTheEnd ? WIDTH - 2 : toX(x), "text-anchor": atTheEnd ? "end" : "middle" };
    draw("text", { class: "tick", y: HEIGHT - 7, ...where }, svg).textContent = inWords(x);
  }
  panel.curves.forEach((curve, place) => {
    const colour = `colour-${place % COLOURS}`;
    if (curve.smooth.length) draw("path", { class: `raw ${colour}`, d: path(curve.x, curve.y, toX, toY) }, svg);
    draw("path", { class: `curve ${colour}`, d: path(curve.x, curve.smooth.length ? curve.smooth : curve.y, toX, toY) }, svg);
    if (!curve.smooth.length && curve.x.length <= ROWS) {
      curve.x.forEach((x, at) => draw("circle", { class: `dot ${colour}`, cx: toX(x), cy: toY(curve.y[at]), r: 2.4 }, svg));
    }
  });
  const hair = draw("line", { class: "hair", y1: EDGE.top, y2: HEIGHT - EDGE.bottom, x1: -9, x2: -9 }, svg);
  svg.addEventListener("pointermove", (event) => {
    const bounds = svg.getBoundingClientRect();
    const wanted = span.x[0] + (((event.clientX - bounds.left) / bounds.width) * WIDTH - EDGE.left) * (wide / inner.width);
    const xs = panel.curves.flatMap((curve) => curve.x);
    const x = xs.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best), xs[0]);
    hair.setAttribute("x1", toX(x));
    hair.setAttribute("x2", toX(x));
    const values = panel.curves.map((curve) => curve.x.indexOf(x)).map((at, place) => {
      const curve = panel.curves[place];
      const value = inWords((curve.smooth.length ? curve.smooth : curve.y)[at]);
      return at < 0 ? "" : named ? `${curve.name} ${value}` : value;
    });
    readout.textContent = `${inWords(x)} ${axis}: ${values.filter(Boolean).join(" · ")}`;
  });
  svg.addEventListener("pointerleave", () => {
    readout.textContent = "";
    hair.setAttribute("x1", -9);
    hair.setAttribute("x2", -9);
  });
  if (named) {
    const legend = make("ul", "legend");
    panel.curves.forEach((curve, place) => {
      const entry = make("li", "");
      const key = draw("svg", { class: "key", viewBox: "0 0 18 6", "aria-hidden": "true" });
      draw("path", { class: `curve colour-${place % COLOURS}`, d: "M0 3L18 3" }, key);
      entry.append(key, make("bdi", "", curve.name));
      legend.append(entry);
    });
    box.append(legend);
  }
  return box;
}

function table(panels, axis) {
  const details = make("details", "numbers");
  details.append(make("summary", "", "The numbers as a table"));
  const scroller = make("div", "scroller");
  scroller.tabIndex = 0; // it scrolls, and must do so without a mouse
  scroller.setAttribute("role", "region");
  scroller.setAttribute("aria-label", "The numbers as a table");
  const columns = panels.flatMap((panel) => panel.curves.map((curve) => ({ title: panel.title, curve: curve })));
  const places = [...new Set(columns.flatMap((column) => column.curve.x))].sort((one, other) => one - other);
  const every = Math.ceil(places.length / ROWS);
  const judged = new Set(columns.filter((column) => !column.curve.smooth.length).flatMap((column) => column.curve.x));
  const grid = make("table", "");
  const head = make("tr", "");
  const first = make("th", "", axis);
  first.scope = "col";
  head.append(first);
  for (const column of columns) {
    const cell = make("th", "", column.curve.name === column.title ? column.title : `${column.title}: ${column.curve.name}`);
    cell.scope = "col";
    head.append(cell);
  }
  const body = make("tbody", "");
  places.forEach((place, at) => {
    if (at % every && !judged.has(place)) return;
    const row = make("tr", "");
    const name = make("th", "", inWords(place));
    name.scope = "row";
    row.append(name);
    for (const { curve } of columns) {
      const found = curve.x.indexOf(place);
      row.append(make("td", "", found < 0 ? "" : inWords((curve.smooth.length ? curve.smooth : curve.y)[found])));
    }
    body.append(row);
  });
  const top = make("thead", "");
  top.append(head);
  grid.append(top, body);
  scroller.append(grid);
  details.append(scroller);
  return details;
}

// While a run trains, its table is written anew again and again under the eyes and fingers of whoever reads it.
function place() {
  const scroller = root.querySelector(".scroller");
  const parts = { summary: root.querySelector("summary"), ".scroller": scroller };
  return {
    opened: Boolean(root.querySelector("details[open]")),
    at: scroller && [scroller.scrollLeft, scroller.scrollTop],
    focused: Object.keys(parts).find((name) => parts[name] && parts[name] === document.activeElement),
  };
}

function show() {
  const value = props.value;
  const before = place();
  root.replaceChildren();
  const panels = value ? value.panels.filter((panel) => panel.curves.some((curve) => curve.x.length)) : [];
  root.dataset.panels = String(panels.length);
  if (!panels.length) {
    root.append(make("p", "nothing", (value && value.note) || props.empty || ""));
    return;
  }
  const charts = make("div", "charts");
  panels.forEach((panel, number) => charts.append(figure(panel, value.axis, number)));
  root.append(charts);
  const numbers = table(panels, value.axis);
  numbers.open = before.opened;
  root.append(numbers);
  if (before.at) numbers.querySelector(".scroller").scrollTo(...before.at);
  if (before.focused) numbers.querySelector(before.focused).focus({ preventScroll: true });
}

watch("value", show);
show();
