import { address, errorFrom } from "./client";
import { NetworkError } from "./errors";
import { m } from "../messages";
import type { Project } from "./types";

/** Send a zip with progress (0..1); fetch cannot report upload progress, XMLHttpRequest can. */
export function uploadZip(
  projectId: string,
  file: File,
  pattern: string | null,
  onProgress: (share: number) => void,
): Promise<Project> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file);
    if (pattern !== null) form.append("pattern", pattern);
    const call = new XMLHttpRequest();
    call.open("POST", address(`/projects/${encodeURIComponent(projectId)}/import/upload`));
    call.setRequestHeader("X-UCAL", "1");
    call.upload.onprogress = (event) => onProgress(event.lengthComputable ? event.loaded / event.total : 0);
    call.onerror = () => reject(new NetworkError(m.errors.network));
    call.onload = () => {
      if (call.status >= 200 && call.status < 300) resolve(JSON.parse(call.responseText) as Project);
      else reject(errorFrom(call.status, call.responseText));
    };
    call.send(form);
  });
}
