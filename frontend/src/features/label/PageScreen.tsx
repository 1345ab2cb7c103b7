import { useState } from "react";
import { m } from "../../messages";
import { leftOut, mergeOf, nameOfTile, oddToggled, replyFrom, started, toggled, type Filling } from "./filling";
import { pageCommandOf, type PageCommand } from "./pageKeys";
import { MixedTile } from "./MixedTile";
import { PageActions } from "./PageActions";
import { PageStage } from "./PageStage";
import { LARGE, sharedAction, type WithItem } from "./screens";
import { usePart } from "./usePart";
import { usePresses } from "./usePresses";
import { changed } from "./view";
import { ViewTools } from "./ViewTools";
import { Why } from "./Why";
import { movedIn } from "./tileGrid";

/** An anchor and up to 24 tiles, ticked where the model believes "same": mend what is wrong, then confirm. */
export function PageScreen(props: WithItem) {
  const { engine, view, item, look, onGiven } = props;
  const { question } = item.lease;
  const [looked, lookAt] = look;
  const [filling, setFilling] = useState(() => started(item));
  const [cursor, setCursor] = useState(0);
  const [picking, pick] = useState(false); // of the tile at the cursor: which images are odd
  const [asked, ask] = useState(false); // a large merge was asked for once
  const part = usePart(question.tiles.length);
  const tile = question.tiles[cursor]!;
  const merge = mergeOf(filling, question, LARGE);

  const change = (next: Filling) => {
    if (!engine.isArmed()) return;
    setFilling(next);
    ask(false);
  };
  const goTo = (index: number) => {
    setCursor(index);
    pick(false);
  };
  const confirm = () => {
    if (picking) return pick(false);
    if (!engine.isArmed()) return;
    if (!part.isLast) {
      part.go(part.at + 1);
      return goTo(part.next);
    }
    if (merge && !asked) return ask(true);
    if (engine.answer(replyFrom(filling, question))) onGiven("same");
  };
  const onMixed = () => {
    if (tile.images.length > 1 && !filling.anchorBad) pick(!picking);
  };
  const onBadAnchor = () => change({ ...filling, anchorBad: !filling.anchorBad });
  const onOdd = (index: number) => {
    const image = tile.images[index];
    if (image) change(oddToggled(filling, tile, image.id));
  };
  const actionOn = (command: PageCommand): (() => void) | null => {
    switch (command.do) {
      case "move":
        return () => {
          const to = movedIn(question.tiles.length, cursor, command.by);
          part.show(to);
          goTo(to);
        };
      case "toggle":
        return () => change(toggled(filling, tile));
      case "unsure":
        return () => change(leftOut(filling, tile, "unsure"));
      case "bad":
        return () => change(leftOut(filling, tile, "bad_image"));
      case "bad-anchor":
        return onBadAnchor;
      case "mixed":
        return onMixed;
      case "odd":
        return picking ? () => onOdd(command.index) : null;
      case "confirm":
        return confirm;
      case "back":
        return picking ? () => pick(false) : null;
      default:
        return sharedAction(command, props);
    }
  };
  usePresses((press, bindings) => {
    const command = pageCommandOf(press, picking, bindings);
    return command && actionOn(command);
  });

  return (
    <>
      <Why view={view} title={m.label.page.title} warning={asked && merge ? m.label.page.mergeTwice(merge) : null}>
        <ViewTools
          view={looked}
          onView={(what) => lookAt(changed(looked, what))}
          onLight={({ brightness, contrast }) => lookAt({ ...looked, brightness, contrast })}
        />
      </Why>
      <div className="label-body">
        <PageStage
          question={question}
          filling={filling}
          missing={item.missing}
          cursor={cursor}
          part={part}
          view={looked}
          onView={lookAt}
          onPainted={engine.wasPainted}
          onTile={(index) => {
            goTo(index);
            change(toggled(filling, question.tiles[index]!));
          }}
          onBadAnchor={onBadAnchor}
        >
          {picking && (
            <MixedTile
              key={nameOfTile(tile)}
              tile={tile}
              odd={filling.marks[nameOfTile(tile)]!.odd}
              onOdd={onOdd}
            />
          )}
        </PageStage>
      </div>
      <PageActions
        question={question}
        filling={filling}
        tile={tile}
        part={part}
        picking={picking}
        again={asked && merge !== null}
        flash={props.flash !== null}
        onMixed={onMixed}
        onLeftOut={(verdict) => change(leftOut(filling, tile, verdict))}
        onBack={() => {
          part.go(part.at - 1);
          goTo(part.first - part.size);
        }}
        onConfirm={confirm}
      />
    </>
  );
}
