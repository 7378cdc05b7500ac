"use strict";

// Gives life to one `.timeline`: a curtain hides what is still to come, and moves with the time.
// All that is drawn is there before; without this script the picture of the end stays.
function timelinePlayer(root) {
  const one = (selector) => root.querySelector(selector);
  const controls = one(".controls");
  if (!controls) return;
  const [button, range, clock, speed, own] =
    [".play", "input[type=range]", ".clock", "select", ".each"].map(one);
  const end = Number(root.dataset.end);
  const panels = [...root.querySelectorAll(".panel")].map((panel) => ({
    end: Number(panel.dataset.end),
    ready: panel.dataset.ready.split(" ").map(Number),
    bars: panel.querySelector(".bars"),
    width: panel.querySelector(".bars").getAttribute("width"),
    curtain: panel.querySelector(".curtain"),
    now: panel.querySelector(".now"),
    state: panel.querySelector(".state"),
    told: panel.querySelector(".state").textContent,
  }));
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const STEPS = 10, STEP_MS = 900; // with reduced motion: so many pictures, one after the other
  let at = end; // seconds since the first request
  let playing = false, before = 0;

  // As the numbers around it are written: three digits, milliseconds below one second.
  function seconds(value) {
    if (value === 0) return "0 s";
    const [size, unit] = value < 0.9995 ? [value * 1000, "ms"] : [value, "s"];
    const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
    return `${size.toLocaleString("en", {minimumFractionDigits: digits, maximumFractionDigits: digits})} ${unit}`;
  }

  function show() {
    for (const panel of panels) {
      const share = Math.min(1, at / (own.checked ? panel.end : end));
      panel.curtain.setAttribute("x", `${100 * share}%`);
      for (const x of ["x1", "x2"]) panel.now.setAttribute(x, `${100 * share}%`);
      const n = panel.ready.length;
      let k = panel.ready.findIndex((ready) => ready > at);
      if (k < 0) k = n;
      panel.state.textContent =
        k === n ? panel.told : root.dataset.state.replace("{k}", k).replace("{n}", n);
    }
    range.value = Math.round((1000 * at) / end);
    clock.textContent = seconds(at);
    range.setAttribute("aria-valuetext", clock.textContent);
  }

  function stop() {
    playing = false;
    button.textContent = root.dataset.play;
  }

  function go(time) {
    if (!playing || !root.isConnected) return;
    const passed = Math.max(0, time - before);
    if (!still.matches || passed >= STEP_MS) {
      at += still.matches ? end / STEPS : passed / 1000 / Number(speed.value);
      before = time;
      if (at >= end * (1 - 1e-9)) {
        at = end;
        stop();
      }
      show();
    }
    requestAnimationFrame(go);
  }

  button.addEventListener("click", () => {
    if (playing) return stop();
    if (at >= end) at = 0;
    playing = true;
    button.textContent = root.dataset.pause;
    before = performance.now();
    show();
    requestAnimationFrame(go);
  });
  range.addEventListener("input", () => {
    stop();
    at = (end * Number(range.value)) / 1000;
    show();
  });
  own.addEventListener("change", () => {
    root.classList.toggle("own", own.checked);
    for (const panel of panels) panel.bars.setAttribute("width", own.checked ? "100%" : panel.width);
    show();
  });
  controls.hidden = false;
  show();

  // In a frame of a notebook: as high as what is inside.
  const frame = window.frameElement;
  if (frame) {
    const fit = () => { frame.style.height = `${document.body.offsetHeight}px`; };
    new ResizeObserver(fit).observe(document.body);
  }
}
