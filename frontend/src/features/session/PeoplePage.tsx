import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Link2, ShieldAlert, UserCheck, UserPlus, UserX } from "lucide-react";
import { useState, type FormEvent } from "react";
import { api } from "../../api/client";
import { useSession } from "../../api/queries";
import type { Person, Role } from "../../api/types";
import { Button, IconButton } from "../../components/Button";
import { Dialog, FormFoot } from "../../components/Dialog";
import { SelectField, TextField } from "../../components/Field";
import { date } from "../../components/format";
import { Page } from "../../components/Page";
import { Empty, Failed, Loading, messageOf, Refusal } from "../../components/States";
import { say } from "../../components/Toasts";
import { m } from "../../messages";
import { InviteDialog } from "./InviteDialog";
import "./session.css";

const KEY = ["people"];
const ROLES: Role[] = ["annotator", "admin"];

export function PeoplePage() {
  const session = useSession();
  const admin = session.data?.person.role === "admin";
  const people = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.get<Person[]>("/people", signal),
    enabled: admin,
  });
  const [adding, setAdding] = useState(false);
  const [renewing, setRenewing] = useState<Person | null>(null);
  const [inviting, setInviting] = useState<Person | null>(null);
  if (session.data && !admin)
    return (
      <Page title={m.people.title} narrow>
        <Empty icon={<ShieldAlert size={28} aria-hidden />} title={m.people.onlyAdmins} detail={m.people.onlyAdminsDetail} />
      </Page>
    );
  const add = (
    <Button look="primary" icon={<UserPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
      {m.people.add}
    </Button>
  );
  return (
    <Page title={m.people.title} about={m.people.about} actions={add} narrow>
      <section className="panel">
        {people.isPending && <Loading />}
        {people.error && <Failed error={people.error} onRetry={() => void people.refetch()} />}
        {people.data && <PeopleTable people={people.data} me={session.data?.person.id} onPassword={setRenewing} onInvite={setInviting} />}
      </section>
      {adding && <AddDialog onClose={() => setAdding(false)} />}
      {inviting && <InviteDialog person={inviting} onClose={() => setInviting(null)} />}
      {renewing && <PasswordDialog person={renewing} onClose={() => setRenewing(null)} />}
    </Page>
  );
}

interface TableProps {
  people: Person[];
  me: string | undefined;
  onPassword: (person: Person) => void;
  onInvite: (person: Person) => void;
}

function PeopleTable({ people, me, onPassword, onInvite }: TableProps) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: ({ id, ...body }: { id: string; role?: Role; active?: boolean }) =>
      api.patch<Person>(`/people/${id}`, body),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
    onError: (error) => say(messageOf(error)),
  });
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th>{m.people.name}</th>
            <th>{m.people.role}</th>
            <th className="wide-only">{m.people.since}</th>
            <th className="wide-only">{m.people.state}</th>
            <th>
              <span className="hidden-but-read">{m.common.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <tr key={person.id} className={person.active ? undefined : "quiet"}>
              <td>
                {person.name}
                {person.id === me && <span className="tag">{m.people.you}</span>}
                {!person.active && <span className="tag">{m.people.disabled}</span>}
              </td>
              <td>
                <select
                  className="input select role-select"
                  aria-label={`${m.people.role}: ${person.name}`}
                  value={person.role}
                  disabled={person.id === me || change.isPending}
                  onChange={(event) => change.mutate({ id: person.id, role: event.target.value as Role })}
                >
                  {ROLES.map((role) => (
                    <option key={role} value={role}>
                      {m.session.roles[role]}
                    </option>
                  ))}
                </select>
              </td>
              <td className="quiet wide-only">{date(person.created_at)}</td>
              <td className="quiet wide-only">{person.active ? m.people.active : m.people.disabled}</td>
              <td className="end">
                <span className="row-actions">
                  <IconButton name={m.people.invite(person.name)} disabled={!person.active} onClick={() => onInvite(person)}>
                    <Link2 size={16} aria-hidden />
                  </IconButton>
                  <IconButton name={m.people.passwordFor(person.name)} onClick={() => onPassword(person)}>
                    <KeyRound size={16} aria-hidden />
                  </IconButton>
                  <IconButton
                    name={`${person.active ? m.people.disable : m.people.enable} ${person.name}`}
                    disabled={person.id === me || change.isPending}
                    onClick={() => change.mutate({ id: person.id, active: !person.active })}
                  >
                    {person.active ? <UserX size={16} aria-hidden /> : <UserCheck size={16} aria-hidden />}
                  </IconButton>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<Role>("annotator");
  const add = useMutation({
    mutationFn: () => api.post<Person>("/people", { name, password, role }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: KEY });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={m.people.add} detail={m.people.about}>
      <form className="form" onSubmit={submit}>
        <TextField
          label={m.people.name}
          hint={m.people.nameHint}
          required
          maxLength={64}
          autoCapitalize="none"
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <NewPassword value={password} onChange={setPassword} />
        <SelectField label={m.people.role} value={role} onChange={(event) => setRole(event.target.value as Role)}>
          {ROLES.map((one) => (
            <option key={one} value={one}>
              {m.session.roles[one]}
            </option>
          ))}
        </SelectField>
        <Refusal error={add.error} />
        <FormFoot action={m.people.add} busy={add.isPending} onClose={onClose} />
      </form>
    </Dialog>
  );
}

function PasswordDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const [password, setPassword] = useState("");
  const change = useMutation({
    mutationFn: () => api.patch<Person>(`/people/${person.id}`, { password }),
    onSuccess: () => {
      say(m.people.passwordSaved(person.name));
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={m.people.passwordFor(person.name)}>
      <form className="form" onSubmit={submit}>
        <NewPassword value={password} onChange={setPassword} />
        <Refusal error={change.error} />
        <FormFoot action={m.common.save} busy={change.isPending} onClose={onClose} />
      </form>
    </Dialog>
  );
}

function NewPassword({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <TextField
      label={m.people.password}
      hint={m.people.passwordHint}
      type="password"
      autoComplete="new-password"
      required
      minLength={10}
      maxLength={256}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
