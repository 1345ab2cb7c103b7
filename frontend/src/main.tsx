import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { isPassing } from "./api/errors";
import "./app/tokens.css";
import "./app/base.css";
import "./components/components.css";
import { App } from "./app/App";
import { watchSystemTheme } from "./components/theme";
import { onLanguage, shownLanguage, speak, wantedLanguage } from "./messages";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always", // the server may be on this very machine
      retry: (count, error) => isPassing(error) && count < 2,
      staleTime: 1000,
    },
    mutations: { networkMode: "always" },
  },
});

/** Every word is read while drawing, so a change of language draws everything anew. */
function InLanguage() {
  const language = useSyncExternalStore(onLanguage, shownLanguage);
  return <App key={language} />;
}

function draw(): void {
  createRoot(document.getElementById("root")!).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <InLanguage />
      </QueryClientProvider>
    </StrictMode>,
  );
}

/** Without any words there is no page: say so in the plainest way. */
function tell(): void {
  document.getElementById("root")!.textContent = "UCAL could not be loaded. Reload the page to try again.";
}

watchSystemTheme();
speak(wantedLanguage())
  .catch(() => speak("en")) // words that cannot be had: English
  .then(draw, tell);
