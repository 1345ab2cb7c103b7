import { describe, expect, it } from "vitest";
import { image } from "./fakes";
import { trialsOf, trueReply, wrongTiles } from "./practice";

const practice = {
  project_id: "p",
  project_name: "Yard",
  pairs: [{ left: image("a"), right: image("b"), same: true }],
  anchor: image("n"),
  tiles: [
    { image: image("t"), ticked: false, same: true },
    { image: image("u"), ticked: true, same: false },
    { image: image("v"), ticked: false, same: false },
  ],
};

describe("a practice round", () => {
  it("asks its pairs and then its page, as the label page would", () => {
    const [pair, page] = trialsOf(practice);
    expect(pair!.same).toBe(true);
    expect(pair!.item.lease.question.kind).toBe("pair");
    expect(page!.item.lease.question.tiles.map((tile) => tile.ticked)).toEqual([false, true, false]);
  });

  it("names the tiles that were not right; what is left out is not wrong", () => {
    const page = trialsOf(practice)[1]!;
    const said = (t: "same" | "different", u: "same" | "unsure") => ({
      tiles: [
        { image: "t", verdict: t, odd: [] },
        { image: "u", verdict: u, odd: [] },
        { image: "v", verdict: "different" as const, odd: [] },
      ],
    });
    expect([...wrongTiles(page, said("different", "same"))]).toEqual(["t", "u"]);
    expect([...wrongTiles(page, said("same", "unsure"))]).toEqual([]);
    expect(wrongTiles(page, trueReply(page)).size).toBe(0);
  });
});
