/** A text file that is not in UTF-8: read as if it were, its names would be wrong without a word. */
export class NotUtf8 extends Error {}

/** Give the text of bytes that must be UTF-8 (a mark at their start is dropped). */
export function utf8Of(bytes: BufferSource): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new NotUtf8();
  }
}
