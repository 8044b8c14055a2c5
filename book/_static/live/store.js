// The reader's own digit: drawn once, kept in this browser, read by every instrument of the book.

const KEY = "lenet-digit";
const LENGTH = 28 * 28;

/** Keep 28x28 bytes; false where the browser keeps nothing. */
export function keepDigit(bytes) {
  try {
    localStorage.setItem(KEY, btoa(String.fromCharCode(...bytes)));
    return true;
  } catch {
    return false;
  }
}

/** The kept digit, or null where there is none. */
export function keptDigit() {
  try {
    const bytes = bytesOf(localStorage.getItem(KEY));
    return bytes.length === LENGTH && bytes.some((ink) => ink > 0) ? bytes : null;
  } catch {
    return null; // forbidden, nothing kept, or damaged
  }
}

export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
