import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/queries";
import type { Run } from "../../api/types";
import { Dialog, FormFoot } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { Refusal } from "../../components/States";
import { m } from "../../messages";

const FIELDS = ["budget", "budget_per_round", "budget_actions"] as const;
type Fields = Record<(typeof FIELDS)[number], string>;

const shown = (value: unknown): string => (typeof value === "number" ? String(value) : "");

/** Change how much a run may ask; an empty field is no limit. */
export function BudgetDialog({ run, onClose }: { run: Run; onClose: () => void }) {
  const client = useQueryClient();
  const [fields, setFields] = useState<Fields>({
    budget: shown(run.config["budget"]),
    budget_per_round: shown(run.config["budget_per_round"]),
    budget_actions: shown(run.config["budget_actions"]),
  });
  const change = useMutation({
    mutationFn: () =>
      api.patch<Run>(
        `/runs/${run.id}/budget`,
        Object.fromEntries(FIELDS.map((field) => [field, fields[field] === "" ? null : Number(fields[field])])),
      ),
    onSuccess: (next) => {
      client.setQueryData(keys.run(run.id), next);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={m.runs.budget.title} detail={m.runs.budget.detail}>
      <form className="form" onSubmit={submit}>
        {FIELDS.map((field) => (
          <TextField
            key={field}
            label={m.runs.budget.fields[field]}
            type="number"
            min={field === "budget_per_round" ? 1 : 0}
            step={1}
            placeholder={m.runs.budget.none}
            value={fields[field]}
            onChange={(event) => setFields({ ...fields, [field]: event.target.value })}
          />
        ))}
        <Refusal error={change.error} />
        <FormFoot action={m.common.save} busy={change.isPending} onClose={onClose} />
      </form>
    </Dialog>
  );
}
