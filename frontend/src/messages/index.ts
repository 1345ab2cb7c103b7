/** The words on the screen, in the language that was chosen. `m` changes with it; the page is then drawn anew. */
import type { Messages } from "./en";
import { setLocale } from "./locale";

export { n } from "./locale";
export type { Messages } from "./en";
export type Language = "en" | "zh";

export const LANGUAGES: readonly [Language, string][] = [
  ["en", "English"],
  ["zh", "简体中文"],
];

const KEY = "ucal.language";
const LOCALES: Record<Language, string> = { en: "en-GB", zh: "zh-CN" };
const TAGS: Record<Language, string> = { en: "en", zh: "zh-Hans" };
const listeners = new Set<() => void>();
let shown: Language = "en";

/** Nothing is drawn before `speak` has brought the first words. */
export let m: Messages;

export function shownLanguage(): Language {
  return shown;
}

/** The language kept in this browser, else the browser's own where we have it, else English. */
export function wantedLanguage(): Language {
  try {
    const kept = LANGUAGES.find(([name]) => name === localStorage.getItem(KEY));
    if (kept) return kept[0];
  } catch {
    // A browser that keeps nothing has no choice kept.
  }
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** Speak another language; its words are fetched first. Rejects, and changes nothing, when they cannot be had. */
export async function speak(language: Language): Promise<void> {
  m = language === "zh" ? (await import("./zh")).zh : (await import("./en")).en;
  shown = language;
  setLocale(LOCALES[language]);
  document.documentElement.lang = TAGS[language];
  listeners.forEach((listener) => listener());
}

export async function chooseLanguage(language: Language): Promise<void> {
  await speak(language);
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // It holds for this page then.
  }
}

export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
