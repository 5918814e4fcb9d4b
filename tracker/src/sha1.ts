/** SHA-1 as hexadecimal text. It names cookies as Matomo does, so that known visitors stay known; nothing secret rests on it. */
export const sha1 = (message: string): string => {
  const bytes = unescape(encodeURIComponent(message));
  const words: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    words[i >> 2] = (words[i >> 2] as number) | (bytes.charCodeAt(i) << (24 - (i & 3) * 8));
  }
  words[bytes.length >> 2] = (words[bytes.length >> 2] as number) | (128 << (24 - (bytes.length & 3) * 8));
  const lastWord = (((bytes.length + 8) >> 6) << 4) + 15;
  words[lastWord] = bytes.length * 8;

  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
  const schedule: number[] = [];
  for (let block = 0; block <= lastWord; block += 16) {
    let [a, b, c, d, e] = state as [number, number, number, number, number];
    for (let i = 0; i < 80; i++) {
      const at = (back: number) => schedule[i - back] as number;
      schedule[i] = i < 16 ? (words[block + i] as number) | 0 : rotate(at(3) ^ at(8) ^ at(14) ^ at(16), 1);
      const round = (i / 20) | 0;
      const mixed =
        round === 0
          ? ((b & c) | (~b & d)) + 0x5a827999
          : round === 1
            ? (b ^ c ^ d) + 0x6ed9eba1
            : round === 2
              ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
              : (b ^ c ^ d) + 0xca62c1d6;
      const next = (rotate(a, 5) + mixed + e + (schedule[i] as number)) | 0;
      e = d;
      d = c;
      c = rotate(b, 30);
      b = a;
      a = next;
    }
    [a, b, c, d, e].forEach((word, i) => {
      state[i] = ((state[i] as number) + word) | 0;
    });
  }
  return state.map((word) => `0000000${(word >>> 0).toString(16)}`.slice(-8)).join("");
};
