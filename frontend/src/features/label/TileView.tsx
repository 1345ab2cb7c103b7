import { Check, ImageOff, Scissors } from "lucide-react";
import { imageUrl } from "../../api/client";
import type { Tile } from "../../api/types";
import { m, n } from "../../messages";
import type { Mark } from "./filling";
import { ODD_SIZE, TILE_SIZE } from "./images";
import { Thumb } from "./Thumb";
import { VERDICT_ICONS } from "./Verdicts";
import { styleOf, type View } from "./view";

interface TileViewProps {
  tile: Tile;
  index: number;
  mark: Mark;
  missing: boolean;
  wrong: boolean; // practice: it was not right
  current: boolean;
  view: View;
  onPress: () => void;
  onHover: () => void;
}

/** One tile: its first image, up to three that fit least, its size, and what is said of it. */
export function TileView({ tile, index, mark, missing, wrong, current, view, onPress, onHover }: TileViewProps) {
  const [first, ...others] = tile.images;
  const said = m.label.page.said(m.label.page.marks[mark.verdict], mark.odd.length);
  return (
    <div
      id={`tile-${index}`}
      role="option"
      className="tile"
      aria-selected={mark.verdict === "same"}
      aria-label={m.label.page.tileNamed(index + 1, tile.size, said)}
      data-tile={first!.id}
      data-mark={mark.verdict}
      data-wrong={wrong || undefined}
      data-current={current || undefined}
      onClick={onPress}
      onPointerEnter={(event) => event.pointerType === "mouse" && onHover()}
    >
      <div className="tile-body">
        <div className="tile-image">
          {missing ? (
            <span className="tile-missing">
              <ImageOff size={20} aria-hidden />
              {m.label.page.missing}
            </span>
          ) : (
            // The light is the same everywhere; zoom is for the two large images.
            <img src={imageUrl(first!.id, TILE_SIZE)} alt="" decoding="sync" draggable={false} style={styleOf({ ...view, zoom: 1 }, null, false)} />
          )}
        </div>
        {others.length > 0 && (
          <div className="tile-others">
            {others.map((image) => (
              <span key={image.id} className="tile-other" data-odd={mark.odd.includes(image.id) || undefined}>
                <Thumb src={imageUrl(image.id, ODD_SIZE)} />
              </span>
            ))}
          </div>
        )}
      </div>
      <MarkOf mark={mark} />
      {wrong && <span className="tile-wrong">{m.label.practice.mended}</span>}
      {tile.size > 1 && <span className="tile-size" title={m.label.group(tile.size)}>{n(tile.size)}</span>}
    </div>
  );
}

/** What is said of a tile, as a sign: never by colour alone. */
export function MarkOf({ mark }: { mark: Mark }) {
  const Icon = mark.verdict === "same" ? Check : VERDICT_ICONS[mark.verdict];
  return (
    <span className="mark" data-mark={mark.verdict} data-mixed={mark.odd.length > 0 || undefined} aria-hidden>
      <Icon size={16} strokeWidth={2.5} />
      {mark.odd.length > 0 && <Scissors size={14} />}
    </span>
  );
}
