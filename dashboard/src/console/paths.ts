// Ways out of an account's portal, which has addresses of its own below /accounts/{id}.

/** The list of accounts; `~` begins at the root of the server. */
export const ACCOUNTS = "~/dashboard/accounts";
