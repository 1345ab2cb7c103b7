import { useEffect, useRef, useState, type PointerEvent } from "react";
import { panned, zoomed, type Point, type View } from "./view";

export type Swipe = "left" | "right" | "down";

const SWIPE_PX = 56; // as far as a swipe must go
const HOLD_MS = 220; // a finger that rests this long magnifies

interface Gestures {
  view: View;
  onView: (view: View) => void;
  onSwipe: (swipe: Swipe) => void;
}

interface Press {
  x: number;
  y: number;
  moved: boolean;
}

/**
 * Mouse: hold to magnify, or drag to move about once zoomed; the wheel zooms. Finger: rest to magnify, swipe to answer.
 * Gives the point under the loupe (null: none) and what the panels listen to. Everything here has a key or a button too.
 */
export function useGestures({ view, onView, onSwipe }: Gestures) {
  const [point, setPoint] = useState<Point>(view.at);
  const [pressed, setPressed] = useState(false);
  const press = useRef<Press | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const end = (event: PointerEvent<HTMLElement>, cancelled: boolean) => {
    clearTimeout(timer.current);
    const from = press.current;
    press.current = null;
    setPressed(false);
    if (!from || cancelled || pressed || event.pointerType === "mouse") return;
    const swipe = swipeOf(event.clientX - from.x, event.clientY - from.y);
    if (swipe) onSwipe(swipe);
  };
  const handlers = {
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const before = press.current;
      const box = event.currentTarget.getBoundingClientRect();
      setPoint({ x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
      if (!before || pressed) return;
      if (Math.abs(event.clientX - before.x) + Math.abs(event.clientY - before.y) > 8) {
        before.moved = true;
        clearTimeout(timer.current);
      }
      if (event.pointerType === "mouse" && view.zoom > 1)
        onView(panned(view, event.movementX / box.width, event.movementY / box.height));
    },
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      press.current = { x: event.clientX, y: event.clientY, moved: false };
      const box = event.currentTarget.getBoundingClientRect();
      setPoint({ x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
      if (event.pointerType !== "mouse") timer.current = setTimeout(() => setPressed(true), HOLD_MS);
      else if (view.zoom === 1) setPressed(true);
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => end(event, false),
    onPointerCancel: (event: PointerEvent<HTMLElement>) => end(event, true),
    onContextMenu: (event: { preventDefault: () => void }) => event.preventDefault(),
    onWheel: (event: React.WheelEvent<HTMLElement>) => {
      if (event.ctrlKey) return; // the browser's own zoom
      const box = event.currentTarget.getBoundingClientRect();
      const at = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
      onView(zoomed(view, event.deltaY < 0 ? 1.2 : 1 / 1.2, view.zoom === 1 ? at : view.at));
    },
  };
  return { point, pressed, handlers };
}

/** Read a movement as a swipe: far enough, and clearly in one direction. */
export function swipeOf(dx: number, dy: number): Swipe | null {
  if (Math.abs(dx) >= SWIPE_PX && Math.abs(dx) > 1.5 * Math.abs(dy)) return dx > 0 ? "right" : "left";
  return dy >= SWIPE_PX && dy > 1.5 * Math.abs(dx) ? "down" : null;
}
