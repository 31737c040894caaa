//! Changes of the configuration, on their way to every node's directory.
//!
//! A transaction that changes something locks the row of `revision`, numbers its
//! changes and notifies. Every node, the one that made the change included, reads
//! the changes after the last that it knows; it does so when it is notified, and
//! every second, because a notification can be lost with a connection and does
//! not come at all through a pooler.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::Transaction;
use tokio_postgres::{AsyncMessage, GenericClient, Row};
use waxwing_core::{EventType, KeyId, seal::Sealed};
use waxwing_store::{CatalogEntry, Principal, Target};

use crate::{
    accounts, data_keys,
    error::Error,
    rows,
    signing_keys::signing_keys,
    sql::{BOUNDED, Result, execute, first, get, params, query},
    store::Shared,
};

/// How often changes are looked for although nobody notified.
const POLL: Duration = Duration::from_secs(1);
/// The pause before listening is tried again.
const LISTEN_PAUSE: Duration = Duration::from_secs(5);

/// What changed.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Account(i64),
    Key(i64, String),
    Webhook(i64),
    EventType(String),
    DataKey(i64),
    /// A webhook's secrets were sealed anew: deliveries go on as they are.
    Resealed(i64),
}

const TARGET: &str = "SELECT w.seq, w.account_seq, w.id, a.id, w.url, w.events, w.status, w.releasing, \
     w.secret, w.previous_secret, w.previous_expires_at, \
     w.signing_key, w.previous_signing_key, w.previous_signing_expires_at, \
     w.sealed_headers, w.sealed_authorization, w.sealed_certificate \
     FROM webhook w JOIN account a ON a.seq = w.account_seq WHERE w.deleted_at IS NULL";

/// Locks the configuration for the rest of the transaction: first of all locks.
pub(crate) async fn lock(transaction: &Transaction<'_>) -> Result<()> {
    let sql = format!("{BOUNDED}; SELECT value FROM revision FOR UPDATE");
    Ok(transaction.batch_execute(&sql).await?)
}

