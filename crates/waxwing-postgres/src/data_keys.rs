//! Data keys: what seals the secrets.

use tokio_postgres::{GenericClient, Row};
use waxwing_core::seal::Sealed;
use waxwing_store::DataKey;

use crate::{
    changes::{self, Change},
    rows,
    sql::{Result, execute, first, get, params, query},
    store::Shared,
};

const COLUMNS: &str = "SELECT number, sealed, created_at FROM data_key";

fn data_key(row: &Row) -> Result<DataKey> {
    Ok(DataKey {
        number: u32::try_from(get::<i64>(row, 0)?).map_err(rows::unreadable)?,
        sealed: Sealed::from_bytes(get(row, 1)?),
        created_at: rows::time(row, 2)?,
    })
}

pub(crate) async fn all<C: GenericClient + Sync>(client: &C) -> Result<Vec<DataKey>> {
    query(client, COLUMNS, &[]).await?.iter().map(data_key).collect()
}

pub(crate) async fn one<C: GenericClient + Sync>(client: &C, number: i64) -> Result<Option<DataKey>> {
    let row = first(client, &format!("{COLUMNS} WHERE number = $1"), params![number => INT8]).await?;
    row.as_ref().map(data_key).transpose()
}

impl Shared {
    pub(crate) async fn create_data_key(&self, key: DataKey) -> Result<bool> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        changes::lock(&transaction).await?;
        let number = i64::from(key.number);
        let made = execute(
            &*transaction,
            "INSERT INTO data_key (number, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            params![number => INT8, key.sealed.as_bytes() => BYTEA, key.created_at.millis() => INT8],
        )
        .await?;
        if made == 1 {
            changes::note(&transaction, &[Change::DataKey(number)]).await?;
        }
        transaction.commit().await?;
        drop(connection);
        changes::refresh(self).await?;
        Ok(made == 1)
    }
}
