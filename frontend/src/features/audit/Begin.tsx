import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Dices } from "lucide-react";
import { useState, type FormEvent } from "react";
import { api } from "../../api/client";
import { Button } from "../../components/Button";
import { TextField } from "../../components/Field";
import { Panel } from "../../components/Page";
import { Refusal } from "../../components/States";
import { m } from "../../messages";
import { auditsKey, type Audit } from "./api";
import { atMost, faultlessBound } from "./bounds";

const MOST = 2000;
const USUAL = 100;

/** How many images to draw, and what that many can show at best. */
export function Begin({ runId }: { runId: string }) {
  const words = m.audit.begin;
  const client = useQueryClient();
  const [typed, type] = useState(String(USUAL));
  const count = Number(typed);
  const good = Number.isInteger(count) && count >= 1 && count <= MOST;
  const begin = useMutation({
    mutationFn: () => api.post<Audit>(`/runs/${runId}/audits`, { images: count }),
    onSuccess: () => client.invalidateQueries({ queryKey: auditsKey(runId) }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (good) begin.mutate();
  };
  return (
    <Panel title={words.title}>
      <ol className="audit-how">
        {words.how.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ol>
      <form className="form audit-begin" onSubmit={submit}>
        <TextField
          label={words.images}
          type="number"
          inputMode="numeric"
          min={1}
          max={MOST}
          required
          value={typed}
          onChange={(event) => type(event.target.value)}
          hint={good ? words.hint(count, atMost(faultlessBound(count))) : words.failed}
        />
        <Refusal error={begin.error} />
        <div>
          <Button type="submit" look="primary" icon={<Dices size={16} aria-hidden />} busy={begin.isPending} disabled={!good}>
            {words.start}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
