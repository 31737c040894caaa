// The event log of a webhook: newest first, filtered, live while its first page is open.
import { type ReactNode, useState } from "react";
import { useActing } from "../../api/context";
import { type LogFilter, useLog } from "../../api/deliveries";
import { useLiveLog } from "../../api/live";
import type { LogEntry } from "../../api/types";
import { useWebhook } from "../../api/webhooks";
import { Button } from "../../ui/Button";
import { Empty, Loaded } from "../../ui/Loaded";
import { Pager } from "../../ui/Pager";
import { useFilter } from "../../ui/useFilter";
import { zone } from "../../ui/time";
import { ReplayDialog } from "../replay/ReplayDialog";
import { WebhookPage } from "../webhook/WebhookPage";
import { LiveMark } from "./LiveMark";
import { LogFilters } from "./LogFilters";
import { LogTable } from "./LogTable";

const NAMES = ["status", "type", "since", "until", "event_id", "cursor"] as const;
const WORDS = { first: "Newest", before: "Newer", next: "Older" };

export default function EventLog(props: { id: string }): ReactNode {
  const { id } = props;
  const { canWrite } = useActing();
  const [{ cursor, ...filter }, change] = useFilter(NAMES);
  const [replaying, setReplaying] = useState(false);
  const webhook = useWebhook(id);
  const query = useLog(id, filter, cursor);
  const live = useLiveLog(id, filter, cursor === undefined);
  return (
    <WebhookPage
      id={id}
      title="Events"
      actions={
        canWrite ? <Button onPress={() => setReplaying(true)}>Send many again</Button> : null
      }
    >
      <LogFilters
        filter={filter}
        onChange={(changed) => change({ ...changed, cursor: undefined })}
      />
      <div className="log-notes">
        {cursor === undefined ? <LiveMark state={live.state} /> : null}
        <p className="hint">Times are those of {zone()}; point at one to see it in UTC.</p>
      </div>
      <Loaded query={query} lines={10}>
        {(page) => (
          <>
            {page.data.length === 0 ? (
              <None
                filter={filter}
                hasMore={Boolean(page.next_cursor)}
                onClear={() => change(cleared())}
              />
            ) : (
              <LogTable
                webhookId={id}
                entries={page.data}
                isNew={(entry) => isNew(entry, live.since)}
              />
            )}
            <Pager
              cursor={cursor}
              next={page.next_cursor}
              words={WORDS}
              onChange={(to) => change({ cursor: to })}
            />
          </>
        )}
      </Loaded>
      {replaying ? (
        <ReplayDialog
          webhookId={id}
          filter={filter}
          isActive={webhook.data?.status === "active"}
          onClose={() => setReplaying(false)}
        />
      ) : null}
    </WebhookPage>
  );
}

function None(props: { filter: LogFilter; hasMore: boolean; onClear: () => void }): ReactNode {
  const isFiltered = Object.values(props.filter).some(Boolean);
  if (props.hasMore) {
    return (
      <Empty title="No event matches in this part of the log.">
        <p>It is long, and was not looked at to its end. “Older” looks further.</p>
      </Empty>
    );
  }
  if (isFiltered) {
    return (
      <Empty title="No event matches.">
        <Button onPress={props.onClear}>Show all</Button>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing was sent to this webhook yet.">
      <p>Events appear here as they happen. Send a test event from the overview to try it.</p>
    </Empty>
  );
}

/** Whether an entry came while the page was open. */
function isNew(entry: LogEntry, since: number): boolean {
  return new Date(entry.created_at).getTime() > since;
}

function cleared(): Record<(typeof NAMES)[number], undefined> {
  return {
    status: undefined,
    type: undefined,
    since: undefined,
    until: undefined,
    event_id: undefined,
    cursor: undefined,
  };
}
