import { useState } from "react";
import { imageUrl } from "../../api/client";
import type { Side } from "../../api/types";
import { m } from "../../messages";
import { SHOWN_SIZE } from "./images";
import { Thumb } from "./Thumb";
import { styleOf, type Point, type View } from "./view";

interface PanelProps {
  side: Pick<Side, "images" | "size">;
  name: string;
  exemplar?: number; // which image is large, by the keys
  loupe: Point | null;
  view: View;
  mirrored?: boolean;
  handlers: React.HTMLAttributes<HTMLDivElement>;
  mark?: React.ReactNode; // laid over the corner of the large image
  children?: React.ReactNode; // at the end of its foot
}

/** One group of images: one large, the others small below it. */
export function Panel({ side, name, exemplar = 0, loupe, view, mirrored = false, handlers, mark, children }: PanelProps) {
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
        {mark}
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
        <span className="group-size" title={side.size > 1 ? m.label.groupWhy : undefined}>
          {m.label.group(side.size)}
        </span>
        {children}
      </figcaption>
    </figure>
  );
}
