/** The names in a zip, and its manifest, read from the file where it lies: nothing is sent for it. */
import { utf8Of } from "./utf8";

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const FILE = 0x04034b50;
const END_BYTES = 22;
const FILE_BYTES = 30;
const MOST_COMMENT = 0xffff;
const MOST_NAMES = 500_000;
const MOST_MANIFEST = 8 * 2 ** 20; // bytes, unpacked: what a preview may send to be read
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const MANIFEST = "manifest.csv";

export class NotAZip extends Error {}

/** What a zip says of itself before it is sent. */
export interface ZipLook {
  names: string[]; // of its files, folders left out
  manifest: string | null; // the text of its outermost manifest.csv; null: none, or not to be read here
}

interface Entry {
  name: string;
  flags: number;
  method: number;
  packed: number; // bytes
  size: number; // bytes, unpacked
  at: number; // where its local header begins
}

/** Look at a zip. Zip64 archives are not read: null. A manifest that is no UTF-8 is refused, as the import would. */
export async function zipLook(file: Blob): Promise<ZipLook | null> {
  const entries = await entriesOf(file);
  if (entries === null) return null;
  const manifest = outermost(entries);
  return { names: entries.map((entry) => entry.name), manifest: manifest && (await textOf(file, manifest)) };
}

async function entriesOf(file: Blob): Promise<Entry[] | null> {
  const from = Math.max(0, file.size - END_BYTES - MOST_COMMENT);
  const tail = new DataView(await file.slice(from).arrayBuffer());
  let end = tail.byteLength - END_BYTES;
  while (end >= 0 && tail.getUint32(end, true) !== END) end -= 1;
  if (end < 0) throw new NotAZip();
  const size = tail.getUint32(end + 12, true);
  const start = tail.getUint32(end + 16, true);
  if (size === 0xffffffff || start === 0xffffffff) return null;
  const bytes = await file.slice(start, start + size).arrayBuffer();
  return listed(new DataView(bytes), bytes);
}

function listed(view: DataView, bytes: ArrayBuffer): Entry[] {
  const utf8 = new TextDecoder();
  const entries: Entry[] = [];
  let at = 0;
  while (at + 46 <= view.byteLength && view.getUint32(at, true) === ENTRY && entries.length < MOST_NAMES) {
    const length = view.getUint16(at + 28, true);
    const name = utf8.decode(bytes.slice(at + 46, at + 46 + length));
    const entry: Entry = {
      name,
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
    };
    if (!name.endsWith("/")) entries.push(entry);
    at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

const depthOf = (name: string): number => name.split("/").length;

/** The manifest.csv that lies least deep; whether it stands at the top is for the server to say. */
function outermost(entries: readonly Entry[]): Entry | null {
  const found = entries.filter(({ name }) => name.split("/").at(-1) === MANIFEST && !name.startsWith("__MACOSX/"));
  return found.sort((one, two) => depthOf(one.name) - depthOf(two.name))[0] ?? null;
}

async function textOf(file: Blob, entry: Entry): Promise<string | null> {
  if (entry.flags & ENCRYPTED || Math.max(entry.size, entry.packed) > MOST_MANIFEST) return null;
  if (entry.method !== STORED && entry.method !== DEFLATED) return null;
  const head = new DataView(await file.slice(entry.at, entry.at + FILE_BYTES).arrayBuffer());
  if (head.byteLength < FILE_BYTES || head.getUint32(0, true) !== FILE) throw new NotAZip();
  const start = entry.at + FILE_BYTES + head.getUint16(26, true) + head.getUint16(28, true);
  return utf8Of(await unpacked(file.slice(start, start + entry.packed), entry));
}

/** An entry's bytes; at most as many as it says it has, whatever the packed ones unfold to. */
async function unpacked(packed: Blob, { method, size }: Entry): Promise<BufferSource> {
  if (method === STORED) return packed.arrayBuffer();
  const bytes = new Uint8Array(size);
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new NotAZip();
    });
    if (done) break;
    if (filled + value.length > size) throw new NotAZip();
    bytes.set(value, filled);
    filled += value.length;
  }
  return bytes.subarray(0, filled);
}
