const root = element.querySelector(".score-grid");

function make(tag, className, attributes, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  Object.entries(attributes || {}).forEach(([name, value]) => node.setAttribute(name, value));
  node.append(...children);
  return node;
}

const SVG = "http://www.w3.org/2000/svg";
function draw(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
  return node;
}

const KEEP = 1;
const DROP = 2;
const HAND = 3;
const FILTERED = 4;
const BINS = 72;
const STRIP = 12;
const SAMPLE = 48;
const REMEMBERED = 3000;
const PAGE = props.page || 96;
const FOLLOW = 150;

// What is on the page

const empty = make("p", "empty-note", {});
const clipName = "cut-" + Math.random().toString(36).slice(2);
const chart = draw("svg", { class: "chart", viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true" });
const clip = draw("clipPath", { id: clipName });
const clipRect = draw("rect", { x: 0, y: 0, width: 1000, height: 100 });
const below = draw("path", { class: "out" });
const above = draw("path", { class: "in", "clip-path": "url(#" + clipName + ")" });
const precisionBand = draw("path", { class: "band" });
const precisionLine = draw("path", { class: "precision" });
const recallLine = draw("path", { class: "recall" });
clip.append(clipRect);
chart.append(clip, below, above, precisionBand, recallLine, precisionLine);
const mark = make("div", "mark", { "aria-hidden": "true" });
const line = make("div", "cut", { "aria-hidden": "true" });
const range = make("input", "range", { type: "range", "aria-label": "Threshold", "aria-describedby": clipName + "-help" });
const plot = make("div", "plot", {}, chart, mark, line, range);
const lowLabel = make("span", "", {});
const middleLabel = make("span", "", {});
const highLabel = make("span", "", {});
const axis = make("div", "axis", { "aria-hidden": "true" }, lowLabel, middleLabel, highLabel);
const number = make("input", "number", { type: "number", inputmode: "decimal", step: "0.001" });
const percent = make("input", "number", { type: "number", inputmode: "decimal", min: "0", max: "100", step: "0.1" });
const counts = make("p", "counts", { "data-testid": "score-counts" });
const head = make(
  "div",
  "head",
  {},
  counts,
  make(
    "div",
    "fields",
    {},
    make("label", "field", {}, make("span", "", {}, "Threshold"), number),
    make("label", "field", {}, make("span", "", {}, "Best"), percent, make("span", "", {}, "%")),
  ),
);
const model = make("span", "", { "data-testid": "score-model", id: clipName + "-help" });
const suggested = make("button", "small", { type: "button", "data-testid": "score-suggestion" });
const reason = make("span", "", { "data-testid": "score-reason" });
const suggestion = make("span", "suggestion", {}, suggested, reason);
reason.after(" ");
const guess = make("p", "model estimate", { "data-testid": "score-estimate" });
const warning = make("p", "warning", { role: "alert" });
const spoken = make("p", "spoken", { role: "status", "aria-live": "polite", "data-testid": "score-spoken" });
const measured = make("div", "measured", {}, head, plot, axis, guess, make("p", "model", {}, suggestion, model));
const stripNode = make("div", "strip", { "data-testid": "score-strip" });
const stripSection = make("section", "around", { "aria-label": "Around the cut" }, make("div", "strip-legend", { "aria-hidden": "true" }, make("span", "", {}, "just below: dropped"), make("span", "", {}, "just above: kept")), stripNode);

const VIEWS = [
  ["kept", "Kept"],
  ["dropped", "Dropped"],
  ["queue", "Borderline"],
  ["duplicates", "Duplicates"],
  ["disagree", "Two rules disagree"],
  ["random-kept", "Random kept"],
  ["random-dropped", "Random dropped"],
];
const choices = {};
const chooser = make("div", "views", { role: "radiogroup", "aria-label": "Which pictures" });
VIEWS.forEach(([name, title]) => {
  const input = make("input", "", { type: "radio", name: clipName + "-view", value: name });
  const count = make("span", "count", {});
  choices[name] = { input, count, title };
  chooser.append(make("label", "view", {}, input, make("span", "", {}, title), count));
  input.addEventListener("change", () => show(name));
});

function button(label, title, act, className) {
  const node = make("button", className || "small", { type: "button", title: title });
  node.textContent = label;
  node.addEventListener("click", act);
  return node;
}

const reshuffle = button("Reshuffle", "Draw other pictures at random", () => {
  seed += 1;
  anew();
  say("Drawn anew.");
});
const another = button("Next forty", "Draw another queue around the cut", () => {
  seed += 1;
  delete fetched.queue;
  show("queue");
});
const saveSheet = button("Save as sheet", "Save the pictures shown as one PNG", () => {
  const shown = grid.positions.slice(0, 400);
  if (shown.length) trigger("sheet", { key: view.key, positions: shown, kept: shown.map((place) => isKept(place)), title: choices[mode].title });
});
const undoButton = button("Undo", "Take back what this window did last (U)", () => turn(true));
const redoButton = button("Redo", "Do again what was taken back (R)", () => turn(false));
const tools = make("div", "tools", {}, reshuffle, another, saveSheet, undoButton, redoButton);
const note = make("p", "note", { "data-testid": "score-note" });
const gridNode = make("div", "cells", { "data-testid": "score-cells" });
const previous = button("Previous", "The pictures before", () => turnPage(-1));
const next = button("Next", "The pictures after", () => turnPage(1));
const where = make("span", "", { "data-testid": "score-page" });
const pager = make("div", "pager", {}, previous, where, next);
const keys = make("p", "keys", {}, "Arrow keys move · K keep · D drop · C clear · U undo · R redo · Page Up and Page Down turn the page");
const panel = make("aside", "panel", { "aria-label": "The picture in focus", "data-testid": "score-panel" });
const browse = make("div", "browse", {}, make("div", "list", {}, note, gridNode, pager, keys), panel);
const work = make("div", "work", {}, measured, warning, spoken, stripSection, make("div", "bar", {}, chooser, tools), browse);
root.append(empty, work);

// What is known

let view = null;
let scores = new Float32Array(0);
let states = new Uint8Array(0);
let scored = 0;
let keptIfAbove = new Uint32Array(1);
let droppedIfBelow = new Uint32Array(1);
let restKept = [];
let restDropped = [];
let cut = 0;
let border = 0;
let low = 0;
let high = 1;
let event = 0;
let mode = "kept";
let offset = 0;
let seed = 1;
let curve = null;
let fetched = {};
let loading = 0;
let loaded = "";
let pendingCut = null;
let dragging = false;
let frame = 0;
let selected = -1;
let judged = new Set();
let lost = "";

function windowName() {
  try {
    let known = sessionStorage.getItem("atelier-window");
    if (!/^[0-9a-f]{8}$/.test(known || "")) {
      known = Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => byte.toString(16).padStart(2, "0")).join("");
      sessionStorage.setItem("atelier-window", known);
    }
    return known;
  } catch (error) {
    return "00000000";
  }
}

function remembered(name, value) {
  try {
    if (value === undefined) return sessionStorage.getItem(name) || "";
    sessionStorage.setItem(name, value);
  } catch (error) {
    return "";
  }
  return value;
}

const self = windowName();

function show3(value) {
  return value.toFixed(3).replace("-", "−");
}

function many(value) {
  return value.toLocaleString("en");
}

function say(text) {
  spoken.textContent = text;
}

function complain(text) {
  warning.textContent = text;
}

async function ask(name, question) {
  const asked = view && view.key;
  let answer;
  try {
    answer = await server[name](Object.assign({ key: asked, window: self }, question || {}));
  } catch (error) {
    answer = { error: "The studio does not answer: see whether it still runs." };
  }
  if ((view && view.key) !== asked) return null;
  if (answer && answer.error) {
    if (answer.gone) {
      lost = answer.error;
      arrive();
    }
    complain(answer.error);
    return null;
  }
  return answer;
}

function unpack(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place += 1) bytes[place] = binary.charCodeAt(place);
  return bytes;
}

