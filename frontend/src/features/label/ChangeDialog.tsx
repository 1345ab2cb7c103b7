import { useQuery } from "@tanstack/react-query";
import { imageUrl } from "../../api/client";
import type { Reversal } from "../../api/types";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Refusal } from "../../components/States";
import { m } from "../../messages";
import { EntryIcon, wordOf } from "./Strip";
import type { Entry } from "./types";

interface ChangeDialogProps {
  entry: Entry;
  preview: (entryId: string) => Promise<Reversal | null>;
  onTakeBack: () => void;
  onClose: () => void;
}

/** One earlier answer: what it was, what changing it reverses, and the way back to that very question. */
export function ChangeDialog({ entry, preview, onTakeBack, onClose }: ChangeDialogProps) {
  const reversal = useQuery({ queryKey: ["reversal", entry.id], queryFn: () => preview(entry.id), gcTime: 0, retry: false });
  return (
    <Dialog open onClose={onClose} title={m.label.changing.title} detail={m.label.changing.about}>
      <div className="change-pair">
        <img src={imageUrl(entry.left, 256)} alt={m.label.left} />
        <span className="change-verdict">
          <EntryIcon entry={entry} size={20} />
          {wordOf(entry)}
        </span>
        <img src={imageUrl(entry.right, 256)} alt={m.label.right} />
      </div>
      <p className="change-effect" role="status" data-testid="reverses">
        {reversal.isPending ? m.common.loading : reversed(reversal.data ?? null)}
      </p>
      <Refusal error={reversal.error} />
      <div className="dialog-foot">
        <Button look="quiet" onClick={onClose}>
          {m.label.changing.keep}
        </Button>
        <Button look="primary" onClick={onTakeBack}>
          {m.label.changing.takeBack}
        </Button>
      </div>
    </Dialog>
  );
}

/** What an undo reverses, in one sentence. */
export function reversed(reversal: Reversal | null): string {
  const parts = reversal?.parts ?? [];
  const later = reversal && reversal.later > 0 ? m.label.changing.later(reversal.later) : "";
  return [parts.length > 1 ? m.label.changing.apart(parts) : m.label.changing.nothing, later].filter(Boolean).join(" ");
}
