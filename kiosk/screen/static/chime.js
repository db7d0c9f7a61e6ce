// Calls back somebody who forgets their card: two tones at once, again and again when it is called for louder.

const AGAIN = { loud: 2500, left: 15000 };
const TONES = [[880, 0], [660, 0.25]];
let sound = null;
let repeating = 0;

export function chime(booth) {
  clearInterval(repeating);
  const call = booth.querySelector("[data-call]")?.dataset.call;
  if (!call) return;
  ring(call);
  if (AGAIN[call]) repeating = setInterval(() => ring(call), AGAIN[call]);
}

function ring(call) {
  sound ||= new AudioContext();
  sound.resume();
  for (const [pitch, after] of TONES) {
    const start = sound.currentTime + after;
    const tone = new OscillatorNode(sound, { type: "triangle", frequency: pitch });
    const volume = new GainNode(sound, { gain: call === "asked" ? 0.25 : 0.8 });
    volume.gain.setTargetAtTime(0, start + 0.12, 0.06);
    tone.connect(volume).connect(sound.destination);
    tone.start(start);
    tone.stop(start + 0.5);
  }
}
