import { CloudOff } from "lucide-react";
import { m } from "../../messages";
import type { Snapshot } from "./types";

interface WhyProps {
  view: Snapshot;
  title: string;
  warning?: string | null; // asked to be confirmed, in place of the reason
  note?: string | null; // what was said so far, in place of the reason
  children?: React.ReactNode;
}

/** The question and why it is asked; at its right how it is looked at, and what still waits to be sent. */
export function Why({ view, title, warning, note, children }: WhyProps) {
  const trouble = view.offline || view.waiting >= 3;
  return (
    <div className="why">
      <h1 className={view.current || view.loading ? "why-title" : "hidden-but-read"}>{title}</h1>
      {warning ? (
        <p className="why-reason why-merge" role="alert" data-testid="merge-warning">
          {warning}
        </p>
      ) : (
        <p className="why-reason quiet" data-testid="why-asked">
          {note ?? whyAsked(view)}
        </p>
      )}
      {view.progress && (
        <p className="why-figures narrow-only quiet">
          {m.label.figures(view.progress.inferred_total, view.progress.answered_by_me)}
        </p>
      )}
      <div className="why-end">
        {trouble && (
          <span className="unsent" role="status" title={m.label.waitingDetail} data-testid="unsent">
            <CloudOff size={14} aria-hidden />
            {view.waiting > 0 ? m.label.waiting(view.waiting) : m.label.unreachable}
          </span>
        )}
        {view.volatile && <span className="unsent">{m.label.volatile}</span>}
        {children}
      </div>
    </div>
  );
}

/** Why the question on the screen is asked, in words. */
function whyAsked({ current }: Snapshot): string {
  if (!current) return "";
  const { reason, kind } = current.lease.question;
  const name = reason === "group" && kind === "pair" ? "groupPair" : reason;
  return m.label.reasons[name] ?? reason;
}
