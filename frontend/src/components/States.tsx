/** What stands where the content is not: loading, failed, empty. */
import { CircleAlert, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api/errors";
import { m } from "../messages";
import { Button } from "./Button";

export function messageOf(error: unknown): string {
  if (error instanceof ApiError) return m.errors.named[error.kind] ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** One line that says what was refused, beside the form that asked for it. */
export function Refusal({ error }: { error: unknown }) {
  if (!error) return null;
  return (
    <p className="refusal" role="alert">
      <CircleAlert size={16} aria-hidden />
      <span>{messageOf(error)}</span>
    </p>
  );
}

export function Failed({ error, onRetry, missing }: { error: unknown; onRetry?: () => void; missing?: string }) {
  const gone = missing && error instanceof ApiError && error.status === 404;
  return (
    <Empty
      icon={<CircleAlert size={28} aria-hidden />}
      title={gone ? missing : m.errors.title}
      detail={messageOf(error)}
      role="alert"
    >
      {onRetry && !gone && (
        <Button icon={<RotateCw size={16} aria-hidden />} onClick={onRetry}>
          {m.errors.retry}
        </Button>
      )}
    </Empty>
  );
}

interface EmptyProps {
  icon?: ReactNode;
  title: string;
  detail?: ReactNode;
  children?: ReactNode;
  role?: "alert" | "status";
  /** The page shows nothing else: its title is the page's. */
  whole?: boolean;
}

export function Empty({ icon, title, detail, children, role, whole }: EmptyProps) {
  const Title = whole ? "h1" : "h2";
  return (
    <div className="empty" role={role}>
      {icon && <div className="empty-icon">{icon}</div>}
      <Title>{title}</Title>
      {detail && <p className="quiet">{detail}</p>}
      {children && <div className="empty-actions">{children}</div>}
    </div>
  );
}

/** Grey shapes where content will be; said once to those who listen. */
export function Loading({ rows = 3, label = m.common.loading }: { rows?: number; label?: string }) {
  return (
    <div className="skeleton" role="status">
      <span className="hidden-but-read">{label}</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="skeleton-row" />
      ))}
    </div>
  );
}
