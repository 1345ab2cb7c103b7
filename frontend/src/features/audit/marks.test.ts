import { describe, expect, it } from "vitest";
import type { Task } from "./api";
import { canSearchOn, findingOf, MOST_PAGES, NONE, PAGE, toggled } from "./marks";

const image = (row: number) => ({ id: `i${row}`, row, key: `${row}.jpg`, width: 1, height: 1, camera: null });
const task = (found: number): Task => ({
  image: image(0),
  mates: [image(1), image(2)],
  found: Array.from({ length: found }, (_, index) => image(10 + index)),
});

describe("marks of a drawn image", () => {
  it("are set and taken away one by one", () => {
    const marked = toggled(toggled(toggled(NONE, "wrong", "i1"), "same", "i10"), "same", "i11");
    expect(marked).toEqual({ wrong: ["i1"], same: ["i10", "i11"], pages: 1 });
    expect(toggled(marked, "same", "i10").same).toEqual(["i11"]);
    expect(NONE).toEqual({ wrong: [], same: [], pages: 1 });
  });

  it("say what is sent, with the time within the server's limits", () => {
    const marks = { wrong: ["i2"], same: ["i10"], pages: 2 };
    expect(findingOf(task(30), marks, 4.5)).toEqual({ image: "i0", wrong: ["i2"], elsewhere: ["i10"], pages: 2, seconds: 4.5 });
    expect(findingOf(task(30), marks, 1e6).seconds).toBe(86_400);
    expect(findingOf(task(30), marks, -1).seconds).toBe(0);
  });
});

describe("a search", () => {
  it("goes on while its pages are full, ten at most", () => {
    expect(canSearchOn(task(PAGE), NONE)).toBe(true);
    expect(canSearchOn(task(PAGE - 1), NONE)).toBe(false);
    expect(canSearchOn(task(PAGE), { ...NONE, pages: 2 })).toBe(false);
    expect(canSearchOn(task(PAGE * MOST_PAGES), { ...NONE, pages: MOST_PAGES })).toBe(false);
  });
});
