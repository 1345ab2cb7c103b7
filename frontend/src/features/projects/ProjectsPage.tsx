import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FolderOpen, Images, MessageCircleQuestion, Plus } from "lucide-react";
import { useState, type FormEvent } from "react";
import { api, imageUrl } from "../../api/client";
import { keys, useSession } from "../../api/queries";
import type { Project } from "../../api/types";
import { Bar } from "../../components/Bar";
import { Button, ButtonLink } from "../../components/Button";
import { Dialog, FormFoot } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { Page } from "../../components/Page";
import { go, Link } from "../../components/router";
import { Empty, Failed, Loading, Refusal } from "../../components/States";
import { m } from "../../messages";
import "./projects.css";

export default function ProjectsPage() {
  const admin = useSession().data?.person.role === "admin";
  const [creating, setCreating] = useState(false);
  const projects = useQuery({
    queryKey: keys.projects,
    queryFn: ({ signal }) => api.get<Project[]>("/projects", signal),
    refetchInterval: 5000,
  });
  const create = admin && (
    <Button look="primary" icon={<Plus size={16} aria-hidden />} onClick={() => setCreating(true)}>
      {m.projects.new}
    </Button>
  );
  return (
    <Page title={m.projects.title} actions={projects.data?.length ? create : undefined}>
      {projects.isPending && <Loading rows={3} />}
      {projects.error && !projects.data && <Failed error={projects.error} onRetry={() => void projects.refetch()} />}
      {projects.data?.length === 0 && (
        <Empty
          icon={<Images size={28} aria-hidden />}
          title={m.projects.emptyTitle}
          detail={admin ? m.projects.emptyDetail : m.projects.emptyAnnotator}
        >
          {create}
        </Empty>
      )}
      <ul className="cards">
        {projects.data?.map((project) => (
          <li key={project.id}>
            <Card project={project} />
          </li>
        ))}
      </ul>
      {creating && <CreateDialog onClose={() => setCreating(false)} />}
    </Page>
  );
}

function Card({ project }: { project: Project }) {
  const { active_run } = project;
  return (
    <article className="card" data-testid="project-card">
      <Link href={`/projects/${project.id}`} className="card-main">
        <Covers ids={project.covers} />
        <div className="card-text">
          <h2>{project.name}</h2>
          {project.description && <p className="quiet card-about">{project.description}</p>}
          <p className="quiet small">{countsOf(project)}</p>
        </div>
      </Link>
      <ImportLine project={project} />
      {!active_run && project.runs > 0 && (
        <div className="card-foot">
          <ButtonLink href={`/projects/${project.id}`}>{m.projects.results}</ButtonLink>
        </div>
      )}
      {active_run && (
        <div className="card-foot">
          <ButtonLink
            href={`/runs/${active_run}/label`}
            look="primary"
            icon={<MessageCircleQuestion size={16} aria-hidden />}
          >
            {m.projects.label}
          </ButtonLink>
          <ButtonLink href={`/runs/${active_run}`}>{m.projects.run}</ButtonLink>
        </div>
      )}
    </article>
  );
}

export function countsOf(project: Project): string {
  if (project.images === 0) return m.projects.noImages;
  const parts = [m.projects.images(project.images)];
  const held = project.queries + project.gallery;
  if (held > 0) parts.push(m.projects.heldOut(held));
  if (project.identities !== null) parts.push(m.projects.identities(project.identities));
  if (project.cameras !== null) parts.push(m.projects.cameras(project.cameras));
  if (project.runs > 0) parts.push(m.projects.runs(project.runs));
  return parts.join(" · ");
}

function Covers({ ids }: { ids: string[] }) {
  if (ids.length === 0)
    return (
      <div className="covers covers-none">
        <FolderOpen size={28} aria-hidden />
      </div>
    );
  return (
    <div className="covers">
      {ids.slice(0, 8).map((id) => (
        <img key={id} src={imageUrl(id, 256)} alt="" loading="lazy" />
      ))}
    </div>
  );
}

function ImportLine({ project }: { project: Project }) {
  const { state, done, total, error } = project.imported;
  if (state === "waiting" || state === "reading")
    return (
      <div className="card-import">
        <p className="small quiet">
          {m.projects.importing} · {m.project.ofFiles(done, total)}
        </p>
        <Bar done={done} total={total} label={m.projects.importing} />
      </div>
    );
  if (state !== "failed") return null;
  return <p className="card-import small card-failed">{`${m.projects.importFailed}: ${error ?? ""}`}</p>;
}

function CreateDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useMutation({
    mutationFn: () => api.post<Project>("/projects", { name, description }),
    onSuccess: (project) => {
      client.setQueryData(keys.project(project.id), project);
      void client.invalidateQueries({ queryKey: keys.projects });
      go(`/projects/${project.id}`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={m.projects.createTitle} detail={m.projects.emptyDetail}>
      <form className="form" onSubmit={submit}>
        <TextField
          label={m.projects.name}
          required
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <TextField
          label={`${m.projects.description} (${m.common.optional})`}
          maxLength={2000}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
        <Refusal error={create.error} />
        <FormFoot action={m.common.create} busy={create.isPending} onClose={onClose} />
      </form>
    </Dialog>
  );
}
