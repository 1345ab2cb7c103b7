import { useMutation, useQuery } from "@tanstack/react-query";
import { CornerLeftUp, Folder as FolderIcon } from "lucide-react";
import { useState } from "react";
import { api } from "../../api/client";
import type { Folder, Project } from "../../api/types";
import { Button } from "../../components/Button";
import { SelectField } from "../../components/Field";
import { Failed, Loading, Refusal } from "../../components/States";
import { m } from "../../messages";
import { useStarted } from "./ImportPanel";

const parentOf = (path: string): string => path.split("/").slice(0, -1).join("/");

/** Walk the folders that the server may read, and import one. */
export function FolderBrowser({ projectId, onStarted }: { projectId: string; onStarted: () => void }) {
  const [path, setPath] = useState("");
  const [format, setFormat] = useState("auto");
  const started = useStarted(onStarted);
  const folders = useQuery({
    queryKey: ["folders", path],
    queryFn: ({ signal }) => api.get<Folder[]>(`/folders?path=${encodeURIComponent(path)}`, signal),
  });
  const start = useMutation({
    mutationFn: () => api.post<Project>(`/projects/${projectId}/import/folder`, { path: path || ".", format }),
    onSuccess: started,
  });
  return (
    <div className="form import-form">
      <p className="quiet">{m.project.folder.about}</p>
      <div className="folder-box">
        <div className="folder-path">
          <Button
            look="quiet"
            icon={<CornerLeftUp size={16} aria-hidden />}
            disabled={path === ""}
            onClick={() => setPath(parentOf(path))}
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
            <button key={folder.path} type="button" className="folder-row" onClick={() => setPath(folder.path)}>
              <FolderIcon size={16} aria-hidden />
              <span>{folder.name}</span>
              <span className="quiet small">{m.project.folder.count(folder.folders, folder.files)}</span>
            </button>
          ))}
        </div>
      </div>
      <div className="form-row">
        <SelectField label={m.project.folder.format} value={format} onChange={(event) => setFormat(event.target.value)}>
          {Object.entries(m.project.folder.formats).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </SelectField>
      </div>
      <Refusal error={start.error} />
      <div>
        <Button look="primary" busy={start.isPending} onClick={() => start.mutate()}>
          {m.project.folder.here}
        </Button>
      </div>
    </div>
  );
}
