// Counts the seconds that are left of a visit, and asks whether somebody is still there when few are.

const FEW = 20;
let timer = 0;

export function startCountdown(booth) {
  clearInterval(timer);
  const countdown = booth.querySelector("[data-seconds-left]");
  if (!countdown) return;
  const end = performance.now() + Number(countdown.dataset.secondsLeft) * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    countdown.querySelector("b").textContent = left;
    countdown.classList.toggle("soon", left <= FEW);
    const question = booth.querySelector("#still-there");
    if (!question) return;
    question.hidden = left > FEW;
    question.querySelector("[data-countdown-copy]").textContent = left;
  };
  timer = setInterval(tick, 250);
  tick();
}
