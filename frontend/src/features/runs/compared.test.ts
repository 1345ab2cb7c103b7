import { describe, expect, it } from "vitest";
import type { Round, Run } from "../../api/types";
import { againstOf, differencesOf } from "./compared";

const run = (name: string, config: Record<string, unknown>) => ({ id: name, name, config }) as Run;
const round = (answers: number, f1: number | null) => ({ answers, pairwise: f1 === null ? null : { f1 }, ari: null }) as Round;

describe("runs side by side", () => {
  it("are drawn over the answers that any of them had", () => {
    const figure = againstOf(
      [
        { run: run("a", {}), rounds: [round(0, 0.1), round(0, 0.2), round(10, 0.5)] },
        { run: run("b", {}), rounds: [round(4, 0.3)] },
        { run: run("no truth", {}), rounds: [round(7, null)] },
      ],
      "f1",
    );
    expect(figure.x).toEqual([0, 4, 7, 10]);
    expect(figure.series).toEqual([
      { name: "a", values: [0.2, null, null, 0.5] },
      { name: "b", values: [null, 0.3, null, null] },
    ]);
  });

  it("tell the settings in which they differ, and no others", () => {
    const runs = [run("a", { seed: 0, budget: null, base: "spcl" }), run("b", { seed: 1, base: "spcl" })];
    expect(differencesOf(runs)).toEqual([{ setting: "seed", values: ["0", "1"] }]);
  });
});
