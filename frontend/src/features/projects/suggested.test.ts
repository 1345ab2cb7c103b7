import { describe, expect, it } from "vitest";
import { suggested } from "./suggested";

const leopards = Array.from({ length: 24 }, (_, at) => {
  const station = "ABC"[at % 3]!;
  return `survey/cam${station}/2021-05-0${1 + (at % 5)}_leopard${at % 6}_00${10 + at}.jpg`;
});

describe("patterns to start from", () => {
  it("take folders for cameras and the part that repeats for the identity, dates and numbers left out", () => {
    expect(suggested([...leopards, "survey/camA/notes.txt", "survey/camA/a_broken_one.jpg"])[0]).toBe("{camera}/*_{identity}_*");
  });

  it("name a part at either end of the name", () => {
    expect(suggested(["owl-1.png", "owl-2.png", "lynx-3.png", "lynx-4.png"])[0]).toBe("{identity}-*");
    expect(suggested(["1 owl.png", "2 owl.png", "3 lynx.png", "4 lynx.png"])[0]).toBe("* {identity}");
  });

  it("are general ones where the names say nothing", () => {
    const general = suggested([]);
    expect(general.length).toBeGreaterThan(1);
    expect(suggested(["IMG1.jpg", "IMG2.jpg", "IMG3.jpg"])).toEqual(general);
  });
});
