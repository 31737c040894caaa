// Signed in or not, and then the view of the role: the account's portal or the operator's console.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { Router } from "wouter";
import { SessionProvider } from "../api/context";
import { ProblemError } from "../api/problem";
import { forgetKey, initialKey, keepKey } from "../api/session";
import { Loading } from "../ui/Loaded";
import { Toasts } from "../ui/toast";
import { ErrorBoundary } from "./ErrorBoundary";
import { SignIn, type SignInReason } from "./SignIn";
import { type Identity, identify } from "./identity";
import { ThemeProvider } from "./theme";

const Portal = lazy(() => import("../portal/Portal"));
const Console = lazy(() => import("../console/Console"));

const BASE = "/dashboard";

export function App(): ReactNode {
  return (
    <ThemeProvider>
      <ErrorBoundary>
        <Router base={BASE}>
          <SignedIn />
        </Router>
      </ErrorBoundary>
      <Toasts />
    </ThemeProvider>
  );
}

function SignedIn(): ReactNode {
  const [key, setKey] = useState(initialKey);
  const [identity, setIdentity] = useState<Identity>();
  const [reason, setReason] = useState<SignInReason>();
  const queries = useMemo(() => newQueryClient(), []);

  const end = useCallback(
    (why: SignInReason) => {
      forgetKey();
      setKey(undefined);
      setIdentity(undefined);
      setReason(why);
      queries.clear();
    },
    [queries],
  );
  useEffect(() => {
    if (key === undefined || identity !== undefined) return;
    let ignored = false;
    identify(key).then(
      (found) => {
        if (ignored) return;
        keepKey(key);
        setIdentity(found);
      },
      (error: unknown) => {
        if (!ignored) end(error instanceof Error ? error : "expired");
      },
    );
    return () => {
      ignored = true;
    };
  }, [key, identity, end]);
  const session = useMemo(
    () => (key === undefined || identity === undefined ? undefined : { key, end, ...identity }),
    [key, identity, end],
  );

  if (key === undefined) return <SignIn reason={reason} onKey={setKey} />;
  if (session === undefined) return <Waiting />;
  return (
    <QueryClientProvider client={queries}>
      <SessionProvider session={session}>
        <Suspense fallback={<Waiting />}>
          {session.role === "operator" ? <Console /> : <Portal />}
        </Suspense>
      </SessionProvider>
    </QueryClientProvider>
  );
}

function Waiting(): ReactNode {
  return (
    <main className="page">
      <Loading lines={6} />
    </main>
  );
}

function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5000,
        // What the server refused it refuses again; a lost connection or an overload may pass.
        retry: (count, error) =>
          count < 2 && error instanceof ProblemError && mayPass(error.status),
      },
    },
  });
}

function mayPass(status: number): boolean {
  return status === 0 || status === 429 || status >= 500;
}
