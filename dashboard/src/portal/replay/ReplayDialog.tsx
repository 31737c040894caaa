// Sends many deliveries again: which, how many that is, and then how far it has come.
import { type ReactNode, useState } from "react";
import type { LogFilter } from "../../api/deliveries";
import { type ReplayFilter, useStartReplay } from "../../api/replays";
import { Dialog } from "../../ui/Dialog";
import { ChooseReplay } from "./ChooseReplay";
import { ReplayProgress } from "./ReplayProgress";

export function ReplayDialog(props: {
  webhookId: string;
  /** What the log shows, to begin with. */
  filter: LogFilter;
  isActive: boolean;
  onClose: () => void;
}): ReactNode {
  const { webhookId } = props;
  const { status, type, since, until } = props.filter;
  const [filter, setFilter] = useState<ReplayFilter>({
    status: status ?? "failed",
    type,
    since,
    until,
  });
  const start = useStartReplay(webhookId);
  return (
    <Dialog title="Send many again" onClose={props.onClose}>
      {start.isIdle ? (
        <ChooseReplay
          webhookId={webhookId}
          filter={filter}
          isActive={props.isActive}
          onChange={setFilter}
          onStart={() => start.mutate(filter)}
          onClose={props.onClose}
        />
      ) : (
        <ReplayProgress webhookId={webhookId} start={start} onClose={props.onClose} />
      )}
    </Dialog>
  );
}
