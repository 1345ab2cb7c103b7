import { afterEach, describe, expect, it } from "vitest";
import { speak } from "../messages";
import { endingOf } from "./ending";

const DRY =
  "the queue has run dry: no page is worth an action any more (the model's own, optimistic estimate of pairwise F1 is 0.973; only a random audit can tell)";
const HOPELESS = "these features cannot tell the identities apart: of the 12 groups that looked most alike, 1 were the same";

afterEach(() => speak("en"));

describe("why a run ended", () => {
  it("keeps the figures that the server tells", () => {
    expect(endingOf(DRY)).toContain("pairwise F1 of 0.973;");
    expect(endingOf(HOPELESS)).toMatch(/12 groups .* 1 were/);
    expect(endingOf("the budget is spent")).toBe("the budget is spent");
  });

  it("is said in the page's language", async () => {
    await speak("zh");
    expect(endingOf(DRY)).toContain("0.973");
    expect(endingOf(DRY)).not.toContain("optimistic");
    expect(endingOf("nothing left to ask")).not.toContain("nothing");
    expect(endingOf("something new")).toBe("something new");
  });
});
