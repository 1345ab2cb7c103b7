import { afterEach, describe, expect, it, vi } from "vitest";
import { api, onSignedOut } from "./client";
import { ApiError, isPassing, NetworkError } from "./errors";

function answerWith(status: number, body: string) {
  const fetched = vi.fn<typeof fetch>(async () => new Response(status === 204 ? null : body, { status }));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

afterEach(() => vi.unstubAllGlobals());

describe("a request", () => {
  it("carries the header that other sites cannot send, and JSON", async () => {
    const fetched = answerWith(200, `{"id":"x"}`);
    expect(await api.post("/projects", { name: "a" })).toEqual({ id: "x" });
    const [url, init] = fetched.mock.calls[0]!;
    expect(url).toBe("/api/v1/projects");
    expect(init).toMatchObject({ method: "POST", body: `{"name":"a"}` });
    expect(init!.headers).toMatchObject({ "X-UCAL": "1", "Content-Type": "application/json" });
  });

  it("that is refused throws the server's words", async () => {
    answerWith(422, `{"error":"ConfigError","detail":"epochs: expected 1 to 100000, got 0"}`);
    await expect(api.get("/x")).rejects.toMatchObject({
      status: 422,
      kind: "ConfigError",
      message: "epochs: expected 1 to 100000, got 0",
    });
  });

  it("that a proxy answered with its own page still throws an ApiError", async () => {
    answerWith(502, "<html>bad gateway</html>");
    const error = await api.get("/x").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(isPassing(error)).toBe(true);
  });

  it("that nobody answers throws a NetworkError", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    await expect(api.get("/x")).rejects.toBeInstanceOf(NetworkError);
  });

  it("answered with no content gives nothing", async () => {
    answerWith(204, "");
    expect(await api.delete("/session")).toBeUndefined();
  });

  it("refused for want of a session tells those who listen, but not while signing in", async () => {
    answerWith(401, `{"error":"NotSignedInError","detail":"sign in"}`);
    const listener = vi.fn();
    const stop = onSignedOut(listener);
    await api.post("/session", {}).catch(() => undefined);
    expect(listener).not.toHaveBeenCalled();
    await api.get("/projects").catch(() => undefined);
    expect(listener).toHaveBeenCalledOnce();
    stop();
  });
});
