const KEY = "ucal.tour";

/** What of the first steps was seen, or skipped, in this browser; pairs: all but what a page of tiles is. */
export type Seen = "none" | "pairs" | "all";

export function tourSeen(): Seen {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "done" ? "all" : kept === "pairs" ? "pairs" : "none";
  } catch {
    return "all"; // a browser that keeps nothing would show them each time
  }
}

export function endTour(seen: "pairs" | "all"): void {
  try {
    localStorage.setItem(KEY, seen === "all" ? "done" : seen);
  } catch {
    // It was shown once; this browser cannot know.
  }
}
