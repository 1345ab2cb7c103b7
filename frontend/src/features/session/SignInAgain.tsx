import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { onSignedOut } from "../../api/client";
import type { Person } from "../../api/types";
import { Dialog } from "../../components/Dialog";
import { go } from "../../components/router";
import { m } from "../../messages";
import { SignInForm } from "./SignInForm";
import { signedInAgain } from "../../api/again";

/** When the session ends under a page, sign in over it: nothing on the page is lost. */
export function SignInAgain({ person }: { person: Person }) {
  const [needed, setNeeded] = useState(false);
  const client = useQueryClient();
  useEffect(() => onSignedOut(() => setNeeded(true)), []);
  return (
    <Dialog
      open={needed}
      dismissable={false}
      onClose={() => undefined}
      title={m.session.again}
      detail={m.session.againDetail}
    >
      <SignInForm
        onDone={(session) => {
          setNeeded(false);
          void client.invalidateQueries();
          if (session.person.id === person.id) signedInAgain();
          else go("/"); // another person's answers are not this page's
        }}
      />
    </Dialog>
  );
}
