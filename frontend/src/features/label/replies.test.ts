import { describe, expect, it } from "vitest";
import { lease } from "./fakes";
import { pairReply } from "./replies";

const item = (swapped: boolean) => ({ lease: lease("q"), swapped });

describe("the reply to a pair", () => {
  it("names bad sides as they are stored, however they stand on the screen", () => {
    expect(pairReply(item(true), "bad_image", ["left"])).toEqual({ verdict: "bad_image", bad_sides: ["right"] });
    expect(pairReply(item(false), "bad_image", ["left"])).toEqual({ verdict: "bad_image", bad_sides: ["left"] });
  });

  it("names the odd images of a mixed group, and none where there are none", () => {
    expect(pairReply(item(false), "different", [], ["q-b1"])).toEqual({ verdict: "different", bad_sides: [], odd: ["q-b1"] });
    expect(pairReply(item(false), "same")).not.toHaveProperty("odd");
    expect(pairReply(item(false), "bad_image", ["left", "right"], ["q-b1"])).not.toHaveProperty("odd");
  });
});
