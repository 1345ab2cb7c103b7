import { useEffect, useState } from "react";
import type { Snapshot } from "./types";

const BRIEF_MS = 1500;

/** The next questions are often chosen within a second: a wait that short is not worth a screen of its own. */
export function usePatience(view: Snapshot): Snapshot {
  const waits = !view.current && !view.fatal && !view.offline && view.empty === "waiting_for_model";
  const [long, setLong] = useState(false);
  useEffect(() => {
    if (!waits) return;
    const timer = setTimeout(() => setLong(true), BRIEF_MS);
    return () => {
      clearTimeout(timer);
      setLong(false);
    };
  }, [waits]);
  return waits && !long ? { ...view, empty: null, loading: true } : view;
}
