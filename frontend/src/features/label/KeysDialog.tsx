import { Dialog } from "../../components/Dialog";
import { m } from "../../messages";

export function KeysDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title={m.label.keys.title} detail={m.label.keys.about}>
      <dl className="keys-list">
        {m.label.keys.rows.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(/ {2}or {2}/).map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
