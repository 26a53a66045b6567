() => {
  // Chromium gives the Tab key's focus to any list that scrolls. A drop-down's list goes as soon as its field loses the focus, and the focus with it.
  const unfocusable = (event) => {
    if (event.key !== "Tab") return;
    for (const list of document.querySelectorAll("ul.option-list")) list.tabIndex = -1;
  };
  document.addEventListener("keydown", unfocusable, true);

  // Gradio says that a slider was let go where a pointer did so. Keys and screen readers move it, too, and the browser says `change` of all of them.
  let released = null;
  document.addEventListener("pointerup", (event) => (released = event.target), true);
  document.addEventListener("input", () => (released = null), true);
  const letGo = (event) => {
    if (event.target.matches?.('.slider_input_container input[type="range"]') && event.target !== released) {
      event.target.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
    }
    released = null;
  };
  document.addEventListener("change", letGo, true);

  // The tab that one was on is open again after a reload, unless the address names one (#swap). It is opened by a press, as by hand, so that it draws.
  const TAB = "atelier-tab";
  const tabs = () => [...document.querySelectorAll('#tabs [role="tab"][id^="tab-"]')].filter((one) => one.checkVisibility());
  const keepTab = () => {
    const open = tabs().find((one) => one.ariaSelected === "true");
    if (open) sessionStorage.setItem(TAB, open.id);
  };
  addEventListener("pagehide", keepTab);
  document.addEventListener("visibilitychange", keepTab);

  const named = location.hash.slice(1);
  const since = Date.now();
  let pressed = false;
  addEventListener("pointerdown", () => (pressed = true), { once: true });
  (function openTab() {
    const there = tabs();
    const wanted = [`tab-${named}-button`, sessionStorage.getItem(TAB)].map((id) => there.find((one) => one.id === id)).find(Boolean);
    if (wanted && !pressed) wanted.click();
    else if (!there.length && Date.now() - since < 10000) setTimeout(openTab, 50);
  })();

  // How many people are before a visitor, said where the picture will come. Gradio tells it in its stream, and shows it in its own way or not at all.
  const functions = new Map();
  const before = new Map();
  const said = document.body.appendChild(document.createElement("p"));
  said.id = "turns-said";
  said.setAttribute("role", "status");
  const PAUSE = 4000;
  let last = 0;
  let timer = null;

  const words = (count) => `Waiting: ${count === 1 ? "1 person" : count + " people"} before you`;

  function placeOf(event) {
    const { dependencies, components } = window.gradio_config;
    const asked = dependencies.find((one) => one.id === functions.get(event));
    const ids = asked ? [...(asked.show_progress_on || []), ...asked.outputs] : [];
    const names = ids.map((id) => components.find((one) => one.id === id)?.props.elem_id);
    return names.map((name) => name && document.getElementById(name)).find((node) => node?.checkVisibility() && node.offsetWidth > 120);
  }

  function keepInSight() {
    for (const line of document.querySelectorAll(".turn")) {
      const { top, bottom } = line.parentElement.getBoundingClientRect();
      line.classList.toggle("far", top > innerHeight - 120 || bottom < 60);
    }
  }
  document.addEventListener("scroll", keepInSight, { capture: true, passive: true });

  function show() {
    const places = new Map();
    for (const [event, count] of before) {
      const place = placeOf(event) || document.querySelector("#tabs") || document.body;
      places.set(place, Math.min(count, places.get(place) ?? count));
    }
    for (const old of document.querySelectorAll(".turn")) if (!places.has(old.parentElement)) old.remove();
    for (const [place, count] of places) {
      const line = place.querySelector(":scope > .turn") || place.appendChild(document.createElement("p"));
      line.classList.add("turn");
      line.setAttribute("aria-hidden", "true");
      line.textContent = words(count);
    }
    keepInSight();
    clearTimeout(timer);
    timer = setTimeout(say, last + PAUSE - Date.now());
  }

  function say() {
    const text = before.size ? words(Math.min(...before.values())) : said.textContent && "It is your turn";
    if (said.textContent !== text) {
      last = Date.now();
      said.textContent = text;
    }
    if (text && !before.size) timer = setTimeout(() => (said.textContent = ""), PAUSE);
  }

  // An error stays until it is closed, or until what failed succeeds: what was drawn then stands in its place.
  let failed = null;

  function answered(id, well) {
    const outputs = window.gradio_config.dependencies.find((one) => one.id === id)?.outputs;
    const place = outputs?.length ? outputs.join() : "of " + id;
    if (!well) {
      failed = place;
    } else if (failed === place) {
      failed = null;
      document.querySelector(".toast-body.error .toast-close")?.click();
    }
  }

  function hear(line, heard) {
    const told = line.slice(0, 300);
    const [message, event, rank] = [/"msg": ?"(\w+)"/, /"event_id": ?"(\w+)"/, /"rank": ?(\d+)/].map((found) => told.match(found)?.[1]);
    if (!event) return;
    const count = message === "estimation" ? Number(rank) : 0;
    if (message === "process_completed") {
      answered(functions.get(event), /"success": ?true/.test(line.slice(-300)));
      functions.delete(event);
    }
    heard.add(event);
    if (!count && !before.delete(event)) return;
    if (count) before.set(event, count);
    show();
  }

  async function listen(stream) {
    const heard = new Set();
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const lines = (rest + part.value).split("\n");
        rest = lines.pop();
        for (const line of lines) hear(line, heard);
      }
    } catch {
      // The stream was broken off, as when the page is left.
    }
    for (const event of heard) before.delete(event);
    show();
  }

  async function remember(answer, body) {
    const { event_id: event } = await answer.json();
    functions.set(event, JSON.parse(body).fn_index);
    if (before.has(event)) show();
  }

  const ask = window.fetch;
  window.fetch = async (...asked) => {
    const answer = await ask(...asked);
    const { pathname } = new URL(asked[0].url || asked[0], document.baseURI);
    if (answer.ok && pathname.endsWith("/queue/data")) listen(answer.clone().body);
    if (pathname.includes("/run/")) answered(JSON.parse(asked[1].body).fn_index, answer.ok);
    if (answer.ok && pathname.endsWith("/queue/join")) remember(answer.clone(), asked[1].body);
    return answer;
  };
}
