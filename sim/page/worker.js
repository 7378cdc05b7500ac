"use strict";

// Python in a worker, so that the page stays at the reader's service. The first message brings the
// parts of the page; each further one is a question, answered by `sim.page.answer`.
let answer;

async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

async function start(parts) {
  postMessage({step: "unpacking"});
  const names = Object.keys(parts);
  const found = await Promise.all(names.map((name) => unpacked(parts[name])));
  const files = Object.fromEntries(names.map((name, at) => [name, found[at]]));
  postMessage({step: "starting"});
  // The runtime asks for its files by name; they are here.
  const types = {wasm: "application/wasm", json: "application/json"};
  self.fetch = async (asked) => {
    const name = String(asked.url || asked).split("/").pop();
    if (!(name in files)) throw new Error(`${name} is not in this page`);
    const type = types[name.split(".").pop()] || "application/octet-stream";
    return new Response(files[name], {headers: {"Content-Type": type}});
  };
  const text = (name) => new TextDecoder().decode(files[name]);
  (0, eval)(text("pyodide.asm.js"));
  (0, eval)(text("pyodide.js"));
  const python = await loadPyodide({indexURL: "https://inside.invalid/", lockFileContents: text("pyodide-lock.json")});
  python.unpackArchive(files["project.zip"], "zip");
  answer = python.pyimport("sim.page.answer").answer;
}

onmessage = async ({data}) => {
  try {
    if (data.parts) {
      await start(data.parts);
      postMessage({step: "computing"});
    } else {
      const began = performance.now();
      const told = JSON.parse(answer(data.question));
      postMessage({told, number: data.number, took: performance.now() - began});
    }
  } catch (error) {
    postMessage({failed: String(error.message || error).trim().split("\n").pop()});
  }
};
