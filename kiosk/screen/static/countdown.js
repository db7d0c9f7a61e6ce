// Counts the seconds that are left of a visit, and asks whether somebody is still there when few are.

import { hold, release } from "./focus.js";

const FEW = 20;
// Milliseconds beyond the end in which the kiosk should have shown something else: it looks every half second.
const GRACE = 5000;
let timer = 0;

// `over` is called when the time was up and nothing came of it: the kiosk has stopped, or is stuck.
export function startCountdown(booth, over) {
  clearInterval(timer);
  const countdown = booth.querySelector("[data-seconds-left]");
  if (!countdown) return;
  const end = performance.now() + Number(countdown.dataset.secondsLeft) * 1000;
  const tick = () => {
    if (performance.now() > end + GRACE) return over();
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    countdown.querySelector("b").textContent = left;
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
