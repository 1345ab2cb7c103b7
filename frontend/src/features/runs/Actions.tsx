import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CirclePause, CirclePlay, CircleStop, FastForward, Gauge } from "lucide-react";
import { useState } from "react";
import { api } from "../../api/client";
import { keys } from "../../api/queries";
import type { Run, RunAction } from "../../api/types";
import { Button } from "../../components/Button";
import { Confirm } from "../../components/Dialog";
import { messageOf, Refusal } from "../../components/States";
import { say } from "../../components/Toasts";
import { m } from "../../messages";
import { BudgetDialog } from "./BudgetDialog";

type Asked = "cancel" | "proceed" | "budget" | null;

/** Pause, resume, go on with what is there, cancel. */
export function Actions({ run }: { run: Run }) {
  const client = useQueryClient();
  const [asked, ask] = useState<Asked>(null);
  const change = useMutation({
    mutationFn: (action: RunAction) => api.patch<Run>(`/runs/${run.id}`, { action }),
    onSuccess: (next) => {
      client.setQueryData(keys.run(run.id), next);
      ask(null);
    },
    onError: (error) => asked === null && say(messageOf(error)),
  });
  const paused = run.state === "paused";
  return (
    <>
      {run.state === "asking" && (
        <Button icon={<FastForward size={16} aria-hidden />} title={m.runs.proceed} onClick={() => ask("proceed")}>
          {m.runs.proceedShort}
        </Button>
      )}
      {paused || run.pausing ? (
        <Button
          icon={<CirclePlay size={16} aria-hidden />}
          busy={change.isPending && asked === null}
          onClick={() => change.mutate("resume")}
        >
          {m.runs.resume}
        </Button>
      ) : (
        <Button
          icon={<CirclePause size={16} aria-hidden />}
          busy={change.isPending && asked === null}
          onClick={() => change.mutate("pause")}
        >
          {m.runs.pause}
        </Button>
      )}
      <Button
        icon={<CircleStop size={16} aria-hidden />}
        busy={change.isPending && (change.variables === "stop" || change.variables === "go_on")}
        onClick={() => change.mutate(run.stopping ? "go_on" : "stop")}
      >
        {run.stopping ? m.runs.goOn : m.runs.stopAfter}
      </Button>
      <Button icon={<Gauge size={16} aria-hidden />} onClick={() => ask("budget")}>
        {m.runs.budget.change}
      </Button>
      <Button look="danger" onClick={() => ask("cancel")}>
        {m.runs.cancel}
      </Button>
      <Confirm
        open={asked === "cancel"}
        danger
        title={m.runs.cancelTitle}
        detail={m.runs.cancelDetail}
        action={m.runs.cancel}
        keep={m.runs.keep}
        busy={change.isPending}
        refusal={<Refusal error={change.error} />}
        onClose={() => ask(null)}
        onConfirm={() => change.mutate("cancel")}
      />
      <Confirm
        open={asked === "proceed"}
        title={m.runs.proceedTitle}
        detail={m.runs.proceedDetail(run.open)}
        action={m.runs.proceed}
        busy={change.isPending}
        refusal={<Refusal error={change.error} />}
        onClose={() => ask(null)}
        onConfirm={() => change.mutate("proceed")}
      />
      {asked === "budget" && <BudgetDialog run={run} onClose={() => ask(null)} />}
    </>
  );
}
