// How far a replay has come, and a way to stop it.
import type { ReactNode } from "react";
import { Label, ProgressBar } from "react-aria-components";
import { useActing } from "../../api/context";
import { ended, isUnderWay, type Replay, useStopReplay } from "../../api/replays";
import { Button } from "../../ui/Button";
import { Facts } from "../../ui/Facts";
import { Failure } from "../../ui/Failure";

const COUNT = new Intl.NumberFormat("en-GB");

export function ReplayStatus(props: {
  webhookId: string;
  replay: Replay;
  onClose: () => void;
}): ReactNode {
  const { replay } = props;
  const { canWrite } = useActing();
  const stop = useStopReplay(props.webhookId);
  return (
    <div className="stack">
      <Failure error={stop.error} />
      <Told replay={replay} />
      <div className="actions end">
        {canWrite && isUnderWay(replay) ? (
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

function Told(props: { replay: Replay }): ReactNode {
  const { replay } = props;
  const over = ended(replay);
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
      {replay.status === "interrupted" ? (
        <p className="notice warn">
          It broke off before everything was scheduled: the server ended, or the webhook was paused.
          What it scheduled is sent all the same. To send the rest, begin another one.
        </p>
      ) : null}
      {replay.status === "stopped" ? (
        <p>
          Nothing more is begun. What was not attempted stands in the log as it did before; what was
          attempted and failed is tried again by its schedule.
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
  interrupted: "Interrupted",
};
