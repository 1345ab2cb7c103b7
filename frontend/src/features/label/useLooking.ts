import { useState } from "react";
import { forNext, PLAIN, type View } from "./view";

/** How the images are looked at: each question starts plain, but in the light that was chosen. */
export function useLooking(questionId: string | null): [View, (view: View) => void] {
  const [looking, setLooking] = useState({ at: questionId, view: PLAIN });
  const view = looking.at === questionId ? looking.view : forNext(looking.view);
  return [view, (next) => setLooking({ at: questionId, view: next })];
}
