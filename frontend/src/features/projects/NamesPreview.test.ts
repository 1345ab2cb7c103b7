import { afterEach, describe, expect, it } from "vitest";
import { speak } from "../../messages";
import { inOurWords } from "./NamesPreview";

const SERVER = "1 of 3 images are not named like {camera}_{identity}: they have no identity and no camera.";

afterEach(() => speak("en"));

describe("the server's notices", () => {
  it("are said in the page's language where it has them", async () => {
    expect(inOurWords(SERVER)).toBe(SERVER);
    await speak("zh");
    expect(inOurWords(SERVER)).toContain("{camera}_{identity}");
    expect(inOurWords(SERVER)).not.toContain("named like");
    expect(inOurWords("something new")).toBe("something new");
  });
});
