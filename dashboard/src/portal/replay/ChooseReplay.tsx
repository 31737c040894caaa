// Which deliveries are to be sent again, counted before anything is sent.
import type { ReactNode } from "react";
import { type ReplayFilter, useMatching } from "../../api/replays";
import { Button } from "../../ui/Button";
import { SelectField } from "../../ui/Choice";
import { Failure } from "../../ui/Failure";
import { MomentField, TypedField } from "../../ui/FilterFields";

const STATUSES = [
  { value: "failed", label: "failed: given up" },
  { value: "retrying", label: "retrying: wait for their next attempt" },
  { value: "delivered", label: "delivered: arrived once already" },
];

const COUNT = new Intl.NumberFormat("en-GB");

export function ChooseReplay(props: {
  webhookId: string;
  filter: ReplayFilter;
  isActive: boolean;
  onChange: (filter: ReplayFilter) => void;
  onStart: () => void;
  onClose: () => void;
}): ReactNode {
  const { filter, onChange } = props;
  const matching = useMatching(props.webhookId, filter);
  const told = matching.data;
  const count = told === undefined ? undefined : words(told.matching, told.at_least);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        props.onStart();
      }}
    >
      <SelectField
        label="Status"
        value={filter.status}
        options={STATUSES}
        onChange={(status) => onChange({ ...filter, status })}
      />
      <TypedField
        label="Type (all if empty)"
        value={filter.type ?? ""}
        onChange={(type) => onChange({ ...filter, type: type === "" ? undefined : type })}
      />
      <div className="pair">
        <MomentField
          label="Published from"
          value={filter.since}
          onChange={(since) => onChange({ ...filter, since })}
        />
        <MomentField
          label="until"
          value={filter.until}
          onChange={(until) => onChange({ ...filter, until })}
        />
      </div>
      <Failure error={matching.error} />
      <p role="status">
        {count === undefined ? (
          "Counting…"
        ) : (
          <>
            <strong>{count}</strong>{" "}
            {told?.matching === 1 ? "delivery matches." : "deliveries match."}
          </>
        )}
      </p>
      <p className="hint">
        Each is sent as if it were new, with all of its attempts. Live events go on in between. What
        your server took already comes a second time: it can tell by the event&apos;s id.
      </p>
      {props.isActive ? null : (
        <p className="notice warn">The webhook is not active. Activate it first.</p>
      )}
      <div className="actions end">
        <Button onPress={props.onClose}>Cancel</Button>
        <Button
          type="submit"
          look="primary"
          isDisabled={!props.isActive || told === undefined || told.matching === 0}
        >
          {count === undefined ? "Send again" : `Send ${count} again`}
        </Button>
      </div>
    </form>
  );
}

function words(count: number, atLeast: boolean): string {
  return atLeast ? `${COUNT.format(count)} or more` : COUNT.format(count);
}
