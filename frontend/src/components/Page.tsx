import { ChevronRight } from "lucide-react";
import { useEffect, type ReactNode } from "react";
import { m } from "../messages";
import { Link } from "./router";

interface Crumb {
  text: string;
  href: string;
}

interface PageProps {
  title: string;
  crumbs?: Crumb[];
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  narrow?: boolean;
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · ${m.product}` : m.product;
  }, [title]);
}

/** The frame of a reading page: where one is, what it is, what can be done. */
export function Page({ title, crumbs = [], about, actions, children, narrow = false }: PageProps) {
  useTitle(title);
  return (
    <main id="content" className={narrow ? "page page-narrow" : "page"} tabIndex={-1}>
      {crumbs.length > 0 && (
        <nav className="crumbs" aria-label={m.common.whereAmI}>
          {crumbs.map((crumb) => (
            <span key={crumb.href}>
              <Link href={crumb.href}>{crumb.text}</Link>
              <ChevronRight size={14} aria-hidden />
            </span>
          ))}
        </nav>
      )}
      <header className="page-head">
        <div className="page-title">
          <h1>{title}</h1>
          {about && <div className="quiet">{about}</div>}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </main>
  );
}

export function Panel({ title, note, actions, children, className = "" }: {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section className={`panel ${className}`} aria-label={title}>
      <header className="panel-head">
        <h2>{title}</h2>
        {note && <span className="quiet small panel-note">{note}</span>}
        {actions && <div className="panel-actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}
