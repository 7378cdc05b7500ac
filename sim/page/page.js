
// The form, its words, the address, and the worker that answers. What is shown comes from Python.
(() => {
  const by = (id) => document.getElementById(id);
  const known = JSON.parse(by("known").textContent);
  const form = by("form"), fields = form.elements;
  const NUMBERS = ["cores", "memory_mib", "n", "per_s", "busy", "seed"];
  const START = {n: 8, per_s: 0, busy: 0, seed: 0};
  const PARTS = ["pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json", "project.zip"];
  const PLACES = ["sentence", "table", "timeline", "memory", "density"];
  let language = "en", worker, step = "unpacking", asked = false, waiting = null, broken = false, took = null;

  const words = () => known.words[language];
  const chosen = () => [...form.querySelectorAll("#isolations input:checked")].map((box) => box.value);
  const profile = () => known.profiles[fields.profile.value];

  function speak() {
    document.documentElement.lang = language;
    document.title = words().title;
    for (const element of document.querySelectorAll("[data-word]")) element.textContent = words()[element.dataset.word];
    for (const option of fields.profile.options) {
      const {cores, memory_mib} = known.profiles[option.value];
      const machine = `${cores} × ${Math.round(memory_mib / 1024)} GiB`;
      option.textContent = `${words()[`profile_${option.value}`]} (${machine})`;
    }
    for (const box of form.querySelectorAll("#isolations input")) {
      box.nextSibling.textContent = profile().isolations[language][box.value];
    }
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", button.dataset.language === language);
    }
    status();
  }

  function status() {
    const working = !broken && (asked || step !== "computing");
    by("status").textContent = working ? words()[step]
      : took === null ? "" : words().ready.replace("{time}", `${(took / 1000).toFixed(2)} s`);
  }

  // The machine and the isolations of a profile, all of these chosen.
  function offer(name) {
    fields.profile.value = name;
    fields.cores.value = profile().cores;
    fields.memory_mib.value = profile().memory_mib;
    by("isolations").replaceChildren(...Object.entries(profile().isolations[language]).map(([isolation, text]) => {
      const label = document.createElement("label"), box = document.createElement("input"), name = document.createElement("span");
      Object.assign(box, {type: "checkbox", value: isolation, checked: true});
      name.textContent = text;
      label.style.setProperty("--own", `var(--${isolation})`);
      label.append(box, name);
      return label;
    }));
  }

  // The scenario as the part of the address behind #, and back.
  function told() {
    const pairs = [["profile", fields.profile.value], ["isolation", chosen().join(",")]];
    for (const name of NUMBERS) {
      if (Number(fields[name].value) !== (START[name] ?? profile()[name])) pairs.push([name, fields[name].value]);
    }
    return new URLSearchParams([...pairs, ["language", language]]).toString().replaceAll("%2C", ",");
  }

  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    const name = given.get("profile");
    language = given.get("language") in known.words ? given.get("language")
      : navigator.language.startsWith("ko") ? "ko" : "en";
    offer(name in known.profiles ? name : Object.keys(known.profiles)[0]);
    for (const [key, value] of Object.entries(START)) fields[key].value = value;
    for (const key of NUMBERS) {
      if (given.has(key) && given.get(key) !== "" && isFinite(given.get(key))) fields[key].value = given.get(key);
    }
    fields.slider.value = fields.n.value;
    if (given.has("isolation")) {
      const names = given.get("isolation").split(",");
      for (const box of form.querySelectorAll("#isolations input")) box.checked = names.includes(box.value);
    }
    speak();
  }

  function address() {
    const part = `#${told()}`;
    if (location.hash !== part) history.replaceState(null, "", part);
    by("link").value = location.href;
  }

  function question() {
    const number = (name) => Number(fields[name].value);
    const own = (name) => (number(name) === profile()[name] ? null : number(name));
    return {
      profile: fields.profile.value, isolation: chosen(), language,
      n: number("n"), per_s: number("per_s"), busy_ratio: number("busy") / 100,
      cores: own("cores"), memory_mib: own("memory_mib"), seed: number("seed"),
    };
  }

  function command(asking) {
    const flags = chosen().map((name) => `--isolation ${name}`);
    for (const name of ["n", "per_s", "busy_ratio", "cores", "memory_mib", "seed"]) {
      if (asking[name] !== null) flags.push(`--${name.replace("_", "-")} ${asking[name]}`);
    }
    return `sim what-if data/profiles/${asking.profile}.toml ${flags.join(" ")} --json`;
  }

  function ask() {
    const wrong = form.querySelector("input:invalid");
    if (wrong) {
      const name = wrong.labels[0].textContent.trim();
      by("problem").textContent = words().failed.replace("{why}", `${name}: ${wrong.validationMessage}`);
      return;
    }
    address();
    waiting = question();
    next();
  }

  // One question at a time; of those that came meanwhile, the last.
  function next() {
    if (!worker || step !== "computing" || asked || !waiting) return;
    const asking = waiting;
    waiting = null;
    asked = true;
    by("command").textContent = command(asking);
    for (const place of PLACES) by(place).classList.add("stale");
    status();
    worker.postMessage({question: JSON.stringify(asking)});
  }

  function show({told, took: time}) {
    asked = false;
    took = told.error ? null : time;
    by("problem").textContent = told.error ? words().failed.replace("{why}", told.error) : "";
    if (!told.error) {
      by("numbers").textContent = told.numbers;
      for (const place of PLACES) {
        by(place).innerHTML = told.html[place];
        by(place).classList.remove("stale");
        by(place).closest("section").hidden = false;
      }
      document.querySelectorAll(".timeline").forEach(timelinePlayer);
    }
    status();
    next();
  }

  function fail(why) {
    asked = false;
    broken = step !== "computing"; // did not even start
    by("problem").textContent = words().failed.replace("{why}", why);
    status();
  }

  function begin() {
    if (!window.DecompressionStream || !window.WebAssembly) return fail(words().needs);
    worker = new Worker(URL.createObjectURL(new Blob([by("worker").textContent], {type: "text/javascript"})));
    worker.onerror = (event) => fail(event.message || words().needs);
    worker.onmessage = ({data}) => {
      if (data.failed) return fail(data.failed);
      if (data.told) return show(data);
      step = data.step;
      status();
      next();
    };
    worker.postMessage({parts: Object.fromEntries(PARTS.map((name) => [name, by(name).textContent]))});
    for (const name of PARTS) by(name).remove();
  }

  for (const name of Object.keys(known.profiles)) fields.profile.append(new Option(name, name));
  read();
  fields.profile.addEventListener("input", () => offer(fields.profile.value));
  fields.slider.addEventListener("input", () => { fields.n.value = fields.slider.value; });
  fields.n.addEventListener("input", () => { fields.slider.value = fields.n.value; });
  form.addEventListener("input", ask);
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => { read(); ask(); });
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => { language = button.dataset.language; speak(); ask(); });
  }
  by("copy").addEventListener("click", async () => {
    by("link").select();
    try { await navigator.clipboard.writeText(by("link").value); } catch { document.execCommand("copy"); }
    by("copy").textContent = words().copied;
  });
  ask();
  begin();
})();
