import { say } from "../../components/Toasts";
import { chooseLanguage, LANGUAGES, m, shownLanguage } from "../../messages";

/** For those who are not signed in yet, and so have no menu: each language by its own name. */
export function LanguageSwitch() {
  return (
    <div className="languages" role="group" aria-label={m.session.language}>
      {LANGUAGES.map(([language, name]) => (
        <button
          key={language}
          type="button"
          lang={language === "zh" ? "zh-Hans" : language}
          aria-pressed={language === shownLanguage()}
          onClick={() => void chooseLanguage(language).catch(() => say(m.errors.network))}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
