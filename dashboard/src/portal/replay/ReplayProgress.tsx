// How far a replay has come, and a way to stop it.
import type { UseMutationResult } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Label, ProgressBar } from "react-aria-components";
import {
  isUnderWay,
  type Replay,
  type ReplayFilter,
  useLastReplay,
  useStopReplay,
} from "../../api/replays";
import { Button } from "../../ui/Button";
import { Facts } from "../../ui/Facts";
import { Failure } from "../../ui/Failure";
import { Loading } from "../../ui/Loaded";

const COUNT = new Intl.NumberFormat("en-GB");

export function ReplayProgress(props: {
  webhookId: string;
  start: UseMutationResult<string, Error, ReplayFilter>;
  onClose: () => void;
}): ReactNode {
  const { start } = props;
  const [begunAt] = useState(() => Date.now());
  const last = useLastReplay(props.webhookId, !start.isError);
  const stop = useStopReplay(props.webhookId);
  const replay = isOurs(last.data, start.data, begunAt) ? last.data : undefined;
  return (
    <div className="stack">
      <Failure error={start.error ?? last.error ?? stop.error} />
      {start.isError ? null : replay === undefined ? (
        <Loading lines={3} label="It begins" />
      ) : (
        <Told replay={replay} />
      )}
      <div className="actions end">
        {replay !== undefined && isUnderWay(replay) ? (
          <Button look="danger" isPending={stop.isPending} onPress={() => stop.mutate(replay.id)}>
            Stop
          </Button>
        ) : null}
        <Button look="primary" onPress={props.onClose}>
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

function Told(props: { replay: Replay }): ReactNode {
  const { replay } = props;
  const over = replay.delivered + replay.failed + replay.withdrawn;
  return (
    <>
      <ProgressBar
        className="progress"
        value={over}
        maxValue={Math.max(1, replay.replayed)}
        valueLabel={`${COUNT.format(over)} of ${COUNT.format(replay.replayed)}`}
      >
        {({ percentage, valueText }) => (
          <>
            <div className="progress-words">
              <Label>{WORDS[replay.status] ?? replay.status}</Label>
              <span>{valueText}</span>
            </div>
            <div className="progress-track">
              <div className="progress-bar" style={{ width: `${percentage ?? 0}%` }} />
            </div>
          </>
        )}
      </ProgressBar>
      <Facts
        facts={[
          ["Delivered", COUNT.format(replay.delivered)],
          ["Waiting", COUNT.format(replay.waiting)],
          ["Failed", COUNT.format(replay.failed)],
          ["Not sent any more", COUNT.format(replay.withdrawn)],
        ]}
      />
      {isUnderWay(replay) ? (
        <p className="hint">
          You can close this window: it goes on. Stopping takes back what was not attempted yet.
        </p>
      ) : null}
    </>
  );
}

const WORDS: Record<string, string> = {
  scheduling: "Being scheduled",
  running: "Being sent",
  done: "Done",
  stopped: "Stopped",
};
