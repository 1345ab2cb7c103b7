import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { address, api } from "../../api/client";
import type { BadFile, Project } from "../../api/types";
import { Button, ButtonLink } from "../../components/Button";
import { Panel } from "../../components/Page";
import { Failed, Loading } from "../../components/States";
import { m } from "../../messages";

/** Files that could not be read, with the reason of each. */
export function BadFiles({ project }: { project: Project }) {
  const [open, setOpen] = useState(false);
  const count = project.imported.bad_files;
  const path = `/projects/${project.id}/bad-files`;
  const files = useQuery({
    queryKey: ["bad-files", project.id, count],
    queryFn: ({ signal }) => api.get<BadFile[]>(path, signal),
    enabled: open,
  });
  return (
    <Panel
      title={m.project.badFiles(count)}
      className={open ? "" : "panel-closed"}
      actions={
        <>
          {!open && <Button onClick={() => setOpen(true)}>{m.project.badShow}</Button>}
          <ButtonLink href={address(`${path}?format=csv`)} download icon={<Download size={16} aria-hidden />}>
            {m.project.badDownload}
          </ButtonLink>
        </>
      }
    >
      {open && files.isPending && <Loading rows={2} />}
      {files.error && <Failed error={files.error} onRetry={() => void files.refetch()} />}
      {files.data && (
        <div className="table-scroll" data-testid="bad-files">
          <table className="table">
            <thead>
              <tr>
                <th>{m.project.badPath}</th>
                <th>{m.project.badReason}</th>
              </tr>
            </thead>
            <tbody>
              {files.data.map((file) => (
                <tr key={file.path}>
                  <td className="mono bad-path">{file.path}</td>
                  <td className="quiet">{file.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