// Counting

function firstNotBelow(value) {
  const wanted = Math.fround(value);
  let left = 0;
  let right = scored;
  while (left < right) {
    const middle = (left + right) >> 1;
    if (scores[middle] < wanted) left = middle + 1;
    else right = middle;
  }
  return left;
}

function sum() {
  keptIfAbove = new Uint32Array(scored + 1);
  droppedIfBelow = new Uint32Array(scored + 1);
  let kept = 0;
  let dropped = 0;
  for (let place = 0; place < scored; place += 1) {
    const state = states[place];
    if (state === 0) {
      kept += 1;
      dropped += 1;
    } else if ((state & HAND) === KEEP) kept += 1;
    else dropped += 1;
    keptIfAbove[place + 1] = kept;
    droppedIfBelow[place + 1] = dropped;
  }
  restKept = [];
  restDropped = [];
  for (let place = scored; place < states.length; place += 1) {
    if ((states[place] & HAND) === KEEP || states[place] === 0) restKept.push(place);
    else restDropped.push(place);
  }
}

function isKept(place) {
  const hand = states[place] & HAND;
  if (hand) return hand === KEEP;
  if (states[place] & FILTERED) return false;
  return place >= scored || place >= border;
}

// The place of the k-th (from 0) counted one, where counts(i) says how many of the first i count.
function select(counted, k) {
  let left = 0;
  let right = scored;
  while (left < right) {
    const middle = (left + right) >> 1;
    if (counted(middle + 1) > k) right = middle;
    else left = middle + 1;
  }
  return left;
}

const above1 = (i) => keptIfAbove[i];
const above0 = (i) => i - keptIfAbove[i];
const below1 = (i) => droppedIfBelow[i];
const below0 = (i) => i - droppedIfBelow[i];

