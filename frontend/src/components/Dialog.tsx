import * as Radix from "@radix-ui/react-dialog";
import { X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { m } from "../messages";
import { Button } from "./Button";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  detail?: ReactNode;
  children: ReactNode;
  wide?: boolean;
  /** False: only what is inside can end it (signing in again). */
  dismissable?: boolean;
}

/**
 * A modal dialog. The veil is our own element: Radix's overlay locks scrolling with an inline style sheet, which the
 * server's Content-Security-Policy refuses.
 */
export function Dialog({ open, onClose, dismissable = true, ...content }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && dismissable && onClose()}>
      <Radix.Portal>
        <div className="veil" aria-hidden />
        <Content dismissable={dismissable} {...content} />
      </Radix.Portal>
    </Radix.Root>
  );
}

/**
 * What is there only while the dialog is open. It gives the focus back to what opened it by key, since Radix knows no trigger here; a control that
 * was clicked does not get it, or the next Enter or Space of an annotator would press it again.
 */
function Content({ title, detail, children, wide = false, dismissable }: Omit<DialogProps, "open" | "onClose">) {
  const [opener] = useState(() => document.activeElement);
  const [byKey] = useState(() => opener?.matches(":focus-visible") ?? false);
  const hold = (event: Event) => dismissable || event.preventDefault();
  const giveBack = (event: Event) => {
    event.preventDefault();
    if (byKey && opener instanceof HTMLElement) opener.focus();
  };
  return (
    <Radix.Content
      className={wide ? "dialog dialog-wide" : "dialog"}
      onInteractOutside={hold}
      onEscapeKeyDown={hold}
      onCloseAutoFocus={giveBack}
      {...(detail ? {} : { "aria-describedby": undefined })}
    >
      <header className="dialog-head">
        <Radix.Title className="dialog-title">{title}</Radix.Title>
        {dismissable && (
          <Radix.Close className="icon-button" aria-label={m.common.close}>
            <X size={18} aria-hidden />
          </Radix.Close>
        )}
      </header>
      {detail && <Radix.Description className="dialog-detail">{detail}</Radix.Description>}
      {children}
    </Radix.Content>
  );
}

interface ConfirmProps {
  open: boolean;
  title: string;
  detail: ReactNode;
  action: string;
  danger?: boolean;
  busy?: boolean;
  refusal?: ReactNode;
  keep?: string;
  onClose: () => void;
  onConfirm: () => void;
}

/** Ask before something that cannot be taken back. */
export function Confirm(props: ConfirmProps) {
  const { open, title, detail, action, danger = false, busy = false, refusal, onClose, onConfirm } = props;
  return (
    <Dialog open={open} onClose={onClose} title={title} detail={detail}>
      {refusal}
      <div className="dialog-foot">
        <Button look="quiet" onClick={onClose}>
          {props.keep ?? m.common.cancel}
        </Button>
        <Button look={danger ? "danger" : "primary"} busy={busy} onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}

/** The end of a form in a dialog: cancel, or send it. */
export function FormFoot({ action, busy, onClose }: { action: string; busy: boolean; onClose: () => void }) {
  return (
    <div className="dialog-foot">
      <Button look="quiet" onClick={onClose}>
        {m.common.cancel}
      </Button>
      <Button type="submit" look="primary" busy={busy}>
        {action}
      </Button>
    </div>
  );
}
