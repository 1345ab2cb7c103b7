import { CircleAlert } from "lucide-react";
import { Component, type ReactNode } from "react";
import { Button } from "../components/Button";
import { Empty } from "../components/States";
import { m } from "../messages";

/** A fault in a page stays in the page, is said, and leaves a way on. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render(): ReactNode {
    if (!this.state.error) return this.props.children;
    return (
      <main id="content" className="page">
        <Empty
          role="alert"
          icon={<CircleAlert size={28} aria-hidden />}
          title={m.errors.crash}
          detail={`${m.errors.crashDetail} (${this.state.error.message})`}
        >
          <Button look="primary" onClick={() => window.location.reload()}>
            {m.errors.reload}
          </Button>
        </Empty>
      </main>
    );
  }
}
