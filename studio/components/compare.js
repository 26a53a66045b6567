const root = element.querySelector(".compare");

function part(tag, className, parent) {
  const node = document.createElement(tag);
  node.className = className;
  parent.append(node);
  return node;
}

const empty = part("p", "compare-empty", root);
const frame = part("div", "compare-frame", root);
const before = part("img", "compare-before", frame);
const after = part("img", "compare-after", frame);
const beforeTag = part("span", "compare-tag compare-tag-before", frame);
const afterTag = part("span", "compare-tag compare-tag-after", frame);
const range = part("input", "compare-range", frame);
const divider = part("span", "compare-divider", frame);
part("span", "compare-grip", divider);

range.type = "range";
range.min = "0";
range.max = "100";
range.step = "1";
for (const tag of [beforeTag, afterTag, divider]) tag.setAttribute("aria-hidden", "true");
for (const image of [before, after]) image.draggable = false;

let labels = { before: "", after: "" };

function move() {
  const shown = Number(range.value);
  frame.style.setProperty("--shown", shown + "%");
  range.setAttribute("aria-valuetext", shown + " % " + labels.before + ", " + (100 - shown) + " % " + labels.after);
  beforeTag.classList.toggle("compare-hidden", shown < 18);
  afterTag.classList.toggle("compare-hidden", shown > 82);
}

function show() {
  const value = props.value;
  const filled = Boolean(value && value.before && value.after);
  frame.hidden = !filled;
  empty.hidden = filled;
  empty.textContent = props.empty || "";
  if (!filled) {
    before.removeAttribute("src");
    after.removeAttribute("src");
    return;
  }
  labels = { before: String(value.before_label), after: String(value.after_label) };
  for (const [image, file, label, word] of [
    [before, value.before, labels.before, "Before: "],
    [after, value.after, labels.after, "After: "],
  ]) {
    image.alt = word + label;
    image.width = value.width;
    image.height = value.height;
    image.src = file.url;
  }
  frame.style.setProperty("--aspect", value.width / value.height);
  frame.style.aspectRatio = value.width + " / " + value.height;
  beforeTag.textContent = labels.before;
  afterTag.textContent = labels.after;
  range.setAttribute("aria-label", "Divider between " + labels.before + " and " + labels.after);
  range.value = "50";
  move();
}

range.addEventListener("input", move);
watch("value", () => {
  show();
  const top = root.getBoundingClientRect().top;
  if (!frame.hidden && (top > window.innerHeight * 0.75 || top < 0)) root.scrollIntoView({ block: "center" });
});
show();
