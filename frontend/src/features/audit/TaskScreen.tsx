import { ArrowLeft, ArrowRight, Search } from "lucide-react";
import { useEffect, useState } from "react";
import { imageUrl } from "../../api/client";
import type { Image } from "../../api/types";
import { Bar } from "../../components/Bar";
import { Button } from "../../components/Button";
import { m } from "../../messages";
import type { Audit, Task } from "./api";
import { canSearchOn, type Marks } from "./marks";
import { Picks } from "./Picks";
import { focusFirst } from "./useAuditKeys";

interface TaskScreenProps {
  audit: Audit;
  task: Task;
  marks: Marks;
  busy: boolean;
  hasKeys: boolean;
  onToggle: (what: "wrong" | "same", id: string) => void;
  confirm: () => void;
  more: () => void;
  back: () => void;
}

/** One drawn image, large; its cluster-mates and what a search finds, to mark; one button that says what is sent. */
export function TaskScreen({ audit, task, marks, busy, hasKeys, onToggle, confirm, more, back }: TaskScreenProps) {
  const words = m.audit.task;
  const [looked, look] = useState<Image | null>(null);
  const scope = words.confirm(marks.wrong.length, marks.same.length);
  const last = audit.done + 1 === audit.images;
  useEffect(focusFirst, []);
  return (
    <div className="audit-task" data-testid="audit-task" data-image={task.image.id}>
      <div className="audit-progress">
        <p role="status">{words.progress(audit.done + 1, audit.images)}</p>
        <Bar done={audit.done} total={audit.images} label={m.audit.title} />
      </div>
      <div className="audit-look">
        <figure>
          <img src={imageUrl(task.image.id, 512)} alt={task.image.key} />
          <figcaption>{words.drawn}</figcaption>
        </figure>
        <figure>
          {looked ? <img src={imageUrl(looked.id, 512)} alt={looked.key} /> : <span className="audit-nothing" />}
          <figcaption>{words.beside}</figcaption>
        </figure>
      </div>
      <div className="audit-sections">
        <Picks
          title={words.mates}
          note={words.matesNote(task.mates.length)}
          images={task.mates}
          marked={marks.wrong}
          nameOf={words.pick}
          mark={words.wrongMark}
          tone="wrong"
          onToggle={(id) => onToggle("wrong", id)}
          onLook={look}
        >
          {task.mates.length === 0 && <p className="quiet">{words.noMates}</p>}
        </Picks>
        <Picks
          title={words.found}
          note={words.foundNote(task.found.length)}
          images={task.found}
          marked={marks.same}
          nameOf={words.pickSame}
          mark={words.sameMark}
          tone="same"
          onToggle={(id) => onToggle("same", id)}
          onLook={look}
        >
          {task.found.length === 0 && <p className="quiet">{words.noFound}</p>}
          {canSearchOn(task, marks) && (
            <div className="more">
              <Button icon={<Search size={16} aria-hidden />} disabled={busy} onClick={more}>
                {words.more}
              </Button>
            </div>
          )}
        </Picks>
      </div>
      <div className="audit-foot">
        <Button icon={<ArrowLeft size={16} aria-hidden />} disabled={audit.done === 0} onClick={back}>
          {words.back}
        </Button>
        <p className="quiet small audit-keys">{hasKeys ? words.keys : words.noKeys}</p>
        <Button look="primary" icon={<ArrowRight size={16} aria-hidden />} disabled={busy} onClick={confirm} data-testid="audit-confirm">
          {scope || words.none}
        </Button>
        {last && <p className="small audit-last">{words.last}</p>}
      </div>
    </div>
  );
}
