import { useSyncExternalStore } from "react";

export type Theme = "dark" | "light" | "system";

const KEY = "ucal.theme"; // read by public/theme.js before the first paint
const THEMES: readonly Theme[] = ["dark", "light", "system"];
const listeners = new Set<() => void>();
const prefersLight = () => window.matchMedia("(prefers-color-scheme: light)");

export function wantedTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === kept) ?? "dark";
  } catch {
    return "dark";
  }
}

export function setTheme(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It holds for this page then.
  }
  apply(theme);
}

function apply(theme: Theme): void {
  const shown = theme === "system" ? (prefersLight().matches ? "light" : "dark") : theme;
  document.documentElement.dataset["theme"] = shown;
  listeners.forEach((listener) => listener());
}

/** Follow the system's change of mind while "as the system" is chosen. */
export function watchSystemTheme(): void {
  prefersLight().addEventListener("change", () => wantedTheme() === "system" && apply("system"));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The theme on the screen; charts are drawn anew when it changes. */
export function useShownTheme(): string {
  return useSyncExternalStore(subscribe, () => document.documentElement.dataset["theme"] ?? "dark");
}