function segments(side) {
  const at = border;
  if (side === "kept") {
    return [
      { count: keptIfAbove[scored] - keptIfAbove[at], at: (k) => select(above1, keptIfAbove[at] + k) },
      { count: below0(at), at: (k) => select(below0, below0(at) - 1 - k) },
      { count: restKept.length, at: (k) => restKept[k] },
    ];
  }
  return [
    { count: droppedIfBelow[at], at: (k) => select(below1, droppedIfBelow[at] - 1 - k) },
    { count: above0(scored) - above0(at), at: (k) => select(above0, above0(at) + k) },
    { count: restDropped.length, at: (k) => restDropped[k] },
  ];
}

function total(side) {
  return segments(side).reduce((all, part) => all + part.count, 0);
}

function some(side, from, most) {
  const found = [];
  let skip = from;
  segments(side).forEach((part) => {
    for (let k = Math.min(skip, part.count); k < part.count && found.length < most; k += 1) found.push(part.at(k));
    skip = Math.max(0, skip - part.count);
  });
  return found;
}

function uniform(turn) {
  let state = (turn * 2654435761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function sample(side) {
  const count = total(side);
  if (count <= SAMPLE) return some(side, 0, SAMPLE);
  const random = uniform(seed);
  const chosen = new Set();
  while (chosen.size < SAMPLE) chosen.add(Math.floor(random() * count));
  return Array.from(chosen, (k) => some(side, k, 1)[0]);
}

// Thumbnails

const known = new Map();
let asking = false;
let asked = 0;
let wanted = [];

function remember(place, entry) {
  known.set(place, entry);
  if (known.size <= REMEMBERED) return;
  for (const [old, gone] of known) {
    if (known.size <= REMEMBERED - 400) break;
    if (lists.some((one) => one.pool.has(old) && one.pool.get(old).isConnected)) continue;
    URL.revokeObjectURL(gone.url);
    known.delete(old);
    lists.forEach((one) => one.pool.delete(old));
  }
}

function forgetTiles() {
  known.forEach((entry) => URL.revokeObjectURL(entry.url));
  known.clear();
  lists.forEach((one) => one.pool.clear());
}

async function fetchTiles() {
  if (asking) return;
  const missing = Array.from(new Set(wanted)).filter((place) => !known.has(place)).slice(0, 128);
  if (!missing.length) return;
  if (dragging && performance.now() - asked < 80) {
    setTimeout(fetchTiles, 80);
    return;
  }
  asking = true;
  asked = performance.now();
  const mine = view.key;
  const answer = await ask("tiles", { positions: missing });
  asking = false;
  if (!view || view.key !== mine) return fetchTiles();
  if (!answer) return;
  const pixels = unpack(answer.pixels);
  let start = 0;
  answer.positions.forEach((place, index) => {
    const end = start + answer.lengths[index];
    const url = end > start ? URL.createObjectURL(new Blob([pixels.subarray(start, end)], { type: "image/jpeg" })) : "";
    remember(place, { url, name: answer.names[index] });
    start = end;
  });
  answer.positions.forEach(dressAll);
  root.dataset.tiles = String(Number(root.dataset.tiles || 0) + 1);
  fetchTiles();
}

// Cells

const lists = [];

function dressAll(place) {
  lists.forEach((one) => one.pool.has(place) && dress(one.pool.get(place)));
}

function cellOf(self, place) {
  let node = self.pool.get(place);
  if (!node) {
    const picture = make("img", "thumb", { alt: "", draggable: "false" });
    const caption = make("span", "score", {});
    const badge = make("span", "badge", {});
    node = make("div", "cell", { role: "option", tabindex: "-1" }, picture, badge, caption);
    node.place = place;
    self.pool.set(place, node);
  }
  return node;
}

function label(place) {
  const name = known.has(place) ? known.get(place).name : "picture " + (place + 1);
  const score = place < scored ? ", score " + scores[place].toFixed(3) : "";
  const hand = states[place] & HAND;
  const hidden = mode === "queue" && grid.positions.includes(place);
  if (hidden) return name + (judged.has(place) ? (hand === KEEP ? ", judged right" : ", judged wrong") : ", not judged");
  const by = hand ? " by hand" : states[place] & FILTERED ? " by a filter" : "";
  return name + score + ", " + (isKept(place) ? "kept" : "dropped") + by;
}

function dress(node) {
  const place = node.place;
  const [picture, badge, caption] = node.children;
  const entry = known.get(place);
  const url = entry ? entry.url : "";
  if (picture.dataset.url !== url) {
    picture.dataset.url = url;
    if (url) picture.src = url;
    else picture.removeAttribute("src");
    node.classList.toggle("broken", Boolean(entry) && !url);
  }
  const hand = states[place] & HAND;
  const hidden = mode === "queue" && node.parentNode === gridNode;
  const kept = isKept(place);
  const state = hidden ? (judged.has(place) ? (hand === KEEP ? "kept hand" : "dropped hand") : "open") : (kept ? "kept" : "dropped") + (hand ? " hand" : states[place] & FILTERED ? " filtered" : "");
  if (node.dataset.state !== state) {
    node.dataset.state = state;
    badge.textContent = state === "open" ? "" : hand ? (hand === KEEP ? "✓" : "✕") : kept ? "✓" : "✕";
  }
  const about = notes.get(place);
  const text = hidden ? "" : about || (place < scored ? show3(scores[place]) : entry ? entry.name : "");
  if (caption.textContent !== text) caption.textContent = text;
  const spokenLabel = label(place) + (about ? ", " + about : "");
  if (node.getAttribute("aria-label") !== spokenLabel) {
    node.setAttribute("aria-label", spokenLabel);
    node.title = spokenLabel;
  }
  const chosen = String(place === selected);
  if (node.getAttribute("aria-selected") !== chosen) node.setAttribute("aria-selected", chosen);
}

let notes = new Map();

function list(node, title) {
  node.setAttribute("role", "listbox");
  node.setAttribute("aria-label", title);
  const self = { node, positions: [], current: 0, pool: new Map() };
  lists.push(self);
  self.fill = (positions) => {
    const focused = node.contains(document.activeElement);
    self.positions = positions;
    self.current = Math.max(0, Math.min(self.current, positions.length - 1));
    const nodes = positions.map((place) => cellOf(self, place));
    const same = nodes.length === node.children.length && nodes.every((one, index) => node.children[index] === one);
    if (!same) node.replaceChildren(...nodes);
    nodes.forEach(dress);
    rove(self);
    if (focused && nodes.length && !node.contains(document.activeElement)) nodes[self.current].focus({ preventScroll: true });
  };
  node.addEventListener("focusin", (focused) => {
    const cell = focused.target.closest("[role=option]");
    if (!cell) return;
    self.current = self.positions.indexOf(cell.place);
    rove(self);
    choose(cell.place);
  });
  node.addEventListener("click", (clicked) => {
    const cell = clicked.target.closest("[role=option]");
    if (!cell) return;
    cell.focus();
    panel.classList.add("open");
    if (clicked.target.closest(".badge")) decide([cell.place], isKept(cell.place) ? "drop" : "keep", self);
  });
  node.addEventListener("keydown", (pressed) => keydown(pressed, self));
  return self;
}

function rove(self) {
  self.positions.forEach((place, index) => {
    const tab = index === self.current ? 0 : -1;
    const node = self.pool.get(place);
    if (node && node.tabIndex !== tab) node.tabIndex = tab;
  });
}

function focusOn(self, index) {
  if (!self.positions.length) return;
  self.current = Math.max(0, Math.min(self.positions.length - 1, index));
  rove(self);
  const node = self.pool.get(self.positions[self.current]);
  node.focus({ preventScroll: true });
  node.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function perRow(self) {
  const nodes = Array.from(self.node.children);
  const lower = nodes.findIndex((node) => node.offsetTop > nodes[0].offsetTop + 4);
  return lower < 0 ? nodes.length : lower;
}

function keydown(pressed, self) {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return;
  const key = pressed.key;
  const place = self.positions[self.current];
  if (key === "ArrowRight") focusOn(self, self.current + 1);
  else if (key === "ArrowLeft") focusOn(self, self.current - 1);
  else if (key === "ArrowDown") focusOn(self, self.current + perRow(self));
  else if (key === "ArrowUp") focusOn(self, self.current - perRow(self));
  else if (key === "Home") focusOn(self, 0);
  else if (key === "End") focusOn(self, self.positions.length - 1);
  else if (key === "PageDown" && self === grid) turnPage(1);
  else if (key === "PageUp" && self === grid) turnPage(-1);
  else if (key === "k" || key === "K") decide([place], "keep", self);
  else if (key === "d" || key === "D") decide([place], "drop", self);
  else if (key === "c" || key === "C") decide([place], "clear", self);
  else if (key === " ") decide([place], isKept(place) ? "drop" : "keep", self);
  else if (key === "u" || key === "U") turn(true);
  else if (key === "r" || key === "R") turn(false);
  else if (key === "Enter") panel.classList.add("open");
  else if (key === "Escape") panel.classList.remove("open");
  else return;
  pressed.preventDefault();
}

const strip = list(stripNode, "Twelve pictures on each side of the cut");
const grid = list(gridNode, "Pictures");

// Deciding

async function decide(places, decision, self) {
  if (!view || places.some((place) => place === undefined)) return;
  complain("");
  const value = decision === "keep" ? KEEP : decision === "drop" ? DROP : 0;
  const queued = mode === "queue" && self === grid;
  const first = places[0];
  places.forEach((place) => {
    states[place] = (states[place] & FILTERED) | value;
    if (!queued) return;
    if (value) judged.add(place);
    else judged.delete(place);
  });
  sum();
  refresh();
  const named = label(first);
  if (queued && value) {
    const open = grid.positions.findIndex((place, index) => index > grid.current && !judged.has(place));
    const start = open < 0 ? grid.positions.findIndex((place) => !judged.has(place)) : open;
    if (start >= 0) focusOn(grid, start);
    say(named + ". " + judgedText());
  } else say(named + ". " + counts.textContent);
  showPanel();
  const answer = await ask("decide", { positions: places, decision, queued });
  if (!answer) return reload();
  event = answer.event;
  root.dataset.event = String(event);
  told();
  if (queued) estimate();
}

let telling = 0;
function told() {
  clearTimeout(telling);
  telling = setTimeout(() => view && trigger("decided", { key: view.key }), 500);
}

async function turn(back) {
  if (!view) return;
  complain("");
  const answer = await ask("turn", { back });
  if (!answer) return;
  takeStates(answer);
  say(answer.what + ".");
  note.textContent = answer.what + ".";
  trigger("refresh", { key: view.key });
  estimate();
  showPanel(true);
}

async function reload() {
  const answer = await ask("states");
  if (answer) takeStates(answer);
}

function takeStates(answer) {
  states = unpack(answer.states);
  event = answer.event;
  root.dataset.event = String(event);
  judged = new Set((fetched.queue || []).filter((place) => states[place] & HAND));
  sum();
  refresh();
}

// Looking around

function judgedText() {
  const all = (fetched.queue || []).length;
  return judged.size + " of " + all + " judged";
}

async function show(name) {
  mode = name;
  offset = 0;
  grid.current = 0;
  choices[name].input.checked = true;
  root.dataset.view = name;
  const mine = view.key;
  notes = new Map();
  if (name === "queue" && !fetched.queue) {
    const answer = await ask("queue", { cut, seed });
    if (!answer || mode !== name || view.key !== mine) return anew();
    fetched.queue = answer.positions;
    judged = new Set();
    estimate();
  }
  if (name === "duplicates") {
    const answer = await ask("groups");
    if (!answer || mode !== name || view.key !== mine) return anew();
    fetched.duplicates = answer;
    answer.groups.forEach((group) => group.positions.forEach((place, index) => notes.set(place, group.notes[index])));
  }
  if (name === "disagree") {
    const answer = view.compare ? await ask("disagreement", { name: view.compare }) : { positions: [], notes: [] };
    if (!answer || mode !== name || view.key !== mine) return anew();
    fetched.disagree = answer;
    answer.positions.forEach((place, index) => notes.set(place, answer.notes[index]));
  }
  anew();
}

function content() {
  if (mode === "kept" || mode === "dropped") return { count: total(mode), some: (from, most) => some(mode, from, most) };
  let positions = [];
  if (mode === "queue") positions = fetched.queue || [];
  else if (mode === "duplicates") positions = fetched.duplicates ? fetched.duplicates.groups.flatMap((group) => group.positions) : [];
  else if (mode === "disagree") positions = fetched.disagree ? fetched.disagree.positions : [];
  else positions = sample(mode === "random-kept" ? "kept" : "dropped");
  return { count: positions.length, some: (from, most) => positions.slice(from, from + most) };
}

function describe(count) {
  if (mode === "queue") {
    if (!fetched.queue) return "";
    return "Is it what you look for? K for yes, D for no. " + judgedText() + "; scores stay hidden so that they do not sway you.";
  }
  if (mode === "duplicates") {
    if (!count) return "No copies are filtered: look for them under “Filters”.";
    return many(fetched.duplicates.all) + " groups with " + many(fetched.duplicates.copies) + " copies; the first of each stays.";
  }
  if (mode === "disagree") {
    if (!view.compare) return "Choose a saved rule under Rules, “Compare with”, to see what it decides otherwise.";
    return count ? "“" + view.compare + "” decides otherwise about " + many(count) + " pictures, the greatest disagreement first." : "“" + view.compare + "” decides the same about every picture.";
  }
  if (mode === "kept" || mode === "dropped") return count ? (scored ? "Nearest the cut first." : "In order of arrival; not scored yet: say at the side what they should show, and press Score.") : "No picture.";
  return count + " drawn at random, as they would be " + (mode === "random-kept" ? "kept" : "dropped") + ".";
}

function turnPage(step) {
  const count = content().count;
  const moved = Math.max(0, Math.min(Math.floor(Math.max(0, count - 1) / PAGE) * PAGE, offset + step * PAGE));
  if (moved === offset) return;
  offset = moved;
  grid.current = 0;
  const focused = gridNode.contains(document.activeElement);
  anew();
  if (focused) focusOn(grid, 0);
  gridNode.scrollIntoView({ block: "nearest" });
  say("Pictures " + where.textContent);
}

function anew() {
  if (!view) return;
  const shown = content();
  if (offset >= shown.count) offset = Math.max(0, Math.floor(Math.max(0, shown.count - 1) / PAGE) * PAGE);
  grid.fill(shown.some(offset, PAGE));
  const text = describe(shown.count);
  if (note.textContent !== text) note.textContent = text;
  where.textContent = shown.count ? many(offset + 1) + " to " + many(Math.min(shown.count, offset + PAGE)) + " of " + many(shown.count) : "";
  previous.disabled = offset === 0;
  next.disabled = offset + PAGE >= shown.count;
  pager.hidden = shown.count <= PAGE;
  reshuffle.hidden = !mode.startsWith("random");
  another.hidden = mode !== "queue";
  saveSheet.disabled = !shown.count;
  root.dataset.shown = String(grid.positions.length);
  wanted = [...strip.positions, ...grid.positions];
  fetchTiles();
}

function refresh() {
  frame = 0;
  if (!view) return;
  border = firstNotBelow(cut);
  const kept = total("kept");
  const all = states.length;
  const share = all ? (kept / all) * 100 : 0;
  counts.textContent = many(kept) + " of " + many(all) + " kept (" + share.toFixed(share < 10 || share > 90 ? 1 : 0) + " %)";
  root.dataset.kept = String(kept);
  root.dataset.dropped = String(all - kept);
  root.dataset.threshold = String(cut);
  choices.kept.count.textContent = many(kept);
  choices.dropped.count.textContent = many(all - kept);
  if (scored) {
    const part = Math.max(0, Math.min(1, (cut - low) / (high - low)));
    line.style.left = "calc(10px + (100% - 20px) * " + part + ")";
    clipRect.setAttribute("x", String(part * 1000));
    range.setAttribute("aria-valuetext", cut.toFixed(3) + ", " + counts.textContent);
    if (document.activeElement !== percent) percent.value = (((scored - border) / scored) * 100).toFixed(1);
    if (document.activeElement !== number) number.value = cut.toFixed(3);
    tellEstimate();
    const lower = Array.from({ length: Math.min(STRIP, border) }, (unused, index) => border - Math.min(STRIP, border) + index);
    const upper = Array.from({ length: Math.min(STRIP, scored - border) }, (unused, index) => border + index);
    strip.fill([...lower, ...upper]);
    if (dragging) {
      wanted = strip.positions;
      fetchTiles();
    }
    stripNode.style.setProperty("--lower", String(lower.length));
    stripNode.querySelectorAll(".first-kept").forEach((node) => node.classList.remove("first-kept"));
    if (upper.length) strip.pool.get(border).classList.add("first-kept");
  }
  if (dragging) follow();
  else anew();
}

// While the threshold is dragged the grid follows a few times a second; counts and strip follow every frame.
let following = 0;
function follow() {
  if (following) return;
  following = setTimeout(() => {
    following = 0;
    anew();
  }, FOLLOW);
}

function soon() {
  if (!frame) frame = requestAnimationFrame(refresh);
}

// The threshold

function moveTo(value, exact) {
  cut = Math.round(value * 1e6) / 1e6;
  if (cut < low || cut > high) {
    low = Math.min(low, cut);
    high = Math.max(high, cut);
    reach();
  }
  if (!exact) range.value = String(cut);
}

let committing = 0;
function commit(wait) {
  clearTimeout(committing);
  pendingCut = cut;
  const mine = view && view.key;
  committing = setTimeout(() => {
    if (!view || view.key !== mine) return;
    delete fetched.queue;
    say(counts.textContent);
    trigger("commit", { key: view.key, cut: cut, window: self });
  }, wait);
}

range.addEventListener("input", () => {
  complain("");
  dragging = true;
  moveTo(Number(range.value), true);
  if (mode === "kept" || mode === "dropped") offset = 0;
  soon();
});

range.addEventListener("change", () => {
  dragging = false;
  if (mode === "queue") show("kept");
  soon();
  commit(160);
});

function readField(field, lowest, highest, sentence) {
  const value = field.value.trim() === "" ? NaN : Number(field.value);
  const fine = Number.isFinite(value) && value >= lowest && value <= highest;
  complain(fine ? "" : sentence);
  if (fine) field.removeAttribute("aria-invalid");
  else field.setAttribute("aria-invalid", "true");
  return fine ? value : NaN;
}

number.addEventListener("change", () => {
  if (!view) return;
  const [lowest, highest] = view.reach;
  const ends = String(lowest).replace("-", "−") + " to " + highest;
  const value = readField(number, lowest, highest, "The threshold is a number from " + ends + ": write one such as 0.2.");
  if (Number.isNaN(value)) return;
  moveTo(value);
  refresh();
  commit(0);
});

percent.addEventListener("change", () => {
  if (!view || !scored) return;
  const value = readField(percent, 0, 100, "The best part is 0 to 100 %: write one such as 30.");
  if (Number.isNaN(value)) return;
  const kept = Math.floor((value / 100) * scored + 1e-9);
  moveTo(kept ? scores[scored - kept] : scores[scored - 1] + 0.001);
  refresh();
  commit(0);
});

suggested.addEventListener("click", () => {
  moveTo(view.suggestion.cut);
  refresh();
  commit(0);
});

function reach() {
  range.min = String(low);
  range.max = String(high);
  range.step = "0.001";
  lowLabel.textContent = show3(low);
  highLabel.textContent = show3(high);
  if (!scored) return;
  const tall = [];
  for (let bin = 0; bin < BINS; bin += 1) {
    const left = low + ((high - low) * bin) / BINS;
    const right = low + ((high - low) * (bin + 1)) / BINS;
    tall.push((bin === BINS - 1 ? scored : firstNotBelow(right)) - (bin === 0 ? 0 : firstNotBelow(left)));
  }
  const most = Math.max(1, ...tall);
  const wide = 1000 / BINS;
  const bars = tall
    .map((count, bin) => (count ? "M" + (bin * wide + 1) + " 100v-" + Math.max(1.5, (count / most) * 96) + "h" + (wide - 2) + "V100z" : ""))
    .join("");
  below.setAttribute("d", bars);
  above.setAttribute("d", bars);
  const hint = view && view.suggestion && view.suggestion.cut;
  mark.hidden = hint === null || hint === undefined;
  if (!mark.hidden) mark.style.left = "calc(10px + (100% - 20px) * " + (hint - low) / (high - low) + ")";
  drawCurve();
}

// What the answers to the queue tell

let estimating = 0;
function estimate() {
  clearTimeout(estimating);
  estimating = setTimeout(async () => {
    const answer = await ask("estimate", { cut });
    if (!answer) return;
    curve = answer.curve;
    root.dataset.answers = String(answer.answers);
    guess.dataset.reason = answer.answers ? answer.reason || "" : "";
    drawCurve();
    tellEstimate();
  }, 250);
}

function drawCurve() {
  const shapes = [precisionBand, precisionLine, recallLine];
  if (!curve) {
    shapes.forEach((shape) => shape.removeAttribute("d"));
    return;
  }
  const x = (value) => (((value - low) / (high - low)) * 1000).toFixed(1);
  const y = (value) => (100 - value * 96).toFixed(1);
  const inside = curve.cuts.map((value, index) => index).filter((index) => curve.cuts[index] >= low && curve.cuts[index] <= high);
  const path = (values, indices) => indices.map((index) => x(curve.cuts[index]) + " " + y(values[index])).join("L");
  precisionLine.setAttribute("d", "M" + path(curve.precision, inside));
  recallLine.setAttribute("d", "M" + path(curve.recall, inside));
  precisionBand.setAttribute("d", "M" + path(curve.precision_upper, inside) + "L" + path(curve.precision_lower, inside.slice().reverse()) + "z");
}

function tellEstimate() {
  if (!curve) {
    guess.textContent = guess.dataset.reason || "";
    return;
  }
  let place = curve.cuts.findIndex((value) => value >= cut - 1e-9);
  if (place < 0) place = curve.cuts.length - 1;
  const share = (name) => Math.round(curve[name][place] * 100);
  guess.textContent =
    "From " + curve.answers + " answers: of the kept, about " + share("precision") + " % are right (" + share("precision_lower") + " to " + share("precision_upper") +
    " %, solid line); of the right ones, about " + share("recall") + " % are kept (" + share("recall_lower") + " to " + share("recall_upper") + " %, dashed).";
}

// The picture in focus

let choosing = 0;
function choose(place) {
  const before = selected;
  selected = place;
  [before, place].forEach(dressAll);
  if (before !== place) showPanel();
}

function showPanel(now) {
  clearTimeout(choosing);
  choosing = setTimeout(fillPanel, now ? 0 : 140);
}

function figure(source, caption) {
  const picture = make("img", "", { alt: caption + " of the picture" });
  picture.src = "data:image/jpeg;base64," + source;
  return make("figure", "", {}, picture, make("figcaption", "", {}, caption));
}

async function fillPanel() {
  if (selected < 0 || !view) {
    panel.replaceChildren(make("p", "hint", {}, "Choose a picture to see where it is from, what is scored of it, and why it is kept or dropped."));
    return;
  }
  const place = selected;
  const answer = await ask("details", { position: place });
  if (!answer || place !== selected) return;
  const name = make("h3", "name", {});
  name.textContent = answer.name;
  const close = button("Close", "Close the panel", () => {
    panel.classList.remove("open");
    const cell = lists.map((one) => one.pool.get(place)).find((one) => one && one.isConnected);
    if (cell) cell.focus();
  }, "small close");
  const hidden = mode === "queue" && grid.positions.includes(place);
  const verdict = make("p", "verdict", {});
  verdict.textContent = hidden ? "" : (isKept(place) ? "Kept" : "Dropped") + (answer.score === null ? "" : ", score " + show3(answer.score));
  const reasons = make("ul", "why", {}, ...answer.why.map((text) => {
    const item = make("li", "", {});
    item.textContent = text;
    return item;
  }));
  const act = make(
    "div",
    "acts",
    {},
    button("Keep", "Keep this picture (K)", () => decide([place], "keep", grid)),
    button("Drop", "Drop this picture (D)", () => decide([place], "drop", grid)),
    button("Clear", "Leave it to filters and rule (C)", () => decide([place], "clear", grid)),
  );
  const shots = make("div", "shots", {});
  if (answer.broken) {
    const broken = make("p", "hint", {});
    broken.textContent = answer.broken;
    shots.append(broken);
  } else {
    shots.append(figure(answer.before, answer.after ? "Before" : "Whole"));
    if (answer.after) shots.append(figure(answer.after, "In the frame"));
  }
  const facts = make("dl", "facts", {});
  answer.facts.concat(answer.frame ? [["Frame", answer.frame]] : []).forEach(([title, text]) => {
    const term = make("dt", "", {});
    const value = make("dd", "", { dir: "auto" });
    term.textContent = title;
    value.textContent = text;
    facts.append(term, value);
  });
  const parts = [close, name, act, verdict, reasons, shots];
  parts.push(facts);
  panel.replaceChildren(...parts);
  panel.dataset.position = String(place);
  if (hidden || place >= scored) return;
  const told = await ask("prompts", { position: place });
  if (!told || place !== selected || !told.prompts.length || !facts.isConnected) return;
  const rows = told.prompts.map((one) => {
    const words = make("th", "", { scope: "row" });
    const value = make("td", "", {});
    words.textContent = one.kind + " " + one.prompt;
    value.textContent = show3(one.score);
    return make("tr", "", {}, words, value);
  });
  facts.before(make("table", "prompts", {}, make("caption", "", {}, "Cosine with each prompt"), make("tbody", "", {}, ...rows)));
}

// What comes from Python

function arrive() {
  trigger("arrive", { window: self, collection: remembered("atelier-collection") });
}

async function apply(value) {
  const turn = ++loading;
  const fresh = loaded !== value.key;
  const compared = view && view.compare !== value.compare;
  view = value;
  remembered("atelier-collection", value.collection);
  if (fresh) {
    loaded = "";
    root.dataset.key = "";
    curve = null;
    fetched = {};
    judged = new Set();
    selected = -1;
    forgetTiles();
    strip.fill([]);
    grid.fill([]);
    panel.classList.remove("open");
    const answer = await ask("arrays");
    if (!answer || turn !== loading) return;
    const bytes = unpack(answer.scores);
    scores = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    scored = scores.length;
    states = unpack(answer.states);
    event = answer.event;
    loaded = value.key;
    sum();
    low = Math.floor(Math.min(scored ? scores[0] : 0, value.cut) * 200 - 0.5) / 200;
    high = Math.ceil(Math.max(scored ? scores[scored - 1] : 1, value.cut) * 200 + 0.5) / 200;
    offset = 0;
    pendingCut = null;
    if (mode !== "kept" && mode !== "dropped") mode = "kept";
  } else if (value.event !== event) {
    const answer = await ask("states");
    if (!answer || turn !== loading) return;
    takeStates(answer);
    delete fetched.duplicates;
  }
  const waiting = dragging || (pendingCut !== null && pendingCut !== value.cut);
  if (!waiting) {
    pendingCut = null;
    moveTo(value.cut);
  }
  number.min = String(value.reach[0]);
  number.max = String(value.reach[1]);
  work.classList.toggle("unscored", !scored);
  middleLabel.textContent = value.axis;
  model.textContent = value.about;
  suggested.hidden = value.suggestion.cut === null;
  suggested.textContent = value.suggestion.cut === null ? "" : "Suggested cut " + show3(value.suggestion.cut);
  reason.textContent = value.suggestion.reason;
  suggestion.hidden = !scored;
  reach();
  range.value = String(cut);
  choices[mode].input.checked = true;
  root.dataset.view = mode;
  root.dataset.event = String(event);
  root.dataset.collection = value.collection;
  refresh();
  root.dataset.key = value.key;
  if (fresh) {
    warning.textContent = "";
    say(counts.textContent);
    fillPanel();
    if (value.answers) estimate();
  }
  if (compared && mode === "disagree") show("disagree");
  else if (!fresh && mode === "duplicates") show("duplicates");
}

function showValue() {
  const value = Array.isArray(props.value) ? props.value[0] : props.value;
  root.classList.toggle("is-empty", !value);
  empty.textContent = value ? "" : (lost + " " + (props.empty || "")).trim();
  lost = "";
  if (value) {
    apply(value);
    return;
  }
  view = null;
  loaded = "";
  delete root.dataset.key;
}

async function lookForOthers() {
  if (!view || document.hidden || dragging || !element.isConnected) return;
  const answer = await ask("fresh", { event });
  if (!answer || answer.event === event || pendingCut !== null) return;
  if (answer.actor !== "window " + self) {
    say(answer.actor + ": " + answer.what + ".");
    complain("");
    note.textContent = answer.actor + ": " + answer.what + ".";
  }
  trigger("refresh", { key: view.key });
}

window.addEventListener("focus", lookForOthers);
setInterval(lookForOthers, 4000);

watch("value", showValue);
showValue();
arrive();
