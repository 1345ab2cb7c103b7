import { useEffect, useState, useSyncExternalStore } from "react";
import { onSignedInAgain } from "../../api/again";
import { labelApi } from "./api";
import { LabelEngine } from "./engine";
import { decodeQuestion, warm } from "./images";
import { IdbOpStore } from "./store";
import type { Snapshot } from "./types";

/** One engine per run and person, alive while the page is open. */
export function useEngine(runId: string, personId: string): [LabelEngine, Snapshot] {
  const [engine] = useState(
    () =>
      new LabelEngine({
        api: labelApi(runId),
        store: new IdbOpStore(personId, runId),
        decode: decodeQuestion,
        warm,
        random: Math.random,
        newId: newAnswerId,
        now: () => performance.now(),
        isVisible: () => !document.hidden,
      }),
  );
  useEffect(() => {
    engine.start();
    const stopListening = listen(engine);
    return () => {
      stopListening();
      engine.stop();
    };
  }, [engine]);
  return [engine, useSyncExternalStore(engine.subscribe, engine.read)];
}

/** `crypto.randomUUID` exists only on secure pages; a server on the local network has plain http. */
function newAnswerId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function listen(engine: LabelEngine): () => void {
  const seen = () => document.hidden || engine.resume();
  const leave = () => engine.stop(true);
  const back = (event: PageTransitionEvent) => event.persisted && engine.start();
  const online = () => engine.resume();
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", back);
  window.addEventListener("online", online);
  const stopAgain = onSignedInAgain(online);
  return () => {
    document.removeEventListener("visibilitychange", seen);
    window.removeEventListener("pagehide", leave);
    window.removeEventListener("pageshow", back);
    window.removeEventListener("online", online);
    stopAgain();
  };
}
