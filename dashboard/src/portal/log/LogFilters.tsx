// What of the log is shown: status, type, time, and one event by its id.
import { type ReactNode, useId } from "react";
import { useCatalog } from "../../api/catalog";
import type { LogFilter } from "../../api/deliveries";
import { STATES } from "../../api/types";
import { SelectField } from "../../ui/Choice";
import { MomentField, TypedField } from "../../ui/FilterFields";

const STATUSES = [
  { value: "", label: "Any" },
  ...STATES.map((state) => ({ value: state, label: state })),
];

export function LogFilters(props: {
  filter: LogFilter;
  onChange: (change: LogFilter) => void;
}): ReactNode {
  const { filter, onChange } = props;
  const catalog = useCatalog();
  const list = useId();
  return (
    <div className="filters" role="search" aria-label="Filter events">
      <SelectField
        label="Status"
        value={filter.status ?? ""}
        options={STATUSES}
        onChange={(status) => onChange({ status })}
      />
      <TypedField
        label="Type"
        value={filter.type ?? ""}
        list={list}
        onChange={(type) => onChange({ type })}
      />
      <datalist id={list}>
        {catalog.data?.map((type) => (
          <option key={type.type} value={type.type} />
        ))}
      </datalist>
      <TypedField
        label="Event id"
        value={filter.event_id ?? ""}
        onChange={(id) => onChange({ event_id: id })}
      />
      <MomentField label="From" value={filter.since} onChange={(since) => onChange({ since })} />
      <MomentField label="Until" value={filter.until} onChange={(until) => onChange({ until })} />
    </div>
  );
}
