// Reads the page aloud, sentence by sentence, in the page's language, and marks the sentence that is being read.

const BLOCKS = "h1, h2, p, li, dt, dd, legend, button, .choices span, .paper";
const WAITING = 1500;
let stopping = () => {};

export function stopSpeaking() {
  stopping();
  stopping = () => {};
  globalThis.speechSynthesis?.cancel();
  CSS.highlights?.delete("spoken");
  setPressed(false);
}

// `spoken` is called after each sentence: whoever listens is still there.
export async function speak(button, spoken) {
  const wasSpeaking = button.getAttribute("aria-pressed") === "true";
  stopSpeaking();
  if (wasSpeaking) return;
  const run = { over: false };
  stopping = () => { run.over = true; };
  setPressed(true);
  const language = document.documentElement.lang;
  const voice = await voiceFor(language);
  if (run.over) return;
  if (!voice) return sayThatThereIsNone(button.dataset.voiceless);
  for (const sentence of sentences(document.querySelector("main"), language)) {
    mark(sentence.range);
    await utter(sentence, voiceOf(sentence.lang) ?? voice);
    if (run.over) return;
    spoken();
  }
  stopSpeaking();
}

function setPressed(on) {
  document.querySelector("[data-speak]")?.setAttribute("aria-pressed", String(on));
  if (on) document.getElementById("voiceless").textContent = "";
}

function sayThatThereIsNone(text) {
  stopSpeaking();
  document.getElementById("voiceless").textContent = text;
}

// Voices come late in some browsers; a region's voice does for the language.
async function voiceFor(language) {
  const synthesis = globalThis.speechSynthesis;
  if (!synthesis) return null;
  if (!voiceOf(language)) {
    await new Promise((done) => {
      synthesis.addEventListener("voiceschanged", done, { once: true });
      setTimeout(done, WAITING);
    });
  }
  return voiceOf(language);
}

function voiceOf(language) {
  const main = language.split("-")[0];
  return speechSynthesis.getVoices().find((voice) => voice.lang.toLowerCase().split(/[-_]/)[0] === main);
}

function utter({ text, lang }, voice) {
  return new Promise((done) => {
    const utterance = new SpeechSynthesisUtterance(text);
    Object.assign(utterance, { voice, lang: lang || voice.lang, rate: 0.9, onend: done, onerror: done });
    speechSynthesis.speak(utterance);
  });
}

function mark(range) {
  if (!CSS.highlights) return;
  CSS.highlights.set("spoken", new Highlight(range));
  range.startContainer.parentElement.scrollIntoView({ block: "nearest" });
}

// What is on the page, in its order. What somebody typed is not read, and of a PIN the page has nothing.
function* sentences(main, language) {
  const segmenter = new Intl.Segmenter(language, { granularity: "sentence" });
  for (const block of main.querySelectorAll(BLOCKS)) {
    if (!block.checkVisibility() || block.parentElement.closest("button, .choices span") || block.closest("[data-keys-for], .pin-pad")) continue;
    const nodes = textsOf(block);
    const whole = nodes.map((node) => node.data).join("");
    for (const { segment, index } of segmenter.segment(whole)) {
      if (!segment.trim()) continue;
      yield { text: segment.trim(), lang: block.closest("[lang]").lang, range: rangeOf(nodes, index, index + segment.trimEnd().length) };
    }
  }
}

// The texts that belong to this block and to none inside it.
function textsOf(block) {
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    if (walker.currentNode.parentElement.closest(BLOCKS) === block) found.push(walker.currentNode);
  }
  return found;
}

function rangeOf(nodes, start, end) {
  const range = document.createRange();
  let at = 0;
  for (const node of nodes) {
    if (start >= at && start <= at + node.length) range.setStart(node, start - at);
    if (end > at && end <= at + node.length) range.setEnd(node, end - at);
    at += node.length;
  }
  return range;
}
