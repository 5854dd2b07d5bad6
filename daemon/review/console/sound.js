// The sound of an alarm: two notes, higher and faster for worse. Who has asked for it once has it
// after every reload; a browser that waits for a touch first is no reason to be silent about it.

const WISH = "tocsin.sound";
let context = null;

export const wanted = () => localStorage.getItem(WISH) === "on";
export const listening = () => context?.state === "running";
export const possible = () => "AudioContext" in window;

/** Begins, as soon as the browser lets it; changed() when that has come about. */
export function begin(changed) {
  if (!wanted() || !possible()) return;
  if (!context) {
    context = new AudioContext();
    context.onstatechange = changed;
  }
  context.resume().catch(() => {});
}

export function want(on, changed) {
  localStorage.setItem(WISH, on ? "on" : "off");
  if (on) {
    begin(changed);
    note(660, 0, 0.12); // so that one hears that it works
  } else {
    context?.close();
    context = null;
  }
}

function note(pitch, at, length) {
  if (!context) return;
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

const tunes = { // [high, low, times]
  critical: [988, 740, 4], major: [880, 660, 3], minor: [660, 550, 1], warning: [660, 550, 1],
  drill: [523, 659, 1], // upwards: a drill sounds like nothing else
};

export function beep(tune) {
  if (!listening() || !tune) return;
  const [high, low, times] = tunes[tune];
  for (let i = 0; i < times; i++) {
    note(high, i * 0.36, 0.16);
    note(low, i * 0.36 + 0.18, 0.16);
  }
}

/** This screen can be trusted with nothing now: one low tone. */
export const hum = () => listening() && note(220, 0, 0.9);
