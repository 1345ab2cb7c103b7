import { useLayoutEffect, useRef, useState, type PointerEvent } from "react";
import { imageUrl } from "../../api/client";
import type { Side } from "../../api/types";
import { m } from "../../messages";
import { GUARD_MS } from "./engine";
import { SHOWN_SIZE, sidesOf } from "./images";
import { Thumb } from "./Thumb";
import type { Item } from "./types";

interface Point {
  x: number; // share of the view's width, 0..1
  y: number;
}

interface StageProps {
  item: Item;
  exemplar: number; // which image of both groups is large; 0 is the first
  magnified: boolean;
  onPainted: (questionId: string) => void;
}

/** The two groups side by side: same size, never stretched, magnified together. */
export function Stage({ item, exemplar, magnified, onPainted }: StageProps) {
  const ref = useRef<HTMLDivElement>(null);
  const { id } = item.lease.question;
  const [point, setPoint] = useState<Point>({ x: 0.5, y: 0.4 });
  const [pressed, setPressed] = useState(false);
  useArming(ref, id, onPainted);
  const follow = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setPoint({ x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
  };
  const handlers = {
    onPointerMove: follow,
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      follow(event);
      event.currentTarget.setPointerCapture(event.pointerId);
      setPressed(true);
    },
    onPointerUp: () => setPressed(false),
    onPointerCancel: () => setPressed(false),
    onContextMenu: (event: { preventDefault: () => void }) => event.preventDefault(),
  };
  const zoom = magnified || pressed ? point : null;
  const [left, right] = sidesOf(item);
  return (
    <div className="stage" ref={ref} data-testid="label-stage" data-question={id}>
      <Panel key={`${id}-left`} side={left} name={m.label.left} exemplar={exemplar} zoom={zoom} handlers={handlers} />
      <Panel key={`${id}-right`} side={right} name={m.label.right} exemplar={exemplar} zoom={zoom} handlers={handlers} />
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
  zoom: Point | null;
  handlers: React.HTMLAttributes<HTMLDivElement>;
}

function Panel({ side, name, exemplar, zoom, handlers }: PanelProps) {
  const [chosen, choose] = useState<{ over: number; at: number } | null>(null); // a click, until a key says otherwise
  const [hovered, hover] = useState<number | null>(null);
  const wanted = hovered ?? (chosen?.over === exemplar ? chosen.at : exemplar);
  const index = Math.min(wanted, side.images.length - 1);
  const image = side.images[index]!;
  const style = zoom ? { transform: "scale(2.5)", transformOrigin: `${100 * zoom.x}% ${100 * zoom.y}%` } : undefined;
  return (
    <figure className="side" aria-label={`${name}: ${m.label.group(side.size)}`}>
      <div className={zoom ? "view view-zoomed" : "view"} {...handlers}>
        <img
          key={image.id}
          src={imageUrl(image.id, SHOWN_SIZE)}
          alt={m.label.imageAlt(name, index + 1, side.images.length)}
          decoding="sync"
          draggable={false}
          style={style}
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
