import { useMutation, useQuery } from "@tanstack/react-query";
import { CornerLeftUp, Folder as FolderIcon } from "lucide-react";
import { useRef, useState } from "react";
import { api } from "../../api/client";
import type { Folder, Project } from "../../api/types";
import { Button } from "../../components/Button";
import { Failed, Loading, Refusal } from "../../components/States";
import { m } from "../../messages";
import { FIND_OUT, howOf, HowRead, type How } from "./HowRead";
import { useStarted } from "./ImportPanel";
import { NamesPreview, type Looked } from "./NamesPreview";
import { utf8Of } from "./utf8";

const parentOf = (path: string): string => path.split("/").slice(0, -1).join("/");

interface BrowserProps {
  projectId: string;
  csv: boolean; // a CSV from this computer says what the folder's images are
  onStarted: () => void;
}

interface Csv {
  name: string;
  text: string;
}

/** Walk the folders that the server may read, see what their names say, and import one. */
export function FolderBrowser({ projectId, csv, onStarted }: BrowserProps) {
  const [path, setPath] = useState("");
  const [how, setHow] = useState<How>(FIND_OUT);
  const [listed, setListed] = useState<Csv | null>(null);
  const started = useStarted(onStarted);
  const body: Looked & { path: string } = csv
    ? { path, manifest: listed?.text ?? null }
    : { path, ...howOf(how) };
  const start = useMutation({
    mutationFn: () => api.post<Project>(`/projects/${projectId}/import/folder`, body),
    onSuccess: started,
  });
  const ready = path !== "" && (!csv || listed !== null) && (how.format !== "pattern" || how.pattern !== "");
  return (
    <div className="form import-form">
      <p className="quiet">{csv ? m.project.csv.about : m.project.folder.about}</p>
      {csv && <CsvChooser listed={listed} onChoose={setListed} />}
      <Walk path={path} onPath={setPath} />
      {!csv && <HowRead how={how} layouts onChange={setHow} />}
      {ready && <NamesPreview what={body} id={csv ? (listed?.name ?? "") : "folder"} />}
      <Refusal error={start.error} />
      <div>
        <Button look="primary" disabled={!ready} busy={start.isPending} onClick={() => start.mutate()}>
          {m.project.folder.here}
        </Button>
      </div>
    </div>
  );
}

function Walk({ path, onPath }: { path: string; onPath: (path: string) => void }) {
  const folders = useQuery({
    queryKey: ["folders", path],
    queryFn: ({ signal }) => api.get<Folder[]>(`/folders?path=${encodeURIComponent(path)}`, signal),
  });
  return (
    <div className="folder-box">
      <div className="folder-path">
        <Button
          look="quiet"
          icon={<CornerLeftUp size={16} aria-hidden />}
          disabled={path === ""}
          onClick={() => onPath(parentOf(path))}
        >
          {m.project.folder.up}
        </Button>
        <span className="mono" data-testid="folder-path">
          {path || m.project.folder.root}
        </span>
      </div>
      <div className="folder-list">
        {folders.isPending && <Loading rows={2} />}
        {folders.error && <Failed error={folders.error} onRetry={() => void folders.refetch()} />}
        {folders.data?.length === 0 && <p className="quiet folder-empty">{m.project.folder.empty}</p>}
        {folders.data?.map((folder) => (
          <button key={folder.path} type="button" className="folder-row" onClick={() => onPath(folder.path)}>
            <FolderIcon size={16} aria-hidden />
            <span>{folder.name}</span>
            <span className="quiet small">{m.project.folder.count(folder.folders, folder.files)}</span>
          </button>
        ))}
      </div>
    </div>
  );
}

function CsvChooser({ listed, onChoose }: { listed: Csv | null; onChoose: (csv: Csv) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [refused, refuse] = useState<Error | null>(null);
  const take = async (file: File | undefined) => {
    if (!file) return;
    try {
      onChoose({ name: file.name, text: utf8Of(await file.arrayBuffer()) });
      refuse(null);
    } catch {
      refuse(new Error(m.project.csv.notUtf8(file.name)));
    }
  };
  return (
    <div className="import-row">
      <input
        ref={input}
        className="hidden-but-read"
        type="file"
        tabIndex={-1}
        accept=".csv,text/csv"
        aria-label={m.project.csv.choose}
        onChange={(event) => void take(event.target.files?.[0])}
      />
      <Button onClick={() => input.current?.click()}>{listed ? m.project.csv.change : m.project.csv.choose}</Button>
      {listed && !refused && <span className="file-name">{listed.name}</span>}
      <Refusal error={refused} />
    </div>
  );
}
