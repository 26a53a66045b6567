// An element with a class; of what follows, objects are its attributes, and all else is put into it.
function make(tag, className, ...content) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const one of content) {
    if (one instanceof Node || typeof one !== "object") node.append(one);
    else Object.entries(one).forEach(([name, value]) => node.setAttribute(name, value));
  }
  return node;
}

// A figure in words; a dash where there is none.
function inWords(number, digits = 3) {
  if (!Number.isFinite(number)) return "–";
  const size = Math.abs(number);
  return size >= 1000 ? Math.round(number).toLocaleString("en") : String(Number(number.toPrecision(size >= 100 ? 4 : digits)));
}
