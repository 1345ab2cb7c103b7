import { useState, type FormEvent } from "react";
import { Dialog, FormFoot } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { Refusal } from "../../components/States";
import { m } from "../../messages";
import type { Cluster } from "./types";
import { useEdits } from "./useEdits";

/** Say what this identity is called. The name belongs to the image that fits best and stays with it. */
export function NameDialog({ runId, cluster, onClose }: { runId: string; cluster: Cluster; onClose: () => void }) {
  const [text, setText] = useState(cluster.names[0] ?? "");
  const { edit } = useEdits(runId);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const image = cluster.named_by[0] ?? cluster.image.id;
    edit.mutate({ kind: "name", image, images: [], text, version: null }, { onSuccess: onClose });
  };
  return (
    <Dialog open onClose={onClose} title={m.clusters.nameTitle} detail={m.clusters.nameDetail}>
      <form className="form" onSubmit={submit}>
        <TextField
          label={m.clusters.nameLabel}
          value={text}
          maxLength={120}
          autoFocus
          onChange={(event) => setText(event.target.value)}
        />
        <Refusal error={edit.error} />
        <FormFoot action={m.common.save} busy={edit.isPending} onClose={onClose} />
      </form>
    </Dialog>
  );
}
