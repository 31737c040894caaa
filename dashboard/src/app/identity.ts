// Whose key it is.
import { bodyOf, createApi } from "../api/client";
import type { Role, Session } from "../api/context";
import { ProblemError } from "../api/problem";

export type Identity = Pick<Session, "role" | "account" | "expiresAt" | "isPortalLink">;

export async function identify(key: string): Promise<Identity> {
  const api = createApi({ key }, () => undefined);
  const me = bodyOf(await api.GET("/api/me"));
  if (!isRole(me.role)) {
    throw new ProblemError(
      403,
      "publish_only",
      "This key can only publish events",
      "Sign in with an operator key, or with a key of an account.",
      undefined,
    );
  }
  return {
    role: me.role,
    account: me.account_id ? { id: me.account_id, name: me.account_name } : undefined,
    expiresAt: me.expires_at,
    isPortalLink: me.portal,
  };
}

function isRole(role: string): role is Role {
  return role === "operator" || role === "account" || role === "account_read_only";
}
