// Captions to chapters. Python (Errata's own code, in Pyodide) reads files, makes prompts and reads answers; llama.cpp
// (wllama) says which tokens are likely to come next; the tokenizer is Hugging Face's. This script stands between them.

const LIBRARIES = "./node_modules";
const WLLAMA = `${LIBRARIES}/@wllama/wllama/esm`;
const ROOM = 2; // tokens beyond a model's context, so that an answer that fills it is still ended

const element = (id) => document.getElementById(id);
const file = element("file");

function say(sentence) {
  element("status").textContent = sentence;
  element("status").classList.remove("complaint");
}

function complain(sentence) {
  say(sentence);
  element("status").classList.add("complaint");
  element("progress").hidden = true;
}

async function fetched(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} is not here (${answer.status}); export the page again`);
  return answer;
}

async function libraries() {
  try {
    return await Promise.all([
      import(`${WLLAMA}/index.js`),
      import(`${LIBRARIES}/pyodide/pyodide.mjs`),
      import(`${LIBRARIES}/@huggingface/tokenizers/dist/tokenizers.mjs`),
    ]);
  } catch (error) {
    throw new Error(`its libraries are not here (${error.message}); run npm ci --ignore-scripts in the page's folder`);
  }
}

async function loadModel({ Wllama, LoggerWithoutDebug }, asked) {
  const wllama = new Wllama(
    { "single-thread/wllama.wasm": `${WLLAMA}/single-thread/wllama.wasm` },
    { logger: LoggerWithoutDebug, suppressNativeLog: true },
  );
  const weights = await (await fetched(`model/${asked.gguf}`)).blob();
  await wllama.loadModel([weights], { n_ctx: asked.context + ROOM, n_threads: 1 });
  return wllama;
}

// What a transcript's words are tokenised by: without special tokens, whatever is spelled out in them.
function withoutSpecial(tokenizer) {
  return { ...tokenizer, added_tokens: tokenizer.added_tokens.filter((token) => !token.special) };
}

async function openSession({ loadPyodide }, { Tokenizer }, asked) {
  const python = await loadPyodide({ indexURL: new URL(`${LIBRARIES}/pyodide/`, location.href).href });
  python.unpackArchive(await (await fetched("errata.zip")).arrayBuffer(), "zip", { extractDir: "/errata" });
  python.runPython("import sys; sys.path.insert(0, '/errata')");
  const text = await (await fetched("model/tokenizer.json")).text();
  const config = await (await fetched("model/tokenizer_config.json")).json();
  const whole = new Tokenizer(JSON.parse(text), config);
  const plain = new Tokenizer(withoutSpecial(JSON.parse(text)), config);
  const ids = (tokenizer) => (said) => tokenizer.encode(said, { add_special_tokens: false }).ids;
  const letters = (tokens) =>
    whole.decode(tokens.toJs(), { skip_special_tokens: false, clean_up_tokenization_spaces: false });
  const { PageSession } = python.pyimport("errata.browser.page_session");
  const session = PageSession(JSON.stringify(asked), text, ids(whole), ids(plain), letters);
  return {
    read: (name, bytes) => JSON.parse(session.read(name, python.toPy(bytes))),
    chapter: (number) => session.chapter(number),
  };
}

// The tokens that are the likeliest to come next.
async function likeliest(wllama, query) {
  if (query.fresh) await wllama.kvClear();
  await wllama.decode(query.append, {});
  return (await wllama.getLogits(query.most)).map(({ token }) => token);
}

async function chapter(session, wllama, number) {
  const asking = session.chapter(number);
  let step = asking.next();
  while (!step.done) {
    const query = JSON.parse(step.value);
    element("progress").value = query.done;
    step = asking.next(await likeliest(wllama, query));
  }
  asking.destroy();
  return JSON.parse(step.value);
}

function show(title, answer) {
  const talk = element("talk").content.cloneNode(true);
  talk.querySelector("h2").textContent = title;
  const list = talk.querySelector(".chapters");
  for (const { at, title: name } of answer.chapters) {
    const row = document.createElement("li");
    const time = document.createElement("time");
    const words = document.createElement("span");
    time.textContent = at;
    words.textContent = name;
    row.append(time, words);
    list.append(row);
  }
  if (!answer.chapters.length) list.replaceWith("The model found no chapters.");
  talk.querySelector(".offer").hidden = !answer.chapters.length;
  talk.querySelector(".copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(answer.text);
    say(`The chapters of ${title} are copied.`);
  });
  const save = talk.querySelector(".save");
  save.href = URL.createObjectURL(new Blob([answer.text], { type: "text/plain" }));
  save.download = `${title}.chapters.txt`;
  for (const problem of answer.problems) {
    const row = document.createElement("li");
    row.textContent = problem;
    talk.querySelector(".problems").append(row);
  }
  element("talks").append(talk);
}

async function chapterFile(session, wllama, chosen) {
  const read = session.read(chosen.name, new Uint8Array(await chosen.arrayBuffer()));
  for (const [number, title] of read.talks.entries()) {
    say(`The model reads ${title} …`);
    element("progress").value = 0;
    element("progress").hidden = false;
    show(title, await chapter(session, wllama, number));
  }
  return read.problems;
}

async function chapterFiles(session, wllama, files) {
  file.disabled = true;
  element("talks").replaceChildren();
  try {
    const problems = [];
    for (const chosen of files) problems.push(...(await chapterFile(session, wllama, chosen)));
    if (problems.length) complain(problems.join(" "));
    else say("Ready.");
  } catch (error) {
    complain(`It could not be chaptered (${lastLine(error.message)}); load the page again.`);
  }
  element("progress").hidden = true;
  file.disabled = false;
  file.value = "";
}

// A Python error's message is its whole traceback.
function lastLine(message) {
  return message.trim().split("\n").at(-1);
}

async function begin() {
  const [wllamaLibrary, pyodide, tokenizers] = await libraries();
  const asked = await (await fetched("model.json")).json();
  const session = await openSession(pyodide, tokenizers, asked);
  const wllama = await loadModel(wllamaLibrary, asked);
  file.addEventListener("change", () => chapterFiles(session, wllama, [...file.files]));
  document.addEventListener("drop", (event) => {
    if (!file.disabled) chapterFiles(session, wllama, [...event.dataTransfer.files]);
  });
  file.disabled = false;
  say("Ready.");
}

// From the first: else the browser opens what is dropped, while the model loads, in place of the page.
function keepPage() {
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      element("drop").classList.toggle("over", kind === "dragover");
    });
  }
}

keepPage();
begin().catch((error) => complain(`This page can't work here: ${lastLine(error.message)}.`));
