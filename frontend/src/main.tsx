import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { isPassing } from "./api/errors";
import "./app/tokens.css";
import "./app/base.css";
import "./components/components.css";
import { App } from "./app/App";
import { watchSystemTheme } from "./components/theme";

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

watchSystemTheme();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
