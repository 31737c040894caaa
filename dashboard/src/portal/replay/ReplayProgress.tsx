// A replay that was begun in this window: until it is found, and then how far it has come.
import type { UseMutationResult } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { isUnderWay, type Replay, type ReplayFilter, useLastReplay } from "../../api/replays";
import { Button } from "../../ui/Button";
import { Failure } from "../../ui/Failure";
import { Loading } from "../../ui/Loaded";
import { ReplayStatus } from "./ReplayStatus";

export function ReplayProgress(props: {
  webhookId: string;
  start: UseMutationResult<string, Error, ReplayFilter>;
  onClose: () => void;
}): ReactNode {
  const { webhookId, start, onClose } = props;
  const [begunAt] = useState(() => Date.now());
  const isFound = (replay: Replay | null | undefined): replay is Replay =>
    isOurs(replay, start.data, begunAt);
  const last = useLastReplay(
    webhookId,
    (replay) => !start.isError && (!isFound(replay) || isUnderWay(replay)),
  );
  if (!start.isError && isFound(last.data)) {
    return <ReplayStatus webhookId={webhookId} replay={last.data} onClose={onClose} />;
  }
  return (
    <div className="stack">
      <Failure error={start.error ?? last.error} />
      {start.isError ? null : <Loading lines={3} label="It begins" />}
      <div className="actions end">
        <Button look="primary" onPress={onClose}>
          Close
        </Button>
      </div>
    </div>
  );
}

/** The last replay may still be one of before, until ours has begun. */
function isOurs(
  replay: Replay | null | undefined,
  id: string | undefined,
  begunAt: number,
): replay is Replay {
  if (!replay) return false;
  return id === undefined
    ? new Date(replay.created_at).getTime() >= begunAt - CLOCKS_MS
    : replay.id === id;
}

/** How far the clocks of server and browser may be apart. */
const CLOCKS_MS = 2000;
