import type { ReactNode } from "react";
import type { Person } from "../api/types";
import { Brand } from "../components/Brand";
import { Link, match } from "../components/router";
import { AccountMenu } from "../features/session/AccountMenu";
import { SignInAgain } from "../features/session/SignInAgain";
import { m } from "../messages";
import "./shell.css";

interface ShellProps {
  person: Person;
  path: string;
  children: ReactNode;
}

/** The bar at the top; the label page brings its own slot for figures into it. */
export function Shell({ person, path, children }: ShellProps) {
  const labelling = match("/runs/:id/label", path) !== null || match("/practice", path) !== null;
  return (
    <div className={labelling ? "shell shell-label" : "shell"}>
      <a className="skip-link" href="#content">
        {m.common.skipTo}
      </a>
      <header className="topbar">
        <Link href="/" aria-label={`${m.product}: ${m.errors.home}`}>
          <Brand />
        </Link>
        <div id="topbar-slot" className="topbar-slot" />
        <div className="topbar-end">
          <AccountMenu person={person} />
        </div>
      </header>
      {children}
      <SignInAgain person={person} />
    </div>
  );
}
