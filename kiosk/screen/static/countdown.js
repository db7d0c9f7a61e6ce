// Counts the seconds that are left of a visit, and asks whether somebody is still there when few are.

import { hold, release } from "./focus.js";

const FEW = 20;
// Milliseconds beyond the end in which the kiosk should have shown something else: it looks every half second.
const GRACE = 5000;
let timer = 0;
// Told to a screen reader when no more seconds are left than these, once each.
const TOLD = [10, 30, 60];
let told;

// `over` is called when the time was up and nothing came of it: the kiosk has stopped, or is stuck.
export function startCountdown(booth, over) {
  clearInterval(timer);
  const countdown = booth.querySelector("[data-seconds-left]");
  if (!countdown) return tell(undefined, "");
  const end = performance.now() + Number(countdown.dataset.secondsLeft) * 1000;
  const tick = () => {
    if (performance.now() > end + GRACE) return over();
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    countdown.querySelector("b").textContent = left;
    tell(TOLD.find((few) => left <= few), countdown.textContent.trim());
    countdown.classList.toggle("soon", left <= FEW);
    const question = booth.querySelector("#still-there");
    if (!question) return;
    const others = [...booth.children].filter((child) => child !== question);
    (left > FEW ? release : hold)(question, others);
    question.querySelector("[data-countdown-copy]").textContent = left;
  };
  timer = setInterval(tick, 250);
  tick();
}

function tell(few, text) {
  if (few === told) return;
  told = few;
  document.getElementById("time-left").textContent = few ? text : "";
}
