// Who is signed in, and the requests that views make in that name.
import { createContext, type ReactNode, use, useMemo } from "react";
import { type Api, createApi } from "./client";

export type Role = "operator" | "account" | "account_read_only";

export interface Session {
  key: string;
  role: Role;
  /** The account's id and name; an operator has none. */
  account?: { id: string; name?: string | null | undefined } | undefined;
  expiresAt?: string | null | undefined;
  /** Came by a portal link, not by a key that somebody can paste again. */
  isPortalLink: boolean;
  /** Ends the session; `expired` when the server did not accept the key any more. */
  end: (why: "signed-out" | "expired") => void;
}

interface Acting {
  api: Api;
  /** Begins every query key: what was read for one account is not shown for another. */
  scope: string;
  canWrite: boolean;
}

const SessionContext = createContext<Session | null>(null);
const ActingContext = createContext<Acting | null>(null);

export function SessionProvider(props: { session: Session; children: ReactNode }): ReactNode {
  return (
    <SessionContext value={props.session}>
      <ActingFor>{props.children}</ActingFor>
    </SessionContext>
  );
}

/** The views inside act for this account; without one, in the name of the key itself. */
export function ActingFor(props: { account?: string; children: ReactNode }): ReactNode {
  const session = useSession();
  const { account } = props;
  const acting = useMemo<Acting>(
    () => ({
      api: createApi({ key: session.key, account }, () => session.end("expired")),
      scope: account ?? "",
      canWrite: session.role !== "account_read_only",
    }),
    [session, account],
  );
  return <ActingContext value={acting}>{props.children}</ActingContext>;
}

export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error("useSession needs a SessionProvider");
  return session;
}

export function useActing(): Acting {
  const acting = use(ActingContext);
  if (acting === null) throw new Error("useActing needs a SessionProvider");
  return acting;
}
