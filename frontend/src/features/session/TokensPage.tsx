import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy, KeyRound, Plus, Trash2 } from "lucide-react";
import { useState, type FormEvent } from "react";
import { api } from "../../api/client";
import type { Token, TokenMade } from "../../api/types";
import { Button, IconButton } from "../../components/Button";
import { Confirm, Dialog, FormFoot } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { date } from "../../components/format";
import { Page } from "../../components/Page";
import { Empty, Failed, Loading, Refusal } from "../../components/States";
import { say } from "../../components/Toasts";
import { m } from "../../messages";
import "./session.css";

const KEY = ["tokens"];

export function TokensPage() {
  const tokens = useQuery({ queryKey: KEY, queryFn: ({ signal }) => api.get<Token[]>("/tokens", signal) });
  const [making, setMaking] = useState(false);
  const [deleting, setDeleting] = useState<Token | null>(null);
  const make = (
    <Button look="primary" icon={<Plus size={16} aria-hidden />} onClick={() => setMaking(true)}>
      {m.tokens.new}
    </Button>
  );
  return (
    <Page title={m.tokens.title} about={m.tokens.about} actions={tokens.data?.length ? make : undefined} narrow>
      <section className="panel">
        {tokens.isPending && <Loading />}
        {tokens.error && <Failed error={tokens.error} onRetry={() => void tokens.refetch()} />}
        {tokens.data?.length === 0 && (
          <Empty icon={<KeyRound size={28} aria-hidden />} title={m.tokens.empty} detail={m.tokens.emptyDetail}>
            {make}
          </Empty>
        )}
        {tokens.data && tokens.data.length > 0 && <TokenTable tokens={tokens.data} onDelete={setDeleting} />}
      </section>
      <MakeDialog open={making} onClose={() => setMaking(false)} />
      {deleting && <DeleteDialog token={deleting} onClose={() => setDeleting(null)} />}
    </Page>
  );
}

function TokenTable({ tokens, onDelete }: { tokens: Token[]; onDelete: (token: Token) => void }) {
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th>{m.tokens.label}</th>
            <th className="wide-only">{m.tokens.created}</th>
            <th>{m.tokens.expires}</th>
            <th className="wide-only">{m.tokens.used}</th>
            <th>
              <span className="hidden-but-read">{m.common.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr key={token.id}>
              <td>{token.label}</td>
              <td className="quiet wide-only">{date(token.created_at)}</td>
              <td className="quiet">{date(token.expires_at)}</td>
              <td className="quiet wide-only">{token.last_used_at ? date(token.last_used_at) : m.tokens.never}</td>
              <td className="end">
                <IconButton name={`${m.common.delete} ${token.label}`} onClick={() => onDelete(token)}>
                  <Trash2 size={16} aria-hidden />
                </IconButton>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MakeDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const [label, setLabel] = useState("");
  const [days, setDays] = useState("90");
  const make = useMutation({
    mutationFn: () => api.post<TokenMade>("/tokens", { label, days: Number(days) }),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
  const close = () => {
    onClose();
    setLabel("");
    make.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  if (make.data) return <SecretDialog secret={make.data.secret} onClose={close} />;
  return (
    <Dialog open={open} onClose={close} title={m.tokens.new} detail={m.tokens.about}>
      <form className="form" onSubmit={submit}>
        <TextField
          label={m.tokens.label}
          placeholder={m.tokens.labelHint}
          required
          maxLength={64}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
        />
        <TextField
          label={m.tokens.days}
          type="number"
          min={1}
          max={366}
          required
          value={days}
          onChange={(event) => setDays(event.target.value)}
        />
        <Refusal error={make.error} />
        <FormFoot action={m.tokens.make} busy={make.isPending} onClose={close} />
      </form>
    </Dialog>
  );
}

function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  const copy = () =>
    navigator.clipboard.writeText(secret).then(
      () => say(m.common.copied),
      (error: unknown) => say(String(error)),
    );
  return (
    <Dialog open onClose={onClose} title={m.tokens.madeTitle} detail={m.tokens.madeDetail} wide>
      <div className="secret">
        <code data-testid="token-secret">{secret}</code>
        <Button icon={<Copy size={16} aria-hidden />} onClick={() => void copy()}>
          {m.common.copy}
        </Button>
      </div>
      <div className="dialog-foot">
        <Button look="primary" onClick={onClose}>
          {m.common.close}
        </Button>
      </div>
    </Dialog>
  );
}

function DeleteDialog({ token, onClose }: { token: Token; onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.delete(`/tokens/${token.id}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: KEY });
      onClose();
    },
  });
  return (
    <Confirm
      open
      danger
      title={m.tokens.deleteTitle(token.label)}
      detail={m.tokens.deleteDetail}
      action={m.common.delete}
      busy={remove.isPending}
      refusal={<Refusal error={remove.error} />}
      onClose={onClose}
      onConfirm={() => remove.mutate()}
    />
  );
}
