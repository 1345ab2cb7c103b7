import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { speak } from "../../messages";
import { nextPath, SignInPage } from "./SignInPage";

const SESSION = { person: { id: "p", name: "ann", role: "admin", active: true, created_at: "" }, embedded: true };

function page(status: number, body: object) {
  const fetched = vi.fn<typeof fetch>(async () => new Response(JSON.stringify(body), { status }));
  vi.stubGlobal("fetch", fetched);
  const client = new QueryClient({ defaultOptions: { mutations: { retry: false } } });
  render(
    <QueryClientProvider client={client}>
      <SignInPage />
    </QueryClientProvider>,
  );
  return fetched;
}

beforeEach(() => {
  vi.stubGlobal("scrollTo", () => undefined);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  window.history.replaceState(null, "", "/");
});

describe("the sign-in page", () => {
  it("spends the link's token once, takes it out of the address and goes on", async () => {
    window.history.replaceState(null, "", "/sign-in?next=%2Fruns%2Fr1%2Flabel#token=abc");
    const fetched = page(200, SESSION);
    await waitFor(() => expect(window.location.pathname).toBe("/runs/r1/label"));
    expect(window.location.hash).toBe("");
    expect(fetched).toHaveBeenCalledOnce();
    expect(fetched.mock.calls[0]![1]!.body).toBe(`{"token":"abc"}`);
  });

  it("says that a link was used, and offers the form", async () => {
    window.history.replaceState(null, "", "/sign-in#token=old");
    page(401, { error: "LinkError", detail: "used" });
    expect((await screen.findByRole("alert")).textContent).toMatch(/does not work any more/);
    expect(screen.getByLabelText("Password")).toBeDefined();
  });

  it("says that the password is wrong and clears it", async () => {
    window.history.replaceState(null, "", "/sign-in");
    page(401, { error: "WrongPasswordError", detail: "no" });
    fireEvent.change(screen.getByLabelText("Name"), { target: { value: "ann" } });
    fireEvent.change(screen.getByLabelText("Password"), { target: { value: "wrong" } });
    fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
    expect((await screen.findByRole("alert")).textContent).toBe("Name or password is not right.");
    expect((screen.getByLabelText("Password") as HTMLInputElement).value).toBe("");
  });

  it("offers each language by its own name, and keeps the choice", async () => {
    window.history.replaceState(null, "", "/sign-in");
    page(401, { error: "NotSignedInError", detail: "no" });
    expect(screen.getByRole("button", { name: "English" }).getAttribute("aria-pressed")).toBe("true");
    fireEvent.click(screen.getByRole("button", { name: "简体中文" }));
    await waitFor(() => expect(document.documentElement.lang).toBe("zh-Hans"));
    expect(localStorage.getItem("ucal.language")).toBe("zh");
    await speak("en");
    localStorage.removeItem("ucal.language");
  });

  it("goes on only to a page of its own", () => {
    expect(nextPath("?next=/runs/r1")).toBe("/runs/r1");
    expect(nextPath("?next=//evil.example")).toBe("/");
    expect(nextPath("?next=/\\evil.example")).toBe("/");
    expect(nextPath("?next=https://evil.example")).toBe("/");
    expect(nextPath("")).toBe("/");
  });
});
