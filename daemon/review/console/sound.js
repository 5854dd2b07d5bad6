// The sound of an alarm, once somebody has allowed it: two notes, higher and faster for worse.

let context = null;

export const listening = () => context !== null;

export function listen(wanted) {
  context?.close();
  context = null;
  if (!wanted || !window.AudioContext) return;
  context = new AudioContext();
  note(660, 0, 0.12); // so that one hears that it works
}

function note(pitch, at, length) {
  const [tone, loudness] = [context.createOscillator(), context.createGain()];
  const start = context.currentTime + at;
  tone.type = "triangle";
  tone.frequency.value = pitch;
  loudness.gain.setValueAtTime(0, start);
  loudness.gain.linearRampToValueAtTime(0.4, start + 0.02);
  loudness.gain.setValueAtTime(0.4, start + length - 0.03);
  loudness.gain.linearRampToValueAtTime(0, start + length);
  tone.connect(loudness).connect(context.destination);
  tone.start(start);
  tone.stop(start + length);
}

export function beep(severity) {
  if (!context || !severity) return;
  const [high, low, times] = severity === "critical" ? [988, 740, 4] : severity === "major" ? [880, 660, 3] : [660, 550, 1];
  for (let i = 0; i < times; i++) {
    note(high, i * 0.36, 0.16);
    note(low, i * 0.36 + 0.18, 0.16);
  }
}
