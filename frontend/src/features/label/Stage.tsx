import { useRef } from "react";
import { m } from "../../messages";
import { sidesOf } from "./images";
import { Panel } from "./Panel";
import type { Item } from "./types";
import { useArming } from "./useArming";
import { useGestures, type Swipe } from "./useGestures";
import type { View } from "./view";

interface StageProps {
  item: Item;
  exemplar: number; // which image of both groups is large; 0 is the first
  magnified: boolean;
  covered?: boolean; // a mixed group lies over it: what is below takes no focus
  view: View;
  onView: (view: View) => void;
  onSwipe: (swipe: Swipe) => void;
  onPainted: (questionId: string) => void;
}

/** The two groups side by side: same size, never stretched, looked at alike. */
export function Stage({ item, exemplar, magnified, covered = false, view, onView, onSwipe, onPainted }: StageProps) {
  const ref = useRef<HTMLDivElement>(null);
  const { id } = item.lease.question;
  useArming(ref, id, onPainted);
  const { point, pressed, handlers } = useGestures({ view, onView, onSwipe });
  const loupe = magnified || pressed ? point : null;
  const [left, right] = sidesOf(item);
  const shared = { exemplar, loupe, view, handlers };
  return (
    <div className="stage" ref={ref} inert={covered} data-testid="label-stage" data-question={id}>
      <Panel key={`${id}-left`} side={left} name={m.label.left} mirrored={false} {...shared} />
      <Panel key={`${id}-right`} side={right} name={m.label.right} mirrored={view.flipped} {...shared} />
    </div>
  );
}
