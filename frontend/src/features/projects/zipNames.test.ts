// @vitest-environment node
import { describe, expect, it } from "vitest";
import { NotAZip, zipNames } from "./zipNames";

/** A zip's directory and end, as a packer writes them; the files themselves are not needed for their names. */
function zipOf(names: string[], comment = ""): Blob {
  const entries = names.map((name) => {
    const text = new TextEncoder().encode(name);
    const entry = new Uint8Array(46 + text.length + 3);
    const view = new DataView(entry.buffer);
    view.setUint32(0, 0x02014b50, true);
    view.setUint16(28, text.length, true);
    view.setUint16(30, 3, true); // an extra field
    entry.set(text, 46);
    return entry;
  });
  const size = entries.reduce((sum, entry) => sum + entry.length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(10, names.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, 5, true);
  return new Blob([new Uint8Array(5), ...entries, end.buffer, comment]);
}

describe("the names in a zip", () => {
  it("are read from its directory, folders left out, whatever comment follows", async () => {
    const names = ["a/", "a/Lüchs_c1.jpg", "山.png"];
    expect(await zipNames(zipOf(names, "packed by hand"))).toEqual(names.slice(1));
    expect(await zipNames(zipOf([]))).toEqual([]);
  });

  it("cannot be read from something else", async () => {
    await expect(zipNames(new Blob(["PK, but no zip"]))).rejects.toBeInstanceOf(NotAZip);
  });
});
