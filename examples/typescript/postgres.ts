// An event's id and the work for it in one transaction: the way without a gap. A duplicate
// finds the id; a crash in the middle leaves neither. In a handler, without `seen`:
// (event) => once(pool, event.id, (client) => client.query("INSERT INTO …"))

import type { Pool, PoolClient } from "pg";

export const SCHEMA = `CREATE TABLE IF NOT EXISTS webhook_seen (
  id text PRIMARY KEY,
  seen_at timestamptz NOT NULL DEFAULT now()
)`;

const REMEMBER = "INSERT INTO webhook_seen (id) VALUES ($1) ON CONFLICT DO NOTHING";

/** Does this work unless the id was there before; says whether it did. */
export async function once(
  pool: Pool,
  id: string,
  work: (client: PoolClient) => Promise<unknown>,
): Promise<boolean> {
  const client = await pool.connect();
  let committed = false;
  try {
    await client.query("BEGIN");
    // The same id at the same time waits here until the other transaction has ended.
    const { rowCount } = await client.query(REMEMBER, [id]);
    const isNew = rowCount === 1;
    if (isNew) await work(client);
    await client.query("COMMIT");
    committed = true;
    return isNew;
  } finally {
    // Closing the connection takes back whatever was not committed.
    client.release(!committed);
  }
}