/// Numbers changes; the transaction holds the lock.
pub(crate) async fn note(transaction: &Transaction<'_>, changes: &[Change]) -> Result<()> {
    let (mut kinds, mut seqs, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for change in changes {
        let (kind, row, name) = match change {
            Change::Account(row) => (0_i16, *row, ""),
            Change::Key(row, id) => (1, *row, id.as_str()),
            Change::Webhook(row) => (2, *row, ""),
            Change::EventType(name) => (3, 0, name.as_str()),
            Change::DataKey(number) => (4, *number, ""),
            Change::Resealed(row) => (5, *row, ""),
        };
        kinds.push(kind);
        seqs.push(row);
        names.push(name);
    }
    execute(
        &**transaction,
        "WITH r AS (UPDATE revision SET value = value + cardinality($1::smallint[]) RETURNING value) \
         INSERT INTO change (revision, kind, row, name) \
         SELECT r.value - cardinality($1::smallint[]) + u.n, u.kind, u.row, u.name \
         FROM r, unnest($1::smallint[], $2::bigint[], $3::text[]) WITH ORDINALITY AS u(kind, row, name, n)",
        params![kinds => INT2_ARRAY, seqs => INT8_ARRAY, names => TEXT_ARRAY],
    )
    .await?;
    transaction.batch_execute("NOTIFY waxwing").await?;
    Ok(())
}

/// Fills the directory from the tables.
pub(crate) async fn load(shared: &Shared) -> Result<()> {
    let mut seen = shared.seen.lock().await;
    let mut connection = shared.connection().await?;
    let snapshot = connection
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    if let Some(row) = first(&*snapshot, "SELECT value FROM revision", &[]).await? {
        *seen = get(&row, 0)?;
    }
    for row in query(&*snapshot, "SELECT id, seq FROM account WHERE deleted_at IS NULL", &[]).await? {
        shared.directory.put_account(rows::account_id(&row, 0)?, get(&row, 1)?);
    }
    for row in query(&*snapshot, accounts::KEY, &[]).await? {
        put_key(shared, &row)?;
    }
    for key in data_keys::all(&*snapshot).await? {
        shared.directory.put_data_key(key);
    }
    for row in query(&*snapshot, TARGET, &[]).await? {
        shared.directory.put_target(target(&row)?);
    }
    for row in query(&*snapshot, TYPES, &[]).await? {
        shared.directory.put_event_type(entry(&row)?);
    }
    Ok(())
}

const TYPES: &str = "SELECT type, description, example, schema FROM event_type";

/// Takes in every change that is committed.
pub(crate) async fn refresh(shared: &Shared) -> Result<()> {
    let mut seen = shared.seen.lock().await;
    let connection = shared.connection().await?;
    let changes = query(
        &**connection,
        "SELECT revision, kind, row, name FROM change WHERE revision > $1 ORDER BY revision",
        params![*seen => INT8],
    )
    .await?;
    for row in changes {
        let change = match get::<i16>(&row, 1)? {
            0 => Change::Account(get(&row, 2)?),
            1 => Change::Key(get(&row, 2)?, get(&row, 3)?),
            2 => Change::Webhook(get(&row, 2)?),
            3 => Change::EventType(get(&row, 3)?),
            4 => Change::DataKey(get(&row, 2)?),
            5 => Change::Resealed(get(&row, 2)?),
            other => return Err(Error::Unreadable(format!("change of kind {other}"))),
        };
        apply(shared, &**connection, &change).await?;
        *seen = get(&row, 0)?;
    }
    Ok(())
}

/// Brings one entry of the directory in line with its row.
async fn apply<C: GenericClient + Sync>(shared: &Shared, client: &C, change: &Change) -> Result<()> {
    let directory = &shared.directory;
    match change {
        Change::Account(seq) => {
            let sql = "SELECT id, deleted_at IS NULL FROM account WHERE seq = $1";
            if let Some(row) = first(client, sql, params![*seq => INT8]).await? {
                let id = rows::account_id(&row, 0)?;
                if get(&row, 1)? { directory.put_account(id, *seq) } else { directory.remove_account(&id) }
            }
        }
        Change::Key(seq, id) => {
            let sql = format!("{} WHERE k.seq = $1", accounts::KEY);
            let row = first(client, &sql, params![*seq => INT8]).await?;
            match row {
                Some(row) => put_key(shared, &row)?,
                None => directory.remove_key(&KeyId::parse(id).map_err(rows::unreadable)?),
            }
        }
        Change::Webhook(seq) | Change::Resealed(seq) => {
            match first(client, &format!("{TARGET} AND w.seq = $1"), params![*seq => INT8]).await? {
                Some(row) => directory.put_target(target(&row)?),
                None => directory.remove_target(*seq),
            }
            if matches!(change, Change::Webhook(_)) {
                shared.feed.changed(*seq);
            }
        }
        Change::EventType(name) => match event_type(client, name).await? {
            Some(entry) => directory.put_event_type(entry),
            None => directory.remove_event_type(&EventType::parse(name).map_err(rows::unreadable)?),
        },
        Change::DataKey(number) => match data_keys::one(client, *number).await? {
            Some(key) => directory.put_data_key(key),
            None => directory.remove_data_key(data_keys::number(*number)?),
        },
    }
    Ok(())
}

fn put_key(shared: &Shared, row: &Row) -> Result<()> {
    let hash = <[u8; 32]>::try_from(get::<&[u8]>(row, 8)?);
    let hash = hash.map_err(|_| Error::Unreadable("a key's hash has not 32 bytes".into()))?;
    shared.directory.put_key(hash, Principal::of(&accounts::key(row)?));
    Ok(())
}

/// An event type as it stands in the catalog.
pub(crate) async fn event_type<C: GenericClient + Sync>(
    client: &C,
    name: &str,
) -> Result<Option<CatalogEntry>> {
    let row = first(client, &format!("{TYPES} WHERE type = $1"), params![name => TEXT]).await?;
    row.as_ref().map(entry).transpose()
}

fn entry(row: &Row) -> Result<CatalogEntry> {
    Ok(CatalogEntry {
        event_type: rows::event_type(row, 0)?,
        description: get(row, 1)?,
        example: get(row, 2)?,
        schema: get(row, 3)?,
    })
}

fn target(row: &Row) -> Result<Target> {
    let previous: Option<Vec<u8>> = get(row, 9)?;
    Ok(Target {
        row: get(row, 0)?,
        account_row: get(row, 1)?,
        id: rows::webhook_id(row, 2)?,
        account: rows::account_id(row, 3)?,
        url: get(row, 4)?,
        events: rows::patterns(row, 5)?,
        status: rows::status(row, 6)?,
        releasing: get(row, 7)?,
        secret: Sealed::from_bytes(get(row, 8)?),
        previous: previous.map(Sealed::from_bytes).zip(rows::optional_time(row, 10)?),
        signing_keys: signing_keys(row, 11)?,
        credentials: rows::credentials(row, 14)?,
    })
}

/// Keeps the directory up to date for as long as the store lives.
pub(crate) async fn follow(shared: Arc<Shared>) {
    let (notify, mut notified) = tokio::sync::mpsc::channel(1);
    let listener = tokio::spawn(listen(Arc::clone(&shared), notify));
    let _listener = AbortOnDrop(listener);
    loop {
        // Whether a notification came or the time ran out: look.
        let _ = tokio::time::timeout(POLL, notified.recv()).await;
        let refreshed = shared.within(refresh(&shared)).await;
        shared.noticed(&refreshed);
        match refreshed {
            Ok(()) => shared.doubts.settle(&shared.feed),
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Listens on a connection of its own, as long and as often as one can be had.
async fn listen(shared: Arc<Shared>, notify: tokio::sync::mpsc::Sender<()>) {
    loop {
        if let Err(error) = listen_once(&shared, &notify).await {
            tracing::debug!(%error, "no notifications from the database; changes are looked for every second");
        }
        tokio::time::sleep(LISTEN_PAUSE).await;
    }
}

async fn listen_once(shared: &Shared, notify: &tokio::sync::mpsc::Sender<()>) -> Result<()> {
    let (client, mut connection) = shared.address.open().await?;
    let mut asked = std::pin::pin!(client.batch_execute("LISTEN waxwing"));
    let mut listening = false;
    loop {
        let message = std::future::poll_fn(|cx| {
            if !listening && asked.as_mut().poll(cx).is_ready() {
                listening = true;
            }
            connection.poll_message(cx)
        });
        match message.await {
            None => return Ok(()),
            Some(Err(error)) => return Err(error.into()),
            // One that waits already says all that there is to say.
            Some(Ok(AsyncMessage::Notification(_))) => drop(notify.try_send(())),
            Some(Ok(_)) => {}
        }
    }
}
