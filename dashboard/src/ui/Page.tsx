// The frame of a view: where it is, its heading, what can be done with the whole of it.
import { type ReactNode, useEffect, useRef } from "react";
import { Link } from "wouter";

export interface Crumb {
  to: string;
  label: string;
}

export function Page(props: {
  title: string;
  /** In place of the title's plain text. */
  heading?: ReactNode;
  crumbs?: Crumb[];
  actions?: ReactNode;
  children: ReactNode;
}): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = props.title;
  }, [props.title]);
  // A screen reader begins with the heading of the view that was opened.
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <main className="page" id="content">
      {props.crumbs === undefined ? null : (
        <nav aria-label="Breadcrumb">
          <ol className="crumbs">
            {props.crumbs.map((crumb) => (
              <li key={crumb.to}>
                <Link to={crumb.to}>{crumb.label}</Link>
              </li>
            ))}
          </ol>
        </nav>
      )}
      <div className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {props.heading ?? props.title}
        </h1>
        {props.actions === undefined ? null : <div className="actions">{props.actions}</div>}
      </div>
      {props.children}
    </main>
  );
}

export function Card(props: {
  title?: string;
  actions?: ReactNode;
  children: ReactNode;
  tone?: "bad" | "warn";
}): ReactNode {
  return (
    <section className={props.tone === undefined ? "card" : `card ${props.tone}`}>
      {props.title === undefined ? null : (
        <div className="card-head">
          <h2>{props.title}</h2>
          {props.actions}
        </div>
      )}
      {props.children}
    </section>
  );
}
