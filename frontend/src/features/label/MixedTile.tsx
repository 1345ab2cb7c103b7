import { Scissors } from "lucide-react";
import { useEffect, useRef } from "react";
import { imageUrl } from "../../api/client";
import type { Tile } from "../../api/types";
import { m } from "../../messages";
import { SHOWN_SIZE } from "./images";

interface MixedTileProps {
  tile: Pick<Tile, "images">;
  odd: readonly string[];
  onOdd: (index: number) => void; // from 1: the first image names the tile
}

/** A tile that holds two identities: which of its images are not the first one's? */
export function MixedTile({ tile, odd, onOdd }: MixedTileProps) {
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => group.current?.focus(), []); // said to those who listen
  const [first, ...others] = tile.images;
  return (
    <div ref={group} tabIndex={-1} className="mixed" role="group" aria-label={m.label.page.mixedTitle} data-testid="mixed">
      <p className="mixed-title">{m.label.page.mixedTitle}</p>
      <div className="mixed-images">
        <figure>
          <img src={imageUrl(first!.id, SHOWN_SIZE)} alt={m.label.page.mixedFirst} />
          <figcaption>{m.label.page.mixedFirst}</figcaption>
        </figure>
        {others.map((image, at) => (
          <button
            key={image.id}
            type="button"
            aria-pressed={odd.includes(image.id)}
            data-testid={`odd-${at + 1}`}
            onClick={() => onOdd(at + 1)}
          >
            <img src={imageUrl(image.id, SHOWN_SIZE)} alt={m.label.page.mixedOther(at + 1)} />
            <span>
              {odd.includes(image.id) ? <Scissors size={16} aria-hidden /> : <kbd aria-hidden>{at + 1}</kbd>}
              {odd.includes(image.id) ? m.label.page.odd : m.label.page.fits}
            </span>
          </button>
        ))}
      </div>
    </div>
  );
}
