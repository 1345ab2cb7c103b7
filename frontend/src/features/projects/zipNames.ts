/** The names in a zip, read from its directory at the end: the file stays where it is until it is sent. */

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const END_BYTES = 22;
const MOST_COMMENT = 0xffff;
const MOST_NAMES = 500_000;

export class NotAZip extends Error {}

/** Give the names of the files in a zip (folders left out). Zip64 archives are not read: null. */
export async function zipNames(file: Blob): Promise<string[] | null> {
  const from = Math.max(0, file.size - END_BYTES - MOST_COMMENT);
  const tail = new DataView(await file.slice(from).arrayBuffer());
  let end = tail.byteLength - END_BYTES;
  while (end >= 0 && tail.getUint32(end, true) !== END) end -= 1;
  if (end < 0) throw new NotAZip();
  const size = tail.getUint32(end + 12, true);
  const start = tail.getUint32(end + 16, true);
  if (size === 0xffffffff || start === 0xffffffff) return null;
  const bytes = await file.slice(start, start + size).arrayBuffer();
  return namesOf(new DataView(bytes), bytes);
}

function namesOf(view: DataView, bytes: ArrayBuffer): string[] {
  const utf8 = new TextDecoder();
  const names: string[] = [];
  let at = 0;
  while (at + 46 <= view.byteLength && view.getUint32(at, true) === ENTRY && names.length < MOST_NAMES) {
    const length = view.getUint16(at + 28, true);
    const name = utf8.decode(bytes.slice(at + 46, at + 46 + length));
    if (!name.endsWith("/")) names.push(name);
    at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return names;
}
