import { useQuery } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { api } from "../../api/client";
import type { LinkMade, Person } from "../../api/types";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { moment } from "../../components/format";
import { Loading, Refusal } from "../../components/States";
import { say } from "../../components/Toasts";
import { m } from "../../messages";

/** A link that signs somebody in once; made when the dialog opens, and shown only here. */
export function InviteDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const made = useQuery({
    queryKey: ["invite", person.id],
    queryFn: () => api.post<LinkMade>(`/people/${person.id}/link`),
    staleTime: Infinity, // one dialog, one link
    gcTime: 0,
    retry: false,
  });
  const link = made.data && `${location.origin}/sign-in#token=${made.data.token}`;
  const copy = () => {
    void navigator.clipboard?.writeText(link ?? "").then(() => say(m.common.copied));
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={m.people.invite(person.name)}
      detail={made.data ? m.people.inviteAbout(moment(made.data.expires_at)) : undefined}
    >
      {made.isPending && <Loading rows={1} />}
      <Refusal error={made.error} />
      {link && <TextField label={m.people.invite(person.name)} readOnly value={link} onFocus={(event) => event.target.select()} />}
      <div className="dialog-foot">
        <Button look="primary" icon={<Copy size={16} aria-hidden />} disabled={!link} onClick={copy}>
          {m.common.copy}
        </Button>
      </div>
    </Dialog>
  );
}
