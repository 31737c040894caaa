// What stands around every view: brand, navigation, who is signed in.
import type { ReactNode } from "react";
import { Link, useRoute } from "wouter";
import { useSession } from "../api/context";
import { Button } from "../ui/Button";
import { Brand } from "./Brand";

export interface NavItem {
  to: string;
  label: string;
}

export function Shell(props: { nav: readonly NavItem[]; children: ReactNode }): ReactNode {
  const session = useSession();
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="top">
        <div className="top-row">
          <Link to="/" className="home">
            <Brand />
          </Link>
          <div className="who">
            <span className="who-name">{whoIs(session)}</span>
            {session.isPortalLink ? null : (
              <Button small look="quiet" onPress={() => session.end("signed-out")}>
                Sign out
              </Button>
            )}
          </div>
        </div>
        {props.nav.length === 0 ? null : (
          <nav className="nav" aria-label="Main">
            {props.nav.map((item) => (
              <NavLink key={item.to} {...item} />
            ))}
          </nav>
        )}
      </header>
      {session.role === "account_read_only" ? (
        <aside className="banner" aria-label="Role">
          You can look at everything here, and change nothing.
        </aside>
      ) : null}
      {props.children}
    </>
  );
}

/** A link that says whether it leads to where one is. */
export function NavLink(props: NavItem & { exact?: boolean }): ReactNode {
  const [here] = useRoute(props.exact ? props.to : `${props.to}/*?`);
  return (
    <Link to={props.to} aria-current={here ? "page" : undefined} className="nav-link">
      {props.label}
    </Link>
  );
}

function whoIs(session: ReturnType<typeof useSession>): string {
  if (session.role === "operator") return "Operator";
  return session.account?.name ?? session.account?.id ?? "Account";
}
