// @vitest-environment node
import { describe, expect, it } from "vitest";
import { NotUtf8 } from "./utf8";
import { NotAZip, zipLook } from "./zipNames";

type Content = string | Uint8Array<ArrayBuffer>;
interface Packed {
  method?: number; // 0: stored, 8: deflated
  flags?: number;
  size?: number; // what the directory says of the size, in place of the truth
}

async function deflated(plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([plain]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer());
}

const bytesOf = (content: Content): Uint8Array<ArrayBuffer> => (typeof content === "string" ? new TextEncoder().encode(content) : content);

/** A zip as a packer writes it: local headers with their files, the directory, the end. */
async function zipOf(files: Record<string, Content>, { comment = "", method = 0, flags = 0, size }: Packed & { comment?: string } = {}): Promise<Blob> {
  const parts: Uint8Array[] = [new Uint8Array(5)]; // something before the first file
  const entries: Uint8Array[] = [];
  const lengthOf = (all: Uint8Array[]) => all.reduce((sum, part) => sum + part.length, 0);
  for (const [name, content] of Object.entries(files)) {
    const text = new TextEncoder().encode(name);
    const plain = bytesOf(content);
    const packed = method === 8 ? await deflated(plain) : plain;
    const at = lengthOf(parts);
    const local = new Uint8Array(30 + text.length + 4); // with an extra field
    const head = new DataView(local.buffer);
    head.setUint32(0, 0x04034b50, true);
    head.setUint16(26, text.length, true);
    head.setUint16(28, 4, true);
    local.set(text, 30);
    parts.push(local, packed);
    const entry = new Uint8Array(46 + text.length + 3);
    const view = new DataView(entry.buffer);
    view.setUint32(0, 0x02014b50, true);
    view.setUint16(8, flags, true);
    view.setUint16(10, method, true);
    view.setUint32(20, packed.length, true);
    view.setUint32(24, size ?? plain.length, true);
    view.setUint16(28, text.length, true);
    view.setUint16(30, 3, true); // an extra field
    view.setUint32(42, at, true);
    entry.set(text, 46);
    entries.push(entry);
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(10, entries.length, true);
  end.setUint32(12, lengthOf(entries), true);
  end.setUint32(16, lengthOf(parts), true);
  return new Blob([...parts, ...entries, end.buffer, comment] as BlobPart[]);
}

const LINES = "path,identity\nLüchs_1.jpg,山\n";

describe("the names in a zip", () => {
  it("are read from its directory, folders left out, whatever comment follows", async () => {
    const zip = await zipOf({ "a/": "", "a/Lüchs_c1.jpg": "x", "山.png": "y" }, { comment: "packed by hand" });
    expect(await zipLook(zip)).toEqual({ names: ["a/Lüchs_c1.jpg", "山.png"], manifest: null });
    expect(await zipLook(await zipOf({}))).toEqual({ names: [], manifest: null });
  });

  it("cannot be read from something else", async () => {
    await expect(zipLook(new Blob(["PK, but no zip"]))).rejects.toBeInstanceOf(NotAZip);
  });
});

describe("the manifest in a zip", () => {
  it("is read whether it is stored or deflated, and the outermost one counts", async () => {
    const files = { "set/deep/manifest.csv": "path\nother.jpg\n", "__MACOSX/manifest.csv": "x", "set/manifest.csv": LINES };
    for (const method of [0, 8]) expect((await zipLook(await zipOf(files, { method })))?.manifest).toBe(LINES);
    expect((await zipLook(await zipOf({ "manifest.csv": `\ufeff${LINES}` }, { method: 8 })))?.manifest).toBe(LINES);
  });

  it("is left to the import where it is large, encrypted or packed in another way", async () => {
    for (const packed of [{ size: 9 * 2 ** 20 }, { flags: 1 }, { method: 12 }])
      expect((await zipLook(await zipOf({ "manifest.csv": LINES }, packed)))?.manifest).toBeNull();
  });

  it("is refused where it is no UTF-8, or unfolds to more than it says", async () => {
    const latin = new Uint8Array([112, 97, 116, 104, 10, 0xfc, 46, 106, 112, 103]);
    await expect(zipLook(await zipOf({ "manifest.csv": latin }))).rejects.toBeInstanceOf(NotUtf8);
    await expect(zipLook(await zipOf({ "manifest.csv": LINES }, { method: 8, size: 4 }))).rejects.toBeInstanceOf(NotAZip);
  });
});
