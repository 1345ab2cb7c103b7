import { useLayoutEffect, useRef, useState } from "react";
import { imageUrl } from "../../api/client";
import type { Side } from "../../api/types";
import { m } from "../../messages";
import { GUARD_MS } from "./engine";
import { SHOWN_SIZE, sidesOf } from "./images";
import { Thumb } from "./Thumb";
import type { Item } from "./types";
import { useGestures, type Swipe } from "./useGestures";
import { styleOf, type Point, type View } from "./view";

interface StageProps {
  item: Item;
  exemplar: number; // which image of both groups is large; 0 is the first
  magnified: boolean;
  view: View;
  onView: (view: View) => void;
  onSwipe: (swipe: Swipe) => void;
  onPainted: (questionId: string) => void;
}

/** The two groups side by side: same size, never stretched, looked at alike. */
export function Stage({ item, exemplar, magnified, view, onView, onSwipe, onPainted }: StageProps) {
  const ref = useRef<HTMLDivElement>(null);
  const { id } = item.lease.question;
  useArming(ref, id, onPainted);
  const { point, pressed, handlers } = useGestures({ view, onView, onSwipe });
  const loupe = magnified || pressed ? point : null;
  const [left, right] = sidesOf(item);
  const shared = { exemplar, loupe, view, handlers };
  return (
    <div className="stage" ref={ref} data-testid="label-stage" data-question={id}>
      <Panel key={`${id}-left`} side={left} name={m.label.left} mirrored={false} {...shared} />
      <Panel key={`${id}-right`} side={right} name={m.label.right} mirrored={view.flipped} {...shared} />
    </div>
  );
}

/** Tell when the pair is on the screen, and mark the stage once an answer counts. */
function useArming(ref: React.RefObject<HTMLDivElement | null>, id: string, onPainted: (id: string) => void): void {
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

interface PanelProps {
  side: Side;
  name: string;
  exemplar: number;
  loupe: Point | null;
  view: View;
  mirrored: boolean;
  handlers: React.HTMLAttributes<HTMLDivElement>;
}

function Panel({ side, name, exemplar, loupe, view, mirrored, handlers }: PanelProps) {
  const [chosen, choose] = useState<{ over: number; at: number } | null>(null); // a click, until a key says otherwise
  const [hovered, hover] = useState<number | null>(null);
  const wanted = hovered ?? (chosen?.over === exemplar ? chosen.at : exemplar);
  const index = Math.min(wanted, side.images.length - 1);
  const image = side.images[index]!;
  return (
    <figure className="side" aria-label={`${name}: ${m.label.group(side.size)}`}>
      <div className={loupe || view.zoom > 1 ? "view view-zoomed" : "view"} {...handlers}>
        <img
          key={image.id}
          src={imageUrl(image.id, SHOWN_SIZE)}
          alt={m.label.imageAlt(name, index + 1, side.images.length)}
          decoding="sync"
          draggable={false}
          style={styleOf(view, loupe, mirrored)}
        />
      </div>
      <figcaption className="side-foot">
        <div className="thumbs">
          {side.images.length > 1 &&
            side.images.map((one, at) => (
              <button
                key={one.id}
                type="button"
                className="thumb"
                aria-label={m.label.thumb(name, at)}
                aria-pressed={at === index}
                onPointerEnter={(event) => event.pointerType === "mouse" && hover(at)}
                onPointerLeave={() => hover(null)}
                onClick={() => choose({ over: exemplar, at })}
              >
                <Thumb src={imageUrl(one.id, SHOWN_SIZE)} />
                {at > 0 && <kbd aria-hidden>{at}</kbd>}
              </button>
            ))}
        </div>
        <span className="group-size">{m.label.group(side.size)}</span>
      </figcaption>
    </figure>
  );
}
