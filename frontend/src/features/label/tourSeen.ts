const KEY = "ucal.tour";

/** Whether the first steps were seen, or skipped, in this browser. */
export function tourIsDone(): boolean {
  try {
    return localStorage.getItem(KEY) === "done";
  } catch {
    return true; // a browser that keeps nothing would show them each time
  }
}

export function endTour(): void {
  try {
    localStorage.setItem(KEY, "done");
  } catch {
    // It was shown once; this browser cannot know.
  }
}
