// What stands around every view: brand, navigation, who is signed in.
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useSession } from "../api/context";
import { Button } from "../ui/Button";
import { Brand } from "./Brand";
import { MainNav, type NavItem } from "./MainNav";

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
        <MainNav items={props.nav} />
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

function whoIs(session: ReturnType<typeof useSession>): string {
  if (session.role === "operator") return "Operator";
  return session.account?.name ?? session.account?.id ?? "Account";
}
