"use strict";
(() => {
  // Draws the charts of the page and makes their legends and sliders from ordinary buttons,
  // which keyboards and screen readers can use. Everything comes from the page itself.
  const root = document.documentElement;
  const { charts, dark } = JSON.parse(document.getElementById("report-data").textContent);
  const narrow = 560;
  const printed = 680; // the width of a printed page less its margins, in pixels
  const drawn = new Map();
  let printing = false;

  // Colours -----------------------------------------------------------------------

  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("evplan-theme"); } catch { return null; } };
  const isDark = () => !printing && (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);

  function coloured(value) {
    if (typeof value === "string") return isDark() && Object.hasOwn(dark, value) ? dark[value] : value;
    if (Array.isArray(value)) return value.map(coloured);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, coloured(part)]));
    }
    return value;
  }

  // Charts write <, >, & and $ of names as entities.
  const signs = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&#36;": "$" };
  const read = (text) => text.replace(/&(?:lt|gt|amp|#36);/g, (sign) => signs[sign]);
  const written = (text) => text.replace(/[&<>$]/g, (c) => Object.keys(signs).find((s) => signs[s] === c));
  function shortened(label, most) {
    if (label.startsWith("<b>") || label.includes("<br>")) return label;
    const text = read(label);
    return text.length > most ? written(text.slice(0, most - 1).trimEnd()) + "…" : label;
  }

  // Drawing -----------------------------------------------------------------------

  function laidOut(id, width) {
    const chart = charts[id];
    const { data, layout } = coloured({ data: chart.data, layout: chart.layout });
    const state = drawn.get(id);
    data.forEach((trace, n) => {
      if (!state) return;
      trace.visible = state.shown[n];
      const step = state.steps && state.steps[state.step].args[0];
      if (step) for (const key of Object.keys(step)) trace[key] = step[key][step[key].length > 1 ? n : 0];
    });
    const changes = (state && state.steps && state.steps[state.step].args[1]) || {};
    for (const [path, value] of Object.entries(changes)) {
      const names = path.split(".");
      const last = names.pop();
      names.reduce((part, name) => part[name], layout)[last] = value;
    }
    layout.showlegend = false;
    delete layout.sliders;
    layout.width = width;
    layout.autosize = false;
    if (width < narrow) {
      for (const key of Object.keys(layout)) {
        const axis = layout[key];
        if (key.startsWith("yaxis") && axis.ticktext) {
          axis.ticktext = axis.ticktext.map((label) => shortened(label, 17));
          axis.tickfont = { ...axis.tickfont, size: 11 };
        }
        if (key.startsWith("xaxis") && axis.side === "top") { // beside long labels: years only
          const years = (axis.ticktext || []).map((label) => label.split("<br>")[1]);
          if (years.filter(Boolean).length > 1) {
            axis.tickvals = axis.tickvals.filter((_, n) => years[n]);
            axis.ticktext = years.filter(Boolean);
          }
        }
        if (key.startsWith("xaxis")) axis.tickfont = { ...axis.tickfont, size: 10 };
        if (key.startsWith("xaxis") && !axis.tickvals) axis.nticks = 4;
      }
      for (const note of layout.annotations || []) note.font = { ...note.font, size: 11 };
    }
    return { data, layout };
  }

  const config = { displayModeBar: false, responsive: false, showTips: false, typesetMath: false, doubleClick: false };

  function widthOf(box) { return printing ? printed : Math.floor(box.getBoundingClientRect().width); }

  function draw(id) {
    const box = document.getElementById(id);
    if (box.closest("[hidden]")) return;
    const state = drawn.get(id) || begin(id, box);
    const { data, layout } = laidOut(id, widthOf(box));
    state.width = layout.width;
    Plotly.react(box, data, layout, config);
    box.style.minHeight = "";
    box.closest("figure").classList.toggle("tall", layout.height > 800);
    if (!state.listening) listen(id, box, state);
  }

  function begin(id, box) {
    const { data, layout } = charts[id];
    const steps = layout.sliders && layout.sliders.length ? layout.sliders[0].steps : null;
    const state = { shown: data.map((trace) => trace.visible ?? true), steps, step: 0, listening: false, width: 0 };
    drawn.set(id, state);
    if (layout.showlegend !== false && data.length > 1) box.before(legend(id, data, state));
    if (steps) box.before(slider(id, layout.sliders[0], state));
    return state;
  }

  const redraw = () => drawn.forEach((_, id) => draw(id));

  // Legends -------------------------------------------------------------------------

  function paint(swatch, trace) {
    const marker = trace.marker || {};
    const colour = coloured(trace.type === "scatter" ? trace.line.color : marker.color);
    swatch.style.background = colour;
    if (marker.pattern) {
      swatch.style.background = `repeating-linear-gradient(45deg, ${colour} 0 3px, transparent 3px 5px)`;
    }
  }

  function legend(id, data, state) {
    const list = document.createElement("ul");
    list.className = "legend";
    list.setAttribute("aria-label", "Layers of the chart; choose one to show or hide it");
    const groups = new Map();
    data.forEach((trace, n) => {
      const key = trace.legendgroup || n;
      groups.set(key, [...(groups.get(key) || []), n]);
    });
    for (const places of groups.values()) {
      const trace = data[places[0]];
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", String(state.shown[places[0]] === true));
      const swatch = document.createElement("span");
      swatch.className = trace.type === "scatter" && !(trace.mode || "").startsWith("markers") ? "swatch line" : "swatch";
      swatch.setAttribute("aria-hidden", "true");
      swatch.paintAgain = () => paint(swatch, trace);
      swatch.paintAgain();
      button.append(swatch, document.createTextNode(read(trace.name || "")));
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(on));
        for (const n of places) state.shown[n] = on ? true : "legendonly";
        if (trace.meta) state.chosen = null;
        draw(id);
      });
      const item = document.createElement("li");
      item.append(button);
      list.append(item);
    }
    return list;
  }

  // Sliders ---------------------------------------------------------------------------

  function slider(id, given, state) {
    const line = document.createElement("div");
    line.className = "time";
    const label = document.createElement("label");
    label.textContent = given.currentvalue.prefix.replace(": ", "");
    label.htmlFor = id + "-time";
    const range = document.createElement("input");
    Object.assign(range, { type: "range", id: id + "-time", min: 0, max: given.steps.length - 1, step: 1, value: 0 });
    const now = document.createElement("output");
    now.htmlFor = range.id;
    const tell = () => {
      now.textContent = read(given.steps[state.step].label);
      range.setAttribute("aria-valuetext", now.textContent);
    };
    range.addEventListener("input", () => {
      state.step = Number(range.value);
      tell();
      draw(id);
    });
    tell();
    line.append(label, range, now);
    return line;
  }

  // What enabled what -------------------------------------------------------------------

  function listen(id, box, state) {
    state.listening = true;
    const links = charts[id].data.findIndex((trace) => trace.meta);
    if (links < 0) return;
    const all = charts[id].data[links];
    box.on("plotly_click", ({ points }) => {
      const row = points[0].y;
      state.chosen = state.chosen === row ? null : row;
      const pairs = all.meta.map((pair, n) => [pair, n]).filter(([pair]) => pair.includes(state.chosen));
      const part = (values) => pairs.flatMap(([, n]) => values.slice(4 * n, 4 * n + 4));
      const whole = state.chosen === null;
      Plotly.restyle(box, {
        x: [whole ? all.x : part(all.x)], y: [whole ? all.y : part(all.y)],
        visible: whole ? state.shown[links] : true, "line.width": whole ? 1.2 : 2.2,
      }, [links]);
    });
  }

  // The page ------------------------------------------------------------------------------

  for (const group of document.querySelectorAll(".choice")) {
    const buttons = [...group.querySelectorAll("button")];
    for (const button of buttons) {
      button.addEventListener("click", () => {
        for (const other of buttons) {
          other.setAttribute("aria-pressed", String(other === button));
          document.getElementById(other.getAttribute("aria-controls")).hidden = other !== button;
        }
        draw(document.getElementById(button.getAttribute("aria-controls")).querySelector(".plot").id);
      });
    }
  }

  const themeButton = document.getElementById("theme");
  function themed() {
    themeButton.setAttribute("aria-pressed", String(isDark()));
    document.querySelectorAll(".swatch").forEach((swatch) => swatch.paintAgain());
    redraw();
  }
  themeButton.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("evplan-theme", root.dataset.theme); } catch { /* kept for now only */ }
    themed();
  });
  prefersDark.addEventListener("change", themed);

  const openAll = document.getElementById("open-all");
  openAll.addEventListener("click", () => {
    const open = openAll.getAttribute("aria-pressed") !== "true";
    openAll.setAttribute("aria-pressed", String(open));
    openAll.textContent = open ? "Close all tables" : "Open all tables";
    for (const fold of document.querySelectorAll("details")) fold.open = open;
  });
  document.getElementById("print").addEventListener("click", () => window.print());

  function reveal() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const fold = target && target.closest("details");
    if (!fold) return;
    fold.open = true;
    fold.scrollIntoView();
    fold.querySelector("summary").focus({ preventScroll: true });
  }
  window.addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) reveal(); // the same link once more
  });

  function print(on) {
    if (printing === on) return;
    printing = on;
    const kept = root.dataset.theme;
    if (on) { root.dataset.before = kept || ""; root.dataset.theme = "light"; }
    else {
      if (root.dataset.before) root.dataset.theme = root.dataset.before;
      else delete root.dataset.theme;
      delete root.dataset.before;
    }
    document.querySelectorAll(".plot").forEach((box) => draw(box.id));
    document.querySelectorAll(".swatch").forEach((swatch) => swatch.paintAgain());
  }
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));

  let waiting = 0;
  window.addEventListener("resize", () => {
    if (printing) return;
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      drawn.forEach((state, id) => {
        const box = document.getElementById(id);
        if (!box.closest("[hidden]") && widthOf(box) !== state.width) draw(id);
      });
    });
  });

  if (["light", "dark"].includes(stored())) root.dataset.theme = stored();
  themeButton.setAttribute("aria-pressed", String(isDark()));
  // The program that draws, packed in the page; the page's policy knows its unpacked text.
  async function unpack() {
    const bytes = Uint8Array.from(atob(document.getElementById("program").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  }

  const queue = [...document.querySelectorAll(".plot")].map((box) => box.id);
  function next() {
    const id = queue.shift();
    if (id === undefined) {
      root.dataset.ready = "yes";
      reveal();
      return;
    }
    draw(id);
    setTimeout(next, 0);
  }
  unpack().then(next, () => {
    const note = document.createElement("p");
    note.className = "note";
    note.setAttribute("role", "status");
    note.textContent = "This browser cannot draw the charts; the tables hold the same numbers.";
    document.getElementById("content").prepend(note);
    root.dataset.ready = "no";
  });
})();
