// The operator's view.
import { lazy, type ReactNode, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { NotFound } from "../app/NotFound";
import { Shell } from "../app/Shell";
import { Loading } from "../ui/Loaded";

const Overview = lazy(() => import("./overview/Overview"));
const AccountList = lazy(() => import("./accounts/AccountList"));
const AccountPortal = lazy(() => import("./accounts/AccountPortal"));
const Catalog = lazy(() => import("./catalog/Catalog"));
const AuditLog = lazy(() => import("./audit/AuditLog"));
const OperatorKeys = lazy(() => import("./keys/OperatorKeys"));

const NAV = [
  { to: "/overview", label: "Overview" },
  { to: "/accounts", label: "Accounts" },
  { to: "/catalog", label: "Event types" },
  { to: "/audit", label: "Audit log" },
  { to: "/keys", label: "Keys" },
];

export default function Console(): ReactNode {
  return (
    <Shell nav={NAV}>
      <Suspense fallback={<Waiting />}>
        <Switch>
          <Route path="/">
            <Redirect to="/overview" replace />
          </Route>
          <Route path="/overview" component={Overview} />
          <Route path="/accounts" component={AccountList} />
          <Route path="/accounts/:account" nest>
            {({ account }) => <AccountPortal key={account} id={account} />}
          </Route>
          <Route path="/catalog" component={Catalog} />
          <Route path="/audit" component={AuditLog} />
          <Route path="/keys" component={OperatorKeys} />
          <Route component={NotFound} />
        </Switch>
      </Suspense>
    </Shell>
  );
}

function Waiting(): ReactNode {
  return (
    <main className="page">
      <Loading lines={6} />
    </main>
  );
}
