import { CircleHelp, ImageOff } from "lucide-react";
import { useRef, useState } from "react";
import { imageUrl } from "../../api/client";
import type { Disputed, Image } from "../../api/types";
import { m } from "../../messages";
import { useKeyChoice } from "./bindings";
import { SHOWN_SIZE } from "./images";
import { keycap } from "./keys";
import { conflictCommandOf, type ConflictCommand } from "./pageKeys";
import { conflictReply } from "./replies";
import { sharedAction, type WithItem } from "./screens";
import type { Reply } from "./types";
import { useArming } from "./useArming";
import { usePresses } from "./usePresses";
import { changed, styleOf, type View } from "./view";
import { ViewTools } from "./ViewTools";
import { Keycaps, unfocus, VERDICT_ICONS } from "./Verdicts";
import { Why } from "./Why";

/** Answers that cannot all be true, as a triangle or a short ring: which one is wrong? */
export function ConflictScreen(props: WithItem) {
  const { engine, view, item, look, onGiven } = props;
  const { disputed } = item.lease.question;
  const images = imagesOf(disputed);
  const [choosingBad, chooseBad] = useState(false);
  const [looked, lookAt] = look;
  const give = (reply: Reply) => {
    if (engine.answer(reply)) onGiven(reply.verdict ?? "different");
  };
  const onBad = (image: Image) => give({ verdict: "bad_image", bad_images: [image.id] });
  const actionOn = (command: ConflictCommand): (() => void) | null => {
    switch (command.do) {
      case "wrong":
        return command.index < disputed.length ? () => give(conflictReply(command.index)) : null;
      case "bad-image":
        return images[command.index] ? () => onBad(images[command.index]!) : null;
      case "unsure":
        return () => give({ verdict: "unsure" });
      case "bad":
        return () => chooseBad(true);
      case "back":
        return choosingBad ? () => chooseBad(false) : null;
      default:
        return sharedAction(command, props);
    }
  };
  usePresses((press, bindings) => {
    const command = conflictCommandOf(press, choosingBad, bindings);
    return command && actionOn(command);
  });
  const stage = useRef<HTMLDivElement>(null);
  useArming(stage, item.lease.question.id, engine.wasPainted);

  return (
    <>
      <Why view={view} title={choosingBad ? m.label.bad.title : m.label.conflict.title}>
        <ViewTools
          view={looked}
          onView={(what) => lookAt(changed(looked, what))}
          onLight={({ brightness, contrast }) => lookAt({ ...looked, brightness, contrast })}
        />
      </Why>
      <div className="label-body">
        <div className="conflict" ref={stage} data-testid="conflict-stage" data-question={item.lease.question.id}>
          {disputed.map((one, index) => (
            <Edge key={index} disputed={one} index={index} images={images} view={looked} onPick={() => give(conflictReply(index))} />
          ))}
        </div>
      </div>
      {choosingBad ? (
        <BadImages images={images} onBad={onBad} onBack={() => chooseBad(false)} />
      ) : (
        <Others flash={props.flash === "unsure"} onUnsure={() => give({ verdict: "unsure" })} onBad={() => chooseBad(true)} />
      )}
    </>
  );
}

/** Every image once, in the order in which they appear; its place gives its letter. */
function imagesOf(disputed: readonly Disputed[]): Image[] {
  const found = new Map(disputed.flatMap(({ left, right }) => [left, right]).map((image) => [image.id, image]));
  return [...found.values()];
}

const letterOf = (images: readonly Image[], image: Image): string =>
  String.fromCharCode("A".charCodeAt(0) + images.findIndex((one) => one.id === image.id));

interface EdgeProps {
  disputed: Disputed;
  index: number;
  images: readonly Image[];
  view: View;
  onPick: () => void;
}

/** One of the answers: its two images, and what was said of them. */
function Edge({ disputed, index, images, view, onPick }: EdgeProps) {
  const { left, right, verdict } = disputed;
  const [one, two] = [letterOf(images, left), letterOf(images, right)];
  const Icon = VERDICT_ICONS[verdict];
  return (
    <button
      type="button"
      className="edge"
      data-testid={`wrong-${index + 1}`}
      data-verdict={verdict}
      onClick={(event) => {
        unfocus(event);
        onPick();
      }}
    >
      <span className="hidden-but-read">{m.label.conflict.callWrong}</span>
      <span className="edge-pair">
        {[left, right].map((image, at) => (
          <span key={image.id} className="edge-view">
            <img src={imageUrl(image.id, SHOWN_SIZE)} alt="" decoding="sync" draggable={false} style={styleOf(view, null, at === 1 && view.flipped)} />
            <span className="edge-letter">{at === 0 ? one : two}</span>
          </span>
        ))}
      </span>
      <span className="edge-said">
        <kbd>{index + 1}</kbd>
        <Icon size={18} aria-hidden />
        {m.label.conflict.said(m.label.verdicts[verdict])}
      </span>
    </button>
  );
}

function Others({ flash, onUnsure, onBad }: { flash: boolean; onUnsure: () => void; onBad: () => void }) {
  const { bindings, off } = useKeyChoice();
  const keysOf = (action: "unsure" | "bad") => (off ? [] : bindings[action].map(keycap));
  return (
    <div className="verdicts verdicts-conflict" role="group" aria-label={m.label.conflict.title}>
      <p className="conflict-hint">{m.label.conflict.hint}</p>
      <button type="button" className="verdict verdict-small" data-testid="answer-unsure" data-flash={flash || undefined} onClick={onUnsure}>
        <CircleHelp size={20} aria-hidden />
        <span className="verdict-word">{m.label.verdicts.unsure}</span>
        <Keycaps keys={keysOf("unsure").slice(0, 1)} />
      </button>
      <button type="button" className="verdict verdict-small" data-testid="answer-bad_image" onClick={onBad}>
        <ImageOff size={20} aria-hidden />
        <span className="verdict-word">{m.label.verdicts.bad_image}</span>
        <Keycaps keys={keysOf("bad").slice(0, 1)} />
      </button>
    </div>
  );
}

interface BadImagesProps {
  images: readonly Image[];
  onBad: (image: Image) => void;
  onBack: () => void;
}

function BadImages({ images, onBad, onBack }: BadImagesProps) {
  return (
    <div className="verdicts verdicts-conflict" role="group" aria-label={m.label.bad.title}>
      {images.map((image) => (
        <button key={image.id} type="button" className="verdict verdict-small" data-testid={`bad-${letterOf(images, image)}`} onClick={() => onBad(image)}>
          <ImageOff size={20} aria-hidden />
          <span className="verdict-word">{m.label.conflict.image(letterOf(images, image))}</span>
          <Keycaps keys={[letterOf(images, image)]} />
        </button>
      ))}
      <button type="button" className="verdict verdict-small" data-testid="bad-back" onClick={onBack}>
        <span className="verdict-word">{m.label.bad.back}</span>
        <Keycaps keys={["Esc"]} />
      </button>
    </div>
  );
}
