const root = element.querySelector(".picture-viewer");

function make(tag, name, parent) {
  const node = document.createElement(tag);
  node.className = name;
  parent.append(node);
  return node;
}

const stage = make("div", "stage", root);
const canvas = make("canvas", "frame", stage);
canvas.setAttribute("role", "img");
const empty = make("p", "nothing", stage);
const caption = make("p", "caption", root);
caption.setAttribute("role", "status");
const scrub = make("div", "scrub", root);
const play = make("button", "play", scrub);
play.type = "button";
const slider = make("input", "slider", scrub);
slider.type = "range";
slider.min = "0";
slider.step = "1";
slider.setAttribute("aria-label", "Along the way");
const ends = make("div", "ends", root);
const start = make("span", "start", ends);
const end = make("span", "end", ends);
const act = make("div", "save act", root);
const save = make("div", "save", root);
const SAVED_AS = [
  ["png", "Save picture"],
  ["mp4", "Save film (MP4)"],
  ["gif", "Save GIF"],
  ["frames", "Save frames (ZIP)"],
  ["sheet", "Contact sheet"],
];
const buttons = SAVED_AS.map(([format, text]) => {
  const button = make("button", "save-" + format, save);
  button.type = "button";
  button.textContent = text;
  button.dataset.format = format;
  button.addEventListener("click", () => trigger("save", { ...onShow(), format: format }));
  return button;
});

function onShow() {
  return { key: key, frame: Number(slider.value) };
}

function offer(actions) {
  act.replaceChildren();
  for (const [action, text] of actions) {
    const button = make("button", "act-" + action, act);
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => trigger("act", { ...onShow(), action: action }));
  }
  act.hidden = !actions.length;
}

const keep = make("button", "keep", save);
keep.type = "button";
keep.textContent = "Keep";
keep.addEventListener("click", () => trigger("keep", onShow()));

const copy = make("button", "copy-seed", save);
copy.type = "button";
copy.textContent = "Copy seed";
copy.addEventListener("click", async () => {
  const seed = props.value.seed;
  try {
    await navigator.clipboard.writeText(seed);
    caption.textContent = "The seed " + seed + " is copied.";
  } catch (error) {
    caption.textContent = "This browser lets nothing be copied here: the seed is " + seed + ".";
  }
});

let sheet = null;
let key = null;
let timer = null;
let direction = 1;

function draw() {
  const value = props.value;
  if (!value || !sheet) return;
  const frame = Number(slider.value);
  const width = sheet.naturalWidth / Math.min(value.columns, value.frames);
  const height = sheet.naturalHeight / Math.ceil(value.frames / value.columns);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const left = (frame % value.columns) * width;
  const top = Math.floor(frame / value.columns) * height;
  canvas.getContext("2d").drawImage(sheet, left, top, width, height, 0, 0, width, height);
  canvas.dataset.frame = String(frame);
  const share = Math.round((100 * frame) / Math.max(1, value.frames - 1));
  slider.setAttribute("aria-valuetext", share + " % of the way, from " + value.start + " to " + value.end);
  slider.style.setProperty("--share", share + "%");
  canvas.setAttribute("aria-label", value.frames > 1 ? share + " % of the way from " + value.start + " to " + value.end : value.caption);
}

function stop() {
  clearInterval(timer);
  timer = null;
  play.textContent = "Play";
}

play.addEventListener("click", () => {
  if (timer) return stop();
  play.textContent = "Pause";
  timer = setInterval(() => {
    const last = Number(slider.max);
    const frame = Number(slider.value);
    if (frame >= last) direction = -1;
    if (frame <= 0) direction = 1;
    slider.value = String(frame + direction);
    draw();
  }, 70);
});

slider.addEventListener("input", () => {
  stop();
  draw();
});

function show() {
  const value = props.value;
  const strip = Boolean(value && value.frames > 1);
  root.classList.toggle("empty", !value);
  scrub.hidden = ends.hidden = !strip;
  save.hidden = !value;
  copy.hidden = !value || !value.seed;
  for (const button of buttons.slice(1)) button.hidden = !strip || !(value.formats || []).includes(button.dataset.format);
  empty.textContent = value ? "" : props.empty || "";
  caption.textContent = value ? value.caption : "";
  if (!value) {
    key = null;
    root.dataset.ready = "0";
    stop();
  }
  if (!value) offer([]);
  if (!value || value.key === key) return;
  key = value.key;
  offer(value.actions || []);
  stop();
  slider.max = String(value.frames - 1);
  slider.value = "0";
  start.textContent = value.start;
  end.textContent = value.end;
  root.dataset.ready = "0";
  const picture = new Image();
  picture.onload = () => {
    if (key !== value.key) return;
    sheet = picture;
    draw();
    root.dataset.ready = String(value.frames);
  };
  picture.src = value.sheet.url;
}

play.textContent = "Play";
watch("value", show);
show();
