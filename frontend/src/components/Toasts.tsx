/** Short notes that go by themselves: what happened, never what must be decided. */
import * as Radix from "@radix-ui/react-toast";
import { X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { m } from "../messages";

interface Toast {
  id: number;
  text: string;
  action?: Action | undefined;
}

/** What can be done about it while it is shown; the note then goes after 3 s. */
interface Action {
  name: string;
  run: () => void;
}

const ACTION_MS = 3000;
let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  listeners.forEach((listener) => listener());
}

export function say(text: string, action?: Action): void {
  // A new note with something to do takes the place of the one before: its action would be about an older answer.
  const kept = action ? toasts.filter((toast) => !toast.action) : toasts;
  const id = nextId++;
  change([...kept.slice(-2), { id, text, action }]);
  // A finger that tapped on a note counts as resting there, and the next ones would stay, over the answers.
  if (action) setTimeout(() => change(toasts.filter((toast) => toast.id !== id)), ACTION_MS);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <Radix.Provider duration={6000} swipeDirection="down">
      {shown.map((toast) => (
        <Radix.Root
          key={toast.id}
          className="toast"
          duration={toast.action ? ACTION_MS : 6000}
          onOpenChange={(open) => !open && change(toasts.filter((other) => other.id !== toast.id))}
        >
          <Radix.Description>{toast.text}</Radix.Description>
          {toast.action && (
            <Radix.Action className="toast-action" altText={toast.action.name} onClick={toast.action.run}>
              {toast.action.name}
            </Radix.Action>
          )}
          <Radix.Close className="icon-button" aria-label={m.common.close}>
            <X size={16} aria-hidden />
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport className="toasts" />
    </Radix.Provider>
  );
}
