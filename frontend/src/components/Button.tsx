import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "./router";

type Look = "primary" | "plain" | "quiet" | "danger";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  icon?: ReactNode;
  busy?: boolean;
}

export function Button({ look = "plain", icon, busy = false, children, className = "", disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`button button-${look} ${className}`}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy ? <span className="spinner" aria-hidden /> : icon}
      {children && <span>{children}</span>}
    </button>
  );
}

/** A square button with only an icon; its name is read aloud and shown as a tooltip. */
export function IconButton({ name, children, className = "", ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { name: string }) {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={name} title={name} {...rest}>
      {children}
    </button>
  );
}

interface ButtonLinkProps {
  href: string;
  look?: Look;
  icon?: ReactNode;
  children: ReactNode;
  download?: boolean;
}

/** Looks like a button, is a link. A download leaves the page's router alone. */
export function ButtonLink({ href, look = "plain", icon, children, download = false }: ButtonLinkProps) {
  const className = `button button-${look}`;
  const inner = (
    <>
      {icon}
      <span>{children}</span>
    </>
  );
  if (download)
    return (
      <a href={href} className={className} download>
        {inner}
      </a>
    );
  return (
    <Link href={href} className={className}>
      {inner}
    </Link>
  );
}
