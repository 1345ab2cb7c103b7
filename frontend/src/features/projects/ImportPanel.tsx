import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FileArchive, FolderInput, Sparkles, type LucideIcon } from "lucide-react";
import { useRef, useState, type FormEvent } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/queries";
import type { ImportReport, ImportSynth, Project } from "../../api/types";
import { uploadZip } from "../../api/upload";
import { Bar } from "../../components/Bar";
import { Button } from "../../components/Button";
import { TextField } from "../../components/Field";
import { Panel } from "../../components/Page";
import { Refusal } from "../../components/States";
import { m, n } from "../../messages";
import { FolderBrowser } from "./FolderBrowser";

type Way = "folder" | "upload" | "synth";

const WAYS: [Way, LucideIcon][] = [
  ["folder", FolderInput],
  ["upload", FileArchive],
  ["synth", Sparkles],
];

interface ImportProps {
  projectId: string;
  onStarted: () => void;
}

/** Three ways to bring images in. */
export function ImportPanel({ projectId, onStarted }: ImportProps) {
  const [way, setWay] = useState<Way>("folder");
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
      {way === "folder" && <FolderBrowser projectId={projectId} onStarted={onStarted} />}
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

function Uploader({ projectId, onStarted }: ImportProps) {
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [share, setShare] = useState(0);
  const started = useStarted(onStarted);
  const upload = useMutation({ mutationFn: (zip: File) => uploadZip(projectId, zip, setShare), onSuccess: started });
  return (
    <div className="form import-form">
      <p className="quiet">{m.project.upload.about}</p>
      <input
        ref={input}
        className="hidden-but-read"
        type="file"
        accept=".zip,application/zip"
        aria-label={m.project.upload.choose}
        onChange={(event) => setFile(event.target.files?.[0] ?? null)}
      />
      <div className="import-row">
        <Button disabled={upload.isPending} onClick={() => input.current?.click()}>
          {file ? m.project.upload.change : m.project.upload.choose}
        </Button>
        {file && (
          <span className="file-name">
            {file.name} <span className="quiet">{n(Math.ceil(file.size / 1024))} kB</span>
          </span>
        )}
      </div>
      {upload.isPending && (
        <>
          <p className="small quiet">{m.project.upload.sending(Math.round(100 * share))}</p>
          <Bar done={share} total={1} label={m.project.upload.start} />
        </>
      )}
      <Refusal error={upload.error} />
      <div>
        <Button look="primary" disabled={!file} busy={upload.isPending} onClick={() => file && upload.mutate(file)}>
          {m.project.upload.start}
        </Button>
      </div>
    </div>
  );
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
            {report.total > 0 && <p className="quiet small">{m.project.ofFiles(report.done, report.total)}</p>}
          </>
        )}
      </div>
    </Panel>
  );
}
