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
slider.setAttribute("aria-label", "From A to B");
const ends = make("div", "ends", root);
const start = make("span", "start", ends);
const end = make("span", "end", ends);
const save = make("div", "save", root);
const buttons = [
  ["png", "Save picture"],
  ["mp4", "Save film (MP4)"],
  ["gif", "Save GIF"],
].map(([format, text]) => {
  const button = make("button", "save-" + format, save);
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", () => trigger("save", { frame: Number(slider.value), format: format }));
  return button;
});

const keep = make("button", "keep", save);
keep.type = "button";
keep.textContent = "Keep";
keep.addEventListener("click", () => trigger("keep", { frame: Number(slider.value) }));

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
  buttons[1].hidden = buttons[2].hidden = !strip;
  empty.textContent = value ? "" : props.empty || "";
  caption.textContent = value ? value.caption : "";
  if (!value) {
    key = null;
    root.dataset.ready = "0";
    stop();
  }
  if (!value || value.key === key) return;
  key = value.key;
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
