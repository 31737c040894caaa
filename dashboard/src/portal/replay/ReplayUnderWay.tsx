// Says on each page of a webhook that a replay is under way: whoever closed its window, or comes
// later, follows it from here, and can stop it.
import { type ReactNode, useState } from "react";
import { ended, isUnderWay, useLastReplay } from "../../api/replays";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { ReplayStatus } from "./ReplayStatus";

export function ReplayUnderWay(props: { webhookId: string }): ReactNode {
  const { data: replay } = useLastReplay(props.webhookId);
  const [isOpen, setOpen] = useState(false);
  if (!replay) return null;
  return (
    <>
      {isUnderWay(replay) ? (
        <section className="notice" aria-label="Replay under way">
          <div className="inline">
            <p>
              Deliveries are being sent again: {ended(replay)} of {replay.replayed}.
            </p>
            <Button small onPress={() => setOpen(true)}>
              Show
            </Button>
          </div>
        </section>
      ) : null}
      {isOpen ? (
        <Dialog title="Send many again" onClose={() => setOpen(false)}>
          <ReplayStatus
            webhookId={props.webhookId}
            replay={replay}
            onClose={() => setOpen(false)}
          />
        </Dialog>
      ) : null}
    </>
  );
}
