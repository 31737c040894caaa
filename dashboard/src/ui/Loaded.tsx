// What a view shows while it waits, when that failed, and when there is nothing.
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure } from "./Failure";

export function Loading(props: { label?: string; lines?: number }): ReactNode {
  return (
    <div className="skeleton" role="status" aria-label={props.label ?? "Loading"}>
      {Array.from({ length: props.lines ?? 4 }, (_, line) => (
        <span key={line} className="skeleton-line" />
      ))}
    </div>
  );
}

export function Empty(props: { title: string; children?: ReactNode }): ReactNode {
  return (
    <div className="empty">
      <p className="empty-title">{props.title}</p>
      {props.children}
    </div>
  );
}

/** Shows what a query brought. What is there stays in sight while it is read again. */
export function Loaded<Data>(props: {
  query: UseQueryResult<Data>;
  lines?: number;
  children: (data: Data) => ReactNode;
}): ReactNode {
  const { query } = props;
  if (query.data !== undefined) {
    return (
      <>
        {query.isError ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : null}
        {props.children(query.data)}
      </>
    );
  }
  if (query.isError) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading lines={props.lines ?? 4} />;
}
