import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import { keys } from "../../api/queries";
import type { Project } from "../../api/types";
import { SelectField } from "../../components/Field";
import { Panel } from "../../components/Page";
import { Refusal } from "../../components/States";
import { m } from "../../messages";

/** For admins: whether runs take what tracklets and frames say. */
export function DataLinksPanel({ project }: { project: Project }) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (imported_links: boolean) => api.patch<Project>(`/projects/${project.id}`, { imported_links }),
    onSuccess: (changed) => client.setQueryData(keys.project(project.id), changed),
  });
  const words = m.project.dataLinks;
  return (
    <Panel title={words.title} note={words.note}>
      <div className="votes" data-testid="data-links">
        <SelectField
          label={words.use}
          hint={words.hint(project.links)}
          value={project.imported_links ? "yes" : "no"}
          disabled={change.isPending}
          onChange={(event) => change.mutate(event.target.value === "yes")}
        >
          <option value="yes">{words.yes}</option>
          <option value="no">{words.no}</option>
        </SelectField>
        <Refusal error={change.error} />
      </div>
    </Panel>
  );
}
