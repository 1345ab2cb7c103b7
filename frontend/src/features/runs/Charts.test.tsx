import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Round } from "../../api/types";
import { Charts } from "./Charts";

vi.mock("./Chart", () => ({ default: () => <p>drawn</p> }));

const round = (changes: Partial<Round>) => ({ round: 0, answers: 5, pairwise: null, ...changes }) as Round;

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("the charts", () => {
  it("show the same figures as a table", async () => {
    const rounds = [round({ mAP: 0.5, rank1: null, ari: null, pairwise: { f1: 0.25 } })];
    render(<Charts rounds={rounds} losses={[]} />);
    fireEvent.click(screen.getByRole("button", { name: "Quality: Table" }));
    const cells = screen.getAllByRole("cell").map((cell) => cell.textContent);
    expect(cells).toEqual(["1", "50.0\u00a0%", "25.0\u00a0%"]);
  });

  it("say why there is nothing to draw", () => {
    render(<Charts rounds={[round({ mAP: null, rank1: null, ari: null })]} losses={[]} />);
    expect(screen.getByText(/Identities are not known/)).toBeDefined();
    expect(screen.getByText(/Appears when training starts/)).toBeDefined();
  });
});
