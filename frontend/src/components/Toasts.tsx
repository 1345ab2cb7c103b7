/** Short notes that go by themselves: what happened, never what must be decided. */
import * as Radix from "@radix-ui/react-toast";
import { X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { m } from "../messages";

interface Toast {
  id: number;
  text: string;
}

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  listeners.forEach((listener) => listener());
}

export function say(text: string): void {
  change([...toasts.slice(-2), { id: nextId++, text }]);
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
          onOpenChange={(open) => !open && change(toasts.filter((other) => other.id !== toast.id))}
        >
          <Radix.Description>{toast.text}</Radix.Description>
          <Radix.Close className="icon-button" aria-label={m.common.close}>
            <X size={16} aria-hidden />
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport className="toasts" />
    </Radix.Provider>
  );
}
