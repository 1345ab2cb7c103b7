import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserMinus } from "lucide-react";
import { api } from "../../api/client";
import { keys } from "../../api/queries";
import type { Person, Project } from "../../api/types";
import { IconButton } from "../../components/Button";
import { SelectField } from "../../components/Field";
import { Panel } from "../../components/Page";
import { Refusal } from "../../components/States";
import { m } from "../../messages";

/** For admins: who sees a project. */
export function AccessPanel({ project }: { project: Project }) {
  const client = useQueryClient();
  const path = `/projects/${project.id}`;
  const memberKey = ["members", project.id];
  const members = useQuery({ queryKey: memberKey, queryFn: ({ signal }) => api.get<Person[]>(`${path}/members`, signal) });
  const people = useQuery({ queryKey: ["people"], queryFn: ({ signal }) => api.get<Person[]>("/people", signal) });
  const open = useMutation({
    mutationFn: (everyone: boolean) => api.patch<Project>(path, { everyone }),
    onSuccess: (changed) => client.setQueryData(keys.project(project.id), changed),
  });
  const change = useMutation({
    mutationFn: ({ id, add }: { id: string; add: boolean }) =>
      add ? api.post(`${path}/members`, { person_id: id }) : api.delete(`${path}/members/${id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: memberKey }),
  });
  const words = m.project.access;
  const inside = new Set(members.data?.map((person) => person.id));
  const outside = (people.data ?? []).filter((person) => person.active && person.role !== "admin" && !inside.has(person.id));
  return (
    <Panel title={words.title}>
      <div className="access">
        {([true, false] as const).map((everyone) => (
          <label key={String(everyone)} className="access-choice">
            <input
              type="radio"
              name="everyone"
              checked={project.everyone === everyone}
              disabled={open.isPending}
              onChange={() => open.mutate(everyone)}
            />
            {everyone ? words.everyone : words.members}
          </label>
        ))}
        {!project.everyone && (
          <ul className="members" data-testid="members">
            {members.data?.length === 0 && <li className="quiet">{words.none}</li>}
            {members.data?.map((person) => (
              <li key={person.id}>
                <span>{person.name}</span>
                <IconButton name={words.remove(person.name)} onClick={() => change.mutate({ id: person.id, add: false })}>
                  <UserMinus size={16} aria-hidden />
                </IconButton>
              </li>
            ))}
          </ul>
        )}
        {!project.everyone && outside.length > 0 && (
          <SelectField label={words.add} value="" onChange={(event) => change.mutate({ id: event.target.value, add: true })}>
            <option value="">{words.choose}</option>
            {outside.map((person) => (
              <option key={person.id} value={person.id}>
                {person.name}
              </option>
            ))}
          </SelectField>
        )}
        <Refusal error={open.error ?? change.error ?? members.error} />
      </div>
    </Panel>
  );
}
