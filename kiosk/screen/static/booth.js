// Follows the kiosk: shows each new state as it comes, and posts what is pressed.

import { chime } from "./chime.js";
import { startCountdown } from "./countdown.js";
import { focusAgain, focused, leaveQuestion } from "./focus.js";
import { collect, fitDays, keep, restore } from "./form.js";
import { attachKeyboard, settle, watchKeyboard } from "./keyboard.js";
import { attachPinPad } from "./pin.js";
import { speak, stopSpeaking } from "./speech.js";

const booth = document.getElementById("booth");
const lost = document.getElementById("lost");
let shown = Number(booth.querySelector("main").dataset.version);

// What the kiosk last had drawn in the middle of the page.
let drawn = "";

// Milliseconds without the kiosk, after which the page forgets what it shows.
const PATIENCE = 3000;

export async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.ok;
}

// A button that is drawn anew under a finger is not pressed. The same screen therefore waits until the finger is off.
// The click comes some milliseconds after that.
const CLICK_COMES = 150;
let finger = false;
let waiting = null;
document.addEventListener("pointerdown", () => { finger = true; });
for (const off of ["pointerup", "pointercancel"]) {
  document.addEventListener(off, () => setTimeout(() => {
    finger = false;
    if (waiting) show(waiting);
  }, CLICK_COMES));
}

function show(state) {
  if (state.version < shown) return;
  const main = booth.querySelector("main");
  waiting = finger && state.screen === main.dataset.screen ? state : null;
  if (waiting) return;
  shown = state.version;
  leaveQuestion(booth);
  const coming = document.createElement("template");
  coming.innerHTML = state.html;
  const same = coming.content.querySelector("main").innerHTML;
  const root = document.documentElement;
  const modes = state.modes.join(" ");
  if (same === drawn && root.lang === state.language && root.dataset.modes === modes) return showAround(main, coming.content);
  stopSpeaking();
  document.getElementById("voiceless").textContent = "";
  drawn = same;
  const before = {
    screen: main.dataset.screen, about: main.dataset.about, entered: keep(booth), scrolled: main.scrollTop,
    focus: focused(booth), around: !main.contains(document.activeElement),
  };
  root.lang = state.language;
  root.dataset.modes = modes;
  booth.innerHTML = state.html;
  attach(before);
}

// What is being read, typed or dragged is left alone when only the time beside it has changed.
function showAround(main, coming) {
  const place = coming.querySelector("main");
  const focus = focused(booth);
  const speaking = booth.querySelector("[data-speak]")?.getAttribute("aria-pressed");
  main.dataset.version = shown;
  for (const child of [...booth.children]) if (child !== main) child.remove();
  while (coming.firstChild !== place) main.before(coming.firstChild);
  place.remove();
  main.after(coming);
  attachKeyboard(booth, true);
  if (speaking) booth.querySelector("[data-speak]").setAttribute("aria-pressed", speaking);
  if (document.activeElement === document.body) focusAgain(booth, focus) || main.querySelector("h1")?.focus({ preventScroll: true });
  startCountdown(booth, forget);
}

function attach(before) {
  const main = booth.querySelector("main");
  const same = before && before.screen === main.dataset.screen && before.about === main.dataset.about;
  const heading = main.querySelector("h1");
  document.title = [heading?.textContent, booth.querySelector(".city")?.textContent].filter(Boolean).join(" – ");
  if (!same || !focusAgain(booth, before.focus)) heading?.focus({ preventScroll: true });
  attachKeyboard(booth, same);
  if (same) restore(booth, before);
  fitDays(booth);
  const wrong = before?.around ? null : main.querySelector(".wrong :is(input, textarea)");
  wrong?.focus();
  attachPinPad(booth, same, (pin) => post("/pin", { pin }));
  startCountdown(booth, forget);
  chime(booth);
}

// The kiosk ends visits, not this page. When it is not heard of any more, what is shown may be of somebody who has left.
function forget() {
  const main = document.createElement("main");
  Object.assign(main.dataset, { screen: "lost", version: shown, about: "" });
  booth.replaceChildren(main);
  drawn = "";
  stopSpeaking();
  lost.hidden = false;
  attach(null);
}

booth.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("speak" in button.dataset) return speak(button, stay);
  if (button.dataset.post) {
    if ("sent" in button.dataset) return;
    button.dataset.sent = "";
    post(button.dataset.post, JSON.parse(button.dataset.body || "{}"))
      .finally(() => { delete button.dataset.sent; });
  } else if (button.dataset.key) {
    pressKey(button.closest("[data-keys-for]").dataset.keysFor, button.dataset.key);
  }
});

function pressKey(name, key) {
  const input = booth.querySelector(`input[name="${CSS.escape(name)}"]`);
  if (key === "delete") input.value = input.value.slice(0, -1);
  else if (input.value.length < input.maxLength) input.value += key;
}

booth.addEventListener("change", () => fitDays(booth));

booth.addEventListener("submit", (event) => {
  event.preventDefault();
  settle();
  post("/form", { values: collect(event.target) });
});

// Whoever types or chooses something is still there; the service hears of it now and then.
let told = 0;
booth.addEventListener("pointerdown", (event) => {
  if (!event.target.closest("[data-post]")) stay();
});
booth.addEventListener("input", stay);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") stay();
});

function stay() {
  if (performance.now() - told < 10000 || !booth.querySelector(".countdown")) return;
  told = performance.now();
  post("/touch", {});
}

const events = new EventSource("/events");
events.addEventListener("screen", (event) => show(JSON.parse(event.data)));
let silence = 0;
events.addEventListener("open", () => {
  lost.hidden = true;
  clearTimeout(silence);
  silence = 0;
});
events.addEventListener("error", () => {
  lost.hidden = false;
  silence ||= setTimeout(forget, PATIENCE);
});

watchKeyboard(booth);
attach(null);
