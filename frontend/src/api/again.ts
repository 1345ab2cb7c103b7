/** Signing in anew over a page: whoever had to stop is told to go on. */
const listeners = new Set<() => void>();

export function onSignedInAgain(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function signedInAgain(): void {
  listeners.forEach((listener) => listener());
}
