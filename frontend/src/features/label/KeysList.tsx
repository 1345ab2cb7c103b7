import { useState, type KeyboardEvent } from "react";
import { Button } from "../../components/Button";
import { m } from "../../messages";
import { chooseKeys, useKeyChoice } from "./bindings";
import { ACTIONS, DEFAULTS, keycap, nameOf, rebound, type Action } from "./keys";

/** Every key; each may be given anew, and all may be switched off. `onWaiting` tells while the next press is awaited. */
export function KeysList({ onWaiting }: { onWaiting?: (waiting: boolean) => void }) {
  const choice = useKeyChoice();
  const [waiting, wait] = useState<Action | null>(null);
  const waitFor = (action: Action | null) => {
    wait(action);
    onWaiting?.(action !== null);
  };
  const take = (event: KeyboardEvent) => {
    if (!waiting || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const press = { ...event, key: event.key, shiftKey: event.shiftKey } as unknown as Parameters<typeof nameOf>[0];
    if (event.key !== "Escape") chooseKeys({ ...choice, bindings: rebound(choice.bindings, waiting, nameOf(press)) });
    waitFor(null);
  };
  return (
    <div onKeyDownCapture={take}>
      <label className="keys-off">
        <input
          type="checkbox"
          checked={!choice.off}
          onChange={(event) => chooseKeys({ ...choice, off: !event.target.checked })}
        />
        {m.label.keys.on}
      </label>
      <dl className="keys-list">
        {ACTIONS.map((action) => (
          <div key={action}>
            <dt>
              {waiting === action ? (
                <span className="keys-press">{m.label.keys.press}</span>
              ) : (
                choice.bindings[action].map((key) => <kbd key={key}>{keycap(key)}</kbd>)
              )}
            </dt>
            <dd>
              <span>{m.label.keys.actions[action]}</span>
              <Button look="quiet" aria-label={m.label.keys.changeNamed(m.label.keys.actions[action])} onClick={() => waitFor(action)}>
                {m.label.keys.change}
              </Button>
            </dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>1</kbd>–<kbd>4</kbd>
          </dt>
          <dd>{m.label.keys.exemplars}</dd>
        </div>
        <div>
          <dt>
            <kbd>1</kbd>–<kbd>9</kbd>
          </dt>
          <dd>{m.label.keys.wrong}</dd>
        </div>
      </dl>
      <div className="dialog-foot">
        <Button look="quiet" onClick={() => chooseKeys({ off: false, bindings: DEFAULTS })}>
          {m.label.keys.reset}
        </Button>
      </div>
    </div>
  );
}
