import { ImageOff } from "lucide-react";
import { useRef, useState } from "react";
import { IconButton } from "../../components/Button";
import { m } from "../../messages";
import { nameOfTile } from "./filling";
import { Panel } from "./Panel";
import { MarkOf, TileView } from "./TileView";
import { useArming } from "./useArming";
import { useGestures } from "./useGestures";
import type { PageInHand } from "./usePage";
import type { View } from "./view";

interface PageStageProps {
  page: PageInHand;
  missing: ReadonlySet<string> | undefined; // ids of tiles whose image did not load
  wrong?: ReadonlySet<string>; // practice: ids of tiles that were not right
  view: View;
  onView: (view: View) => void;
  onPainted: (questionId: string) => void;
  children?: React.ReactNode; // laid over the tiles
}

const ignored = () => undefined;

/** The anchor and the tile at the cursor, large and looked at alike; beside them all tiles of this part. */
export function PageStage({ page, missing, wrong, view, onView, onPainted, children }: PageStageProps) {
  const { question, filling, cursor, part, onTile, onBadAnchor } = page;
  const ref = useRef<HTMLDivElement>(null);
  useArming(ref, question.id, onPainted);
  const [hovered, hover] = useState<number | null>(null);
  const { point, pressed, handlers } = useGestures({ view, onView, onSwipe: ignored });
  const shared = { loupe: pressed ? point : null, view, handlers };
  const covered = Boolean(children);
  const close = question.tiles[hovered ?? cursor] ?? question.tiles[cursor]!;
  const shown = question.tiles.slice(part.first, part.next);
  return (
    <div className="page-stage" ref={ref} data-testid="page-stage" data-question={question.id}>
      <div className="page-look" inert={covered}>
        <Panel side={question.left} name={m.label.page.anchor} mark={<span className="anchor-name">{m.label.page.anchor}</span>} {...shared}>
          <IconButton name={m.label.page.badAnchor} aria-pressed={filling.anchorBad} data-testid="bad-anchor" onClick={onBadAnchor}>
            <ImageOff size={16} aria-hidden />
          </IconButton>
        </Panel>
        <Panel
          key={nameOfTile(close)}
          side={close}
          name={m.label.page.tile}
          mirrored={view.flipped}
          mark={
            <>
              <MarkOf mark={filling.marks[nameOfTile(close)]!} />
              <span className="anchor-name tile-name">{m.label.page.tileNumber(question.tiles.indexOf(close) + 1)}</span>
            </>
          }
          {...shared}
        />
      </div>
      <div
        className="tiles"
        inert={covered}
        role="listbox"
        tabIndex={0}
        aria-multiselectable
        aria-label={m.label.page.tiles(part.first + 1, part.next, question.tiles.length)}
        aria-activedescendant={`tile-${cursor}`}
        aria-disabled={filling.anchorBad}
        data-count={Math.min(part.size, question.tiles.length)}
        onPointerLeave={() => hover(null)}
      >
        {shown.map((tile, at) => (
          <TileView
            key={nameOfTile(tile)}
            tile={tile}
            index={part.first + at}
            mark={filling.marks[nameOfTile(tile)]!}
            missing={missing?.has(nameOfTile(tile)) ?? false}
            wrong={wrong?.has(nameOfTile(tile)) ?? false}
            current={part.first + at === cursor}
            view={view}
            onPress={() => onTile(part.first + at)}
            onHover={() => hover(part.first + at)}
          />
        ))}
      </div>
      {children}
    </div>
  );
}
