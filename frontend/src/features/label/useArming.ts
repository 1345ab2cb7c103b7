import { useLayoutEffect } from "react";
import { GUARD_MS } from "./engine";

/** Tell when a question is on the screen, and mark its stage once an answer counts. */
export function useArming(ref: React.RefObject<HTMLDivElement | null>, id: string, onPainted: (id: string) => void): void {
  useLayoutEffect(() => {
    const stage = ref.current;
    let timer: ReturnType<typeof setTimeout> | undefined;
    stage?.removeAttribute("data-armed");
    const frame = requestAnimationFrame(() => {
      onPainted(id);
      timer = setTimeout(() => stage?.setAttribute("data-armed", "true"), GUARD_MS);
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [ref, id, onPainted]);
}
