import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api } from "../../api/client";
import { isSignedOut } from "../../api/errors";
import { keys } from "../../api/queries";
import type { Session } from "../../api/types";
import { Button } from "../../components/Button";
import { TextField } from "../../components/Field";
import { Refusal } from "../../components/States";
import { m } from "../../messages";

/** Name and password; used by the page and by the dialog that appears when a session has ended. */
export function SignInForm({ onDone }: { onDone: (session: Session) => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation({
    mutationFn: () => api.post<Session>("/session", { name, password }),
    onSuccess: (session) => {
      client.setQueryData(keys.session, session);
      onDone(session);
    },
    onError: () => setPassword(""),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  const refusal = signIn.error && (isSignedOut(signIn.error) ? new Error(m.session.wrong) : signIn.error);
  return (
    <form className="form" onSubmit={submit}>
      <TextField
        label={m.session.name}
        name="name"
        autoComplete="username"
        autoCapitalize="none"
        autoFocus
        required
        maxLength={64}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label={m.session.password}
        name="password"
        type="password"
        autoComplete="current-password"
        required
        maxLength={256}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Refusal error={refusal} />
      <Button type="submit" look="primary" busy={signIn.isPending}>
        {m.session.submit}
      </Button>
    </form>
  );
}
