import { useRef } from "react";
import { Dialog } from "../../components/Dialog";
import { Link } from "../../components/router";
import { m } from "../../messages";
import { KeysList } from "./KeysList";

/** The list of keys, and the way to the help page. */
export function KeysDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const waiting = useRef(false); // Escape then ends the waiting, not the dialog
  return (
    <Dialog
      open={open}
      wide
      onClose={() => waiting.current || onClose()}
      title={m.label.keys.title}
      detail={
        <>
          {m.label.keys.about} <Link href="/help">{m.label.helpPage.title}</Link> · <Link href="/practice">{m.label.practice.title}</Link>
        </>
      }
    >
      <KeysList
        onWaiting={(now) => {
          waiting.current = now;
        }}
      />
    </Dialog>
  );
}
