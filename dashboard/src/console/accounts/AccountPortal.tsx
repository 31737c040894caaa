// An account as its operator sees it: its portal, its keys, and links into the portal for its people.
import { lazy, type ReactNode, Suspense } from "react";
import { Link, Route, Switch } from "wouter";
import { useAccount } from "../../api/accounts";
import { ActingFor } from "../../api/context";
import { NavLink } from "../../app/MainNav";
import { PortalRoutes } from "../../portal/PortalRoutes";
import { Failure } from "../../ui/Failure";
import { Loading } from "../../ui/Loaded";
import { ACCOUNTS } from "../paths";

const AccountAccess = lazy(() => import("./AccountAccess"));

export default function AccountPortal(props: { id: string }): ReactNode {
  const { id } = props;
  const account = useAccount(id);
  if (account.isError) {
    return (
      <main className="page" id="content">
        <h1>Account</h1>
        <Failure error={account.error} />
        <p>
          <Link to={ACCOUNTS}>All accounts</Link>
        </p>
      </main>
    );
  }
  return (
    <ActingFor account={id}>
      <section className="acting" aria-label="Account that is looked at">
        <div className="acting-row">
          <p>
            <Link to={ACCOUNTS}>Accounts</Link> <span aria-hidden="true">/</span>{" "}
            <strong className="break">{account.data?.name ?? id}</strong>
          </p>
          <nav className="sub-nav" aria-label="Account">
            <NavLink to="/webhooks" label="Webhooks" />
            <NavLink to="/access" label="Access" />
          </nav>
        </div>
      </section>
      <Suspense
        fallback={
          <main className="page">
            <Loading />
          </main>
        }
      >
        <Switch>
          <Route path="/access">
            <AccountAccess id={id} />
          </Route>
          <Route component={PortalRoutes} />
        </Switch>
      </Suspense>
    </ActingFor>
  );
}
