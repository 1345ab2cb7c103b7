import { describe, expect, it } from "vitest";
import type { Preset } from "../../api/types";
import { inOrder } from "./NewRunDialog";

const preset = (name: string): Preset => ({ name, title: name, description: "", config: {} });

describe("the choices of a new run", () => {
  it("begin with what needs no GPU and asks people; the others keep their order", () => {
    const names = inOrder(["demo", "paper", "generated", "pages", "another"].map(preset)).map(({ name }) => name);
    expect(names).toEqual(["pages", "demo", "paper", "generated", "another"]);
  });
});
