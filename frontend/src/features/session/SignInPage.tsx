import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/queries";
import type { Session } from "../../api/types";
import { Brand } from "../../components/Brand";
import { useTitle } from "../../components/Page";
import { go } from "../../components/router";
import { Loading, Refusal } from "../../components/States";
import { NetworkError } from "../../api/errors";
import { m } from "../../messages";
import { LanguageSwitch } from "./LanguageSwitch";
import { SignInForm } from "./SignInForm";
import "./session.css";

/** A path of ours to go on to; never another site's. */
export function nextPath(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  return /^\/(?![/\\])/.test(next) ? next : "/";
}

function tokenInAddress(): string | null {
  return new URLSearchParams(window.location.hash.slice(1)).get("token");
}

function goOn(): void {
  go(nextPath(window.location.search), { replace: true });
}

export function SignInPage() {
  useTitle(m.session.title);
  const link = useLink();
  return (
    <main id="content" className="sign-in">
      <div className="sign-in-card">
        <div className="sign-in-brand">
          <Brand />
          <p className="quiet">{m.tagline}</p>
        </div>
        {link.isPending ? (
          <Loading rows={2} label={m.session.linkWorking} />
        ) : (
          <>
            <h1 className="sign-in-title">{m.session.title}</h1>
            {link.error && (
              <Refusal error={link.error instanceof NetworkError ? link.error : new Error(m.session.linkBad)} />
            )}
            <SignInForm onDone={goOn} />
          </>
        )}
        <LanguageSwitch />
      </div>
    </main>
  );
}

/** Spend the one-time token of `/sign-in#token=...`, once, and take it out of the address. */
function useLink() {
  const client = useQueryClient();
  const spent = useRef(false);
  const link = useMutation({
    mutationFn: (token: string) => api.post<Session>("/session/link", { token }),
    onSuccess: (session) => {
      client.setQueryData(keys.session, session);
      goOn();
    },
  });
  const { mutate } = link;
  useEffect(() => {
    const token = tokenInAddress();
    if (!token || spent.current) return;
    spent.current = true;
    history.replaceState(null, "", window.location.pathname + window.location.search);
    mutate(token);
  }, [mutate]);
  return link;
}
