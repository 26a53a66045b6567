const root = element.querySelector(".mask-editor");
const UNDO = 20;

function part(tag, className, parent, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function button(text, parent, act) {
  const node = part("button", "mask-button", parent, text);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
}

const empty = part("p", "mask-empty", root);
const bench = part("div", "mask-bench", root);
const frame = part("div", "mask-frame", bench);
const picture = part("img", "mask-picture", frame);
const canvas = part("canvas", "mask-canvas", frame);
const ring = part("span", "mask-ring", frame);
const tools = part("div", "mask-tools", bench);
const paint = button("Paint", tools, () => choose(false));
const erase = button("Erase", tools, () => choose(true));
const sizing = part("label", "mask-size", tools, "Brush");
const size = part("input", "mask-range", sizing);
const undo = button("Undo", tools, takeBack);
const invert = button("Invert", tools, turnAround);
const again = button("Find again", tools, findAgain);
const note = part("p", "mask-note", bench);
const said = part("p", "mask-said", bench);

size.type = "range";
size.min = "1";
size.max = "30";
size.value = "6";
tools.setAttribute("role", "group");
tools.setAttribute("aria-label", "Mask tools");
said.setAttribute("role", "status");
ring.setAttribute("aria-hidden", "true");
picture.alt = "";
picture.draggable = false;
canvas.tabIndex = 0;
canvas.setAttribute("role", "application");

const mask = document.createElement("canvas");
const ink = mask.getContext("2d", { willReadFrequently: true });
let erasing = false;
let stroke = null;
let cursor = { x: 0, y: 0 };
let found = null;
let past = [];
let shown = null;

function describe() {
  const share = Math.round(100 * covered());
  canvas.setAttribute(
    "aria-label",
    "Mask over the picture, " + share + " % of it is swapped. Arrow keys move the brush, Space " + (erasing ? "erases" : "paints") +
      ", P paints, E erases, plus and minus change the brush, Control Z takes back."
  );
  said.textContent = share + " % of the picture is swapped";
}

function covered() {
  if (!mask.width) return 0;
  const small = document.createElement("canvas");
  small.width = small.height = 64;
  const context = small.getContext("2d");
  context.drawImage(mask, 0, 0, 64, 64);
  const pixels = context.getImageData(0, 0, 64, 64).data;
  let sum = 0;
  for (let at = 3; at < pixels.length; at += 4) sum += pixels[at];
  return sum / 255 / 4096;
}

function show() {
  const view = canvas.getContext("2d");
  const colour = getComputedStyle(root).getPropertyValue("--atelier-accent").trim() || "#c2410c";
  view.globalCompositeOperation = "copy";
  view.drawImage(mask, 0, 0);
  view.globalCompositeOperation = "source-in";
  view.fillStyle = colour;
  view.fillRect(0, 0, canvas.width, canvas.height);
  view.globalCompositeOperation = "source-over";
}

function radius() {
  return Math.max(1, (Number(size.value) / 200) * Math.max(mask.width, mask.height));
}

function moveRing() {
  const scale = frame.clientWidth / (mask.width || 1);
  const across = 2 * radius() * scale;
  ring.style.width = ring.style.height = across + "px";
  ring.style.left = cursor.x * scale - across / 2 + "px";
  ring.style.top = cursor.y * scale - across / 2 + "px";
}

function keep() {
  past.push(ink.getImageData(0, 0, mask.width, mask.height));
  if (past.length > UNDO) past.shift();
  undo.disabled = false;
}

function line(from, to) {
  ink.globalCompositeOperation = erasing ? "destination-out" : "source-over";
  ink.strokeStyle = ink.fillStyle = "#fff";
  ink.lineWidth = 2 * radius();
  ink.lineCap = "round";
  ink.beginPath();
  ink.moveTo(from.x, from.y);
  ink.lineTo(to.x + 0.01, to.y);
  ink.stroke();
  show();
}

function send() {
  describe();
  props.value = Object.assign({}, props.value, { drawn: mask.toDataURL("image/png") });
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  return { x: ((event.clientX - box.left) / box.width) * mask.width, y: ((event.clientY - box.top) / box.height) * mask.height };
}

function choose(wanted) {
  erasing = wanted;
  paint.setAttribute("aria-pressed", String(!erasing));
  erase.setAttribute("aria-pressed", String(erasing));
  describe();
}

function takeBack() {
  const before = past.pop();
  undo.disabled = !past.length;
  if (!before) return;
  ink.putImageData(before, 0, 0);
  show();
  send();
}

function turnAround() {
  keep();
  ink.globalCompositeOperation = "source-out";
  ink.fillStyle = "#fff";
  ink.fillRect(0, 0, mask.width, mask.height);
  show();
  send();
}

function findAgain() {
  if (!found) return;
  keep();
  start();
  const value = Object.assign({}, props.value);
  delete value.drawn;
  props.value = value;
}

function start() {
  ink.globalCompositeOperation = "copy";
  ink.drawImage(found, 0, 0, mask.width, mask.height);
  show();
  describe();
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button > 0) return;
  keep();
  canvas.setPointerCapture(event.pointerId);
  stroke = cursor = place(event);
  line(stroke, stroke);
  moveRing();
});
canvas.addEventListener("pointermove", (event) => {
  cursor = place(event);
  moveRing();
  if (!stroke) return;
  line(stroke, cursor);
  stroke = cursor;
});
for (const name of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(name, () => {
    if (!stroke) return;
    stroke = null;
    send();
  });
}
canvas.addEventListener("keydown", (event) => {
  const step = Math.max(1, radius() / 2);
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") takeBack();
  else if (event.ctrlKey || event.metaKey || event.altKey) return;
  else if (ways[event.key]) {
    cursor = {
      x: Math.min(mask.width, Math.max(0, cursor.x + ways[event.key][0] * step)),
      y: Math.min(mask.height, Math.max(0, cursor.y + ways[event.key][1] * step)),
    };
  } else if (event.key === " ") {
    keep();
    line(cursor, cursor);
    send();
  } else if (event.key === "p" || event.key === "e") choose(event.key === "e");
  else if (event.key === "+" || event.key === "-") size.value = String(Number(size.value) + (event.key === "+" ? 1 : -1));
  else return;
  event.preventDefault();
  moveRing();
});
size.addEventListener("input", moveRing);
new ResizeObserver(moveRing).observe(frame);

function loaded(url) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = url;
  });
}

async function open() {
  const value = props.value;
  const filled = Boolean(value && value.picture);
  bench.hidden = !filled;
  empty.hidden = filled;
  empty.textContent = props.empty || "";
  root.dataset.ready = "";
  found = null;
  if (!filled) {
    shown = null;
    return;
  }
  shown = value.key;
  picture.src = value.picture.url;
  frame.style.aspectRatio = value.width + " / " + value.height;
  frame.style.setProperty("--aspect", value.width / value.height);
  for (const one of [mask, canvas]) {
    one.width = value.width;
    one.height = value.height;
  }
  note.textContent = value.note || "";
  note.hidden = !value.note;
  let image = null;
  try {
    image = await loaded(value.mask.url);
  } catch (error) {
    image = null;
  }
  if (shown !== value.key) return;
  past = [];
  undo.disabled = true;
  if (!image) {
    describe();
    said.textContent = "The mask did not arrive: see whether the studio still runs, and choose the picture again.";
    return;
  }
  found = image;
  cursor = { x: value.width / 2, y: value.height / 2 };
  start();
  choose(false);
  moveRing();
  root.dataset.ready = value.key;
}

watch("value", open);
open();
