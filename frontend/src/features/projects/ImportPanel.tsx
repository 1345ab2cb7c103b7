import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FileArchive, FileSpreadsheet, FolderInput, Sparkles, type LucideIcon } from "lucide-react";
import { useState, type FormEvent } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/queries";
import type { ImportReport, ImportSynth, Project } from "../../api/types";
import { Bar } from "../../components/Bar";
import { Button } from "../../components/Button";
import { duration } from "../../components/format";
import { TextField } from "../../components/Field";
import { Panel } from "../../components/Page";
import { Refusal } from "../../components/States";
import { m, n } from "../../messages";
import { FolderBrowser } from "./FolderBrowser";
import { Uploader } from "./Uploader";

type Way = "upload" | "folder" | "csv" | "synth";

const WAYS: [Way, LucideIcon][] = [
  ["upload", FileArchive],
  ["folder", FolderInput],
  ["csv", FileSpreadsheet],
  ["synth", Sparkles],
];

interface ImportProps {
  projectId: string;
  onStarted: () => void;
}

/** The ways to bring images in. */
export function ImportPanel({ projectId, onStarted }: ImportProps) {
  const [way, setWay] = useState<Way>("upload");
  return (
    <Panel title={m.project.importTitle} note={m.project.importAbout}>
      <div className="ways" role="radiogroup" aria-label={m.project.importTitle}>
        {WAYS.map(([name, Icon]) => (
          <label key={name} className="way">
            <input type="radio" name="way" checked={way === name} onChange={() => setWay(name)} />
            <Icon size={18} aria-hidden />
            {m.project.ways[name]}
          </label>
        ))}
      </div>
      {(way === "folder" || way === "csv") && (
        <FolderBrowser key={way} projectId={projectId} csv={way === "csv"} onStarted={onStarted} />
      )}
      {way === "upload" && <Uploader projectId={projectId} onStarted={onStarted} />}
      {way === "synth" && <Generator projectId={projectId} onStarted={onStarted} />}
    </Panel>
  );
}

export function useStarted(onStarted: () => void) {
  const client = useQueryClient();
  return (project: Project) => {
    client.setQueryData(keys.project(project.id), project);
    void client.invalidateQueries({ queryKey: keys.projects });
    onStarted();
  };
}

function Generator({ projectId, onStarted }: ImportProps) {
  const [form, setForm] = useState({ identities: "40", cameras: "4", images: "3", seed: "0" });
  const started = useStarted(onStarted);
  const generate = useMutation({
    mutationFn: (body: Partial<ImportSynth>) => api.post<Project>(`/projects/${projectId}/import/synth`, body),
    onSuccess: started,
  });
  const total = Number(form.identities) * Number(form.cameras) * Number(form.images);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    generate.mutate({
      identities: Number(form.identities),
      cameras: Number(form.cameras),
      images: Number(form.images),
      seed: Number(form.seed),
    });
  };
  const field = (name: keyof typeof form, min: number, max: number) => (
    <TextField
      label={m.project.synth[name]}
      type="number"
      required
      min={min}
      max={max}
      value={form[name]}
      onChange={(event) => setForm({ ...form, [name]: event.target.value })}
    />
  );
  return (
    <form className="form import-form" onSubmit={submit}>
      <p className="quiet">{m.project.synth.about}</p>
      <div className="form-row">
        {field("identities", 4, 2000)}
        {field("cameras", 1, 32)}
        {field("images", 1, 32)}
        {field("seed", 0, 2 ** 31 - 1)}
      </div>
      <Refusal error={generate.error} />
      <div className="import-row">
        <Button type="submit" look="primary" busy={generate.isPending}>
          {m.project.synth.start}
        </Button>
        <span className="quiet">{m.project.synth.total(total)}</span>
      </div>
    </form>
  );
}

/** An import under way, or one that failed, with the reason. */
export function ImportProgress({ report }: { report: ImportReport }) {
  return (
    <Panel title={m.project.state[report.state] ?? report.state} note={report.source}>
      <div data-testid="import-progress" data-state={report.state} className="form">
        {report.state === "failed" ? (
          <Refusal error={new Error(report.error ?? m.runs.noError)} />
        ) : (
          <>
            <Bar done={report.done} total={report.total} label={m.project.state[report.state] ?? report.state} />
            {report.state === "waiting" && <p className="quiet small">{m.project.waitingWhy}</p>}
            {report.total > 0 && (
              <p className="quiet small" data-testid="import-rate">
                {[m.project.doing[report.what], m.project.ofFiles(report.done, report.total), ...paceOf(report)]
                  .filter(Boolean)
                  .join(" · ")}
              </p>
            )}
          </>
        )}
      </div>
    </Panel>
  );
}

function paceOf({ rate, seconds_left }: ImportReport): string[] {
  if (rate === null || seconds_left === null) return [];
  const pace = rate < 10 ? Number(rate.toPrecision(2)) : Math.round(rate);
  return [m.project.rate(n(pace)), m.project.left(duration(seconds_left))];
}
