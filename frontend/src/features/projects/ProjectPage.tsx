import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ChartLine, Play, Trash2, Upload } from "lucide-react";
import { useState } from "react";
import { api } from "../../api/client";
import { keys, useProject, useSession } from "../../api/queries";
import type { Project, Run } from "../../api/types";
import { Button, ButtonLink, IconButton } from "../../components/Button";
import { Confirm } from "../../components/Dialog";
import { duration, secondsSince } from "../../components/format";
import { Page, Panel } from "../../components/Page";
import { PendingPage } from "../../components/PendingPage";
import { go, Link } from "../../components/router";
import { StatePill } from "../../components/StatePill";
import { Empty, Failed, Loading, Refusal } from "../../components/States";
import { useNow } from "../../components/useNow";
import { m, n } from "../../messages";
import { AccessPanel } from "./AccessPanel";
import { BadFiles } from "./BadFiles";
import { DataLinksPanel } from "./DataLinksPanel";
import { ImageGrid } from "./ImageGrid";
import { ImportPanel, ImportProgress } from "./ImportPanel";
import { Notices } from "./NamesPreview";
import { NewRunDialog } from "./NewRunDialog";
import { VotesPanel } from "./VotesPanel";
import "./projects.css";

export default function ProjectPage({ id }: { id: string }) {
  const project = useProject(id);
  const admin = useSession().data?.person.role === "admin";
  if (project.data) return <Shown project={project.data} admin={admin} />;
  return <PendingPage query={project} missing={m.project.missing} />;
}

type Open = "run" | "import" | "delete" | null;

function Shown({ project, admin }: { project: Project; admin: boolean }) {
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const actions = admin && (
    <ProjectActions project={project} onImport={() => setOpen(open === "import" ? null : "import")} onOpen={setOpen} />
  );
  return (
    <Page
      title={project.name}
      about={project.description}
      crumbs={[{ text: m.projects.title, href: "/" }]}
      actions={actions || undefined}
    >
      <div className="stack">
        {project.images > 0 && <Counts project={project} />}
        <Importing project={project} admin={admin} asked={open === "import"} onStarted={close} />
        {project.images > 0 && (
          <>
            <Runs project={project} onStart={admin ? () => setOpen("run") : undefined} />
            {admin && <AccessPanel project={project} />}
            {admin && <VotesPanel project={project} />}
            {admin && project.links > 0 && <DataLinksPanel project={project} />}
            <ImageGrid project={project} />
          </>
        )}
      </div>
      {open === "run" && <NewRunDialog project={project} onClose={close} />}
      {open === "delete" && <DeleteDialog project={project} onClose={close} />}
    </Page>
  );
}

const isImporting = ({ imported }: Project) => imported.state === "waiting" || imported.state === "reading";

interface ActionsProps {
  project: Project;
  onImport: () => void;
  onOpen: (what: Open) => void;
}

function ProjectActions({ project, onImport, onOpen }: ActionsProps) {
  const filled = project.images > 0;
  return (
    <>
      {filled && project.runs === 0 && !isImporting(project) && (
        <Button icon={<Upload size={16} aria-hidden />} onClick={onImport}>
          {m.project.importAgain}
        </Button>
      )}
      {filled && <StartButton onClick={() => onOpen("run")} />}
      <IconButton name={m.projects.delete} onClick={() => onOpen("delete")}>
        <Trash2 size={16} aria-hidden />
      </IconButton>
    </>
  );
}

function StartButton({ onClick }: { onClick: () => void }) {
  return (
    <Button look="primary" icon={<Play size={16} aria-hidden />} onClick={onClick}>
      {m.project.startRun}
    </Button>
  );
}

interface ImportingProps {
  project: Project;
  admin: boolean;
  asked: boolean; // although there are images already
  onStarted: () => void;
}

/** How the import went or goes, what could not be read, and the ways to import. */
function Importing({ project, admin, asked, onStarted }: ImportingProps) {
  const busy = isImporting(project);
  const wanted = project.images === 0 || asked;
  const report = project.imported;
  return (
    <>
      {(busy || report.state === "failed") && <ImportProgress report={report} />}
      <Notices notices={report.notices} />
      {report.bad_files > 0 && admin && <BadFiles project={project} />}
      {wanted && !busy && admin && <ImportPanel projectId={project.id} onStarted={onStarted} />}
      {wanted && !busy && !admin && <Empty title={m.projects.noImages} detail={m.project.imagesEmpty} />}
    </>
  );
}

function Counts({ project }: { project: Project }) {
  const names = m.project.counts;
  const figures: [string, string, string?][] = [
    [names.images, n(project.images)],
    [names.queries, n(project.queries), m.project.heldOutWhy],
    [names.gallery, n(project.gallery), m.project.heldOutWhy],
    [names.identities, project.identities === null ? m.project.truthUnknown : n(project.identities)],
    [names.cameras, project.cameras === null ? m.project.truthUnknown : n(project.cameras)],
  ];
  return (
    <dl className="counts" data-testid="project-counts">
      {figures.map(([name, value, why]) => (
        <div key={name} title={why}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Runs({ project, onStart }: { project: Project; onStart: (() => void) | undefined }) {
  const runs = useQuery({
    queryKey: keys.runs(project.id),
    queryFn: ({ signal }) => api.get<Run[]>(`/projects/${project.id}/runs`, signal),
    refetchInterval: 4000,
  });
  return (
    <Panel
      title={m.project.runs}
      actions={
        (runs.data?.length ?? 0) > 1 && (
          <ButtonLink href={`/projects/${project.id}/compare`} icon={<ChartLine size={16} aria-hidden />}>
            {m.compare.link}
          </ButtonLink>
        )
      }
    >
      {runs.isPending && <Loading rows={2} />}
      {runs.error && !runs.data && <Failed error={runs.error} onRetry={() => void runs.refetch()} />}
      {runs.data?.length === 0 && (
        <Empty title={m.project.runsEmpty} detail={m.project.runsEmptyDetail}>
          {onStart && <StartButton onClick={onStart} />}
        </Empty>
      )}
      <ul className="run-list">
        {runs.data?.map((run) => (
          <RunRow key={run.id} run={run} />
        ))}
      </ul>
    </Panel>
  );
}

function RunRow({ run }: { run: Run }) {
  const now = useNow(10_000);
  return (
    <li className="run-row" data-testid="run-row">
      <Link href={`/runs/${run.id}`} className="run-row-name">
        {run.name || m.project.unnamedRun}
      </Link>
      <StatePill state={run.state} />
      <span className="quiet">{m.project.round(Math.min(run.round + 1, run.rounds), run.rounds)}</span>
      <span className="quiet">{m.project.answers(run.answered)}</span>
      <span className="quiet wide-only">{m.time.ago(duration(secondsSince(run.finished_at ?? run.created_at, now)))}</span>
      {(run.state === "asking" || run.open > 0) && (
        <Link href={`/runs/${run.id}/label`} className="run-row-label">
          {m.runs.answersLink}
        </Link>
      )}
    </li>
  );
}

function DeleteDialog({ project, onClose }: { project: Project; onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.delete(`/projects/${project.id}`),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.projects });
      go("/");
    },
  });
  return (
    <Confirm
      open
      danger
      title={m.projects.deleteTitle(project.name)}
      detail={m.projects.deleteDetail}
      action={m.projects.delete}
      busy={remove.isPending}
      refusal={<Refusal error={remove.error} />}
      onClose={onClose}
      onConfirm={() => remove.mutate()}
    />
  );
}
