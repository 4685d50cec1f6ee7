// The captcha's work, off the page's thread: find the number whose SHA-256 with the salt is the
// challenge (altcha's proof of work). Written out, because crypto.subtle is missing over plain http.

const K = new Uint32Array(64);
const START = new Uint32Array(8);

(function fillConstants() {
  // the first 64 primes: fractional parts of their cube roots; of the first eight, square roots
  const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) >>> 0;
  let found = 0;
  for (let n = 2; found < 64; n += 1) {
    let prime = true;
    for (let d = 2; d * d <= n; d += 1) if (n % d === 0) prime = false;
    if (!prime) continue;
    if (found < 8) START[found] = fraction(Math.sqrt(n));
    K[found] = fraction(Math.cbrt(n));
    found += 1;
  }
})();

const W = new Uint32Array(64);

function compress(state, block, offset) {
  for (let i = 0; i < 16; i += 1) {
    const at = offset + 4 * i;
    W[i] = (block[at] << 24) | (block[at + 1] << 16) | (block[at + 2] << 8) | block[at + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const x = W[i - 15];
    const y = W[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/** The digest of ASCII text, as eight numbers. */
function sha256(text) {
  const length = text.length;
  const block = new Uint8Array(((length + 8) >> 6) * 64 + 64);
  for (let i = 0; i < length; i += 1) block[i] = text.charCodeAt(i);
  block[length] = 0x80;
  new DataView(block.buffer).setUint32(block.length - 4, length * 8);
  const state = START.slice();
  for (let at = 0; at < block.length; at += 64) compress(state, block, at);
  return state;
}

function wanted(hex) {
  return Uint32Array.from({ length: 8 }, (_, i) => Number.parseInt(hex.slice(8 * i, 8 * i + 8), 16));
}

self.onmessage = (event) => {
  const { salt, challenge, maxNumber } = event.data;
  const goal = wanted(challenge);
  for (let number = 0; number <= maxNumber; number += 1) {
    const digest = sha256(salt + number);
    if (digest[0] === goal[0] && digest.every((word, i) => word === goal[i])) {
      self.postMessage(number);
      return;
    }
  }
  self.postMessage(null);
};
